"""The facts that the checks judge. Times are Unix seconds, paths are texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..access.principal import Scope
from ..config import Settings


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """Ollama, asked directly."""

    url: str
    is_here: bool
    """It is on this machine."""
    failure: str | None = None
    """Why it could not be asked, as a sentence."""
    version: str | None = None
    """None: it did not answer, or not as Ollama does."""
    clock_ahead_s: float | None = None
    """Its clock against this machine's; None: it sent no `Date`."""
    tried: tuple[str, ...] = ()
    """Addresses of this machine, other than loopback, at which its port was tried."""
    answered: tuple[str, ...] = ()
    """Those of them at which Ollama answered."""
    accepted: tuple[str, ...] = ()
    """Those at which something accepted the connection, but did not answer as Ollama."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token of the configuration or of the token store, without its text."""

    name: str
    scopes: frozenset[Scope]
    expires: float | None
    in_path: bool
    stored: bool
    """It is in the token store, and so was made by `token create`."""
    in_config: bool = False
    """Its text stands in the configuration."""
    bits: float | None = None
    """At most so many bits of randomness; None where only its SHA-256 is known."""
    since: float | None = None
    """When it was made, or its file written; None where nobody knows."""


FileKind = Literal["configuration", "secrets", "state"]


@dataclass(frozen=True, slots=True)
class FileFacts:
    path: str
    kind: FileKind
    """`secrets` also for a configuration that has some; `state`: the directory of that name."""
    mode: int
    """The permission bits."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    where: str
    """A file, or the URL that presented it."""
    expires: float | None = None
    failure: str | None = None
    """Why it is not trusted, or cannot be read."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One streamed reply of `/health/stream`, as it came through the public URL."""

    status: int
    server: str | None = None
    """The headers `Server` and `Via`."""
    pieces: int = 0
    """Pieces that the gateway has sent, by what they say themselves."""
    sent_over_s: float = 0.0
    """From the first piece to the last, as the gateway says."""
    came_over_s: float = 0.0
    """The same, as they came."""
    compressed: str | None = None
    """The reply's `Content-Encoding`."""


@dataclass(frozen=True, slots=True)
class PublicFacts:
    """What clients get who use the public URL, without a credential."""

    url: str
    is_loopback: bool
    """By its host name: what was tried is this machine's view, not that of clients elsewhere."""
    stream: StreamFacts | None = None
    failure: str | None = None
    """Why there was no reply, as a sentence."""
    socket_failure: str | None = None
    """What happened to the WebSocket; None: frames went both ways."""
    open_paths: tuple[str, ...] = ()
    """Paths that need a credential and were answered without one."""


@dataclass(frozen=True, slots=True)
class Facts:
    moment: float
    """When they were gathered."""
    settings: Settings
    unwise: tuple[str, ...]
    """The sentences that a start of the gateway would log about these settings."""
    backend: BackendFacts
    tokens: tuple[TokenFacts, ...] = ()
    files: tuple[FileFacts, ...] = ()
    certificates: tuple[CertificateFacts, ...] = ()
    public: PublicFacts | None = None
    """None where no public URL was given."""
