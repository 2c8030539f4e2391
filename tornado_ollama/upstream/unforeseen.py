"""The last resort of the way to Ollama: a fault of the program becomes an error of one request."""

from __future__ import annotations

import logging

from ..errors import GatewayError

log = logging.getLogger(__name__)


def unforeseen(error: BaseException) -> GatewayError:
    """The error that a client gets for an exception that nobody expected; logs the traceback."""
    log.error("A request to Ollama failed in an unforeseen way", exc_info=error)
    failure = GatewayError("The gateway failed; its log says more.")
    failure.__cause__ = error
    return failure
