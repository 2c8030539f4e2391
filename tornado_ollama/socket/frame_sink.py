"""The destination of a job's frames, and the client and principal it works for."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from ..access.principal import Principal
from ..access.proxies import Client
from ..dispatch.ask import Caller
from ..handlers.deps import Deps
from ..wire.parties import NOBODY, Party


@dataclass(frozen=True, slots=True)
class Asker:
    """The client of a socket, as it is reported to Ollama (headers) and to the journal."""

    client: Client
    request_id: str
    """Of the handshake."""
    headers: tuple[tuple[str, str], ...]
    """Of every request to Ollama that is made for it."""
    party: Party = NOBODY
    """Of the handshake."""


class FrameSink(Protocol):
    """Receives the frames of a job. It is a socket, or a chat that outlives its socket."""

    deps: Deps
    """A reload changes them, and the principal."""
    principal: Principal | None
    asker: Asker

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        """Sends a frame. Returns an awaitable where the client is slow: wait for it before the next
        frame."""


def caller_of(sink: FrameSink) -> Caller:
    """The caller of what is requested on a socket, for the dispatcher and the journal."""
    quota = sink.deps.access.limits.of(sink.principal)
    return Caller(sink.principal, sink.asker.client.address, quota)
