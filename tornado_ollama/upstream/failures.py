"""What a failure on the way to Ollama is called: its exceptions become errors for clients."""

from __future__ import annotations

import errno
import logging
import socket
import ssl

from ..errors import GatewayError, UpstreamUnavailable

log = logging.getLogger(__name__)


def unforeseen(error: BaseException) -> GatewayError:
    """The error that a client gets for an exception that nobody expected; logs the traceback. One
    that has a name already is returned as it is."""
    if isinstance(error, GatewayError):
        return error
    log.error("A request to Ollama failed in an unforeseen way", exc_info=error)
    failure = GatewayError("The gateway failed; its log says more.")
    failure.__cause__ = error
    return failure


def unreachable(error: OSError | UnicodeError) -> UpstreamUnavailable:
    """The sentence a client may see; the system's own words stay in the cause, for the log."""
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
