"""Turns the exceptions of sockets and parsers on the way to Ollama into errors that clients may
see."""

from __future__ import annotations

import errno
import logging
import socket
import ssl

from ..errors import GatewayError, UpstreamUnavailable

log = logging.getLogger(__name__)


def unforeseen(error: BaseException) -> GatewayError:
    """Turns an unexpected exception into an error for the client, and logs the traceback. A
    `GatewayError` is returned as it is."""
    if isinstance(error, GatewayError):
        return error
    log.error("A request to Ollama failed in an unforeseen way", exc_info=error)
    failure = GatewayError("The gateway failed; its log says more.")
    failure.__cause__ = error
    return failure


def unreachable(error: OSError | UnicodeError) -> UpstreamUnavailable:
    """The error for a connection that failed. Its message is safe for clients; the system's own
    text stays in the cause, for the log."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        what = "its host name is not known"
    elif isinstance(error, ssl.SSLError):
        what = "TLS could not be agreed on"
    elif f"[Errno {errno.ECONNREFUSED}]" in str(error):  # also when asyncio joined several
        what = "it refuses connections; is it running?"
    else:
        what = "the network does not lead to it"
    unavailable = UpstreamUnavailable(f"Ollama cannot be reached: {what}")
    unavailable.__cause__ = error
    return unavailable
