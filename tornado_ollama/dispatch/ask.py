"""The arguments of the dispatcher: who sends the request, the request itself, and where the reply
goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import force_setattr

from ..access.addresses import network_of
from ..access.principal import Principal
from ..access.quota import UNLIMITED, Quota
from ..upstream.request import BodyProducer, ResponseHead
from .usage import Usage

ANONYMOUS = "anonymous"
"""The account, and the name, of those without a credential."""


class Caller(msgspec.Struct, frozen=True):
    """The sender of a request, by which it is limited, queued and accounted for."""

    principal: Principal | None
    address: str
    """Of the client, as far as proxies are trusted to name it."""
    quota: Quota = UNLIMITED
    """Its limits, as `access.limits` puts them together."""
    key: str = ""
    """Identifies the caller: by the credential where there is one, otherwise by the address, of
    which an IPv6 one counts by its network."""
    account: str = ""
    """What is charged for it: the credential, or the one account of all without."""

    def __post_init__(self) -> None:
        principal = self.principal
        if principal is None or principal.kind == "anonymous":
            force_setattr(self, "key", f"address {network_of(self.address)}")
            force_setattr(self, "account", ANONYMOUS)
        else:
            key = principal.key
            force_setattr(self, "key", key)
            force_setattr(self, "account", key)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to Ollama without the server's address, which is added when it is sent."""

    method: str
    path: str
    """Canonical, as Ollama knows it."""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Callable[[], bytes] | None = None
    """A function makes it when the request is sent."""
    producer: BodyProducer | None = None
    """Makes the body piece by piece, where it is not held whole."""
    model: str | None = None
    """The model that is asked, as Ollama knows it; None where none is named."""
    runs_long: bool = False
    """It may be silent for as long as it likes: no `service.timeout`."""
    whole_reply: bool = False
    """As in `UpstreamRequest`."""
    replayable: bool | None = None
    """As in `UpstreamRequest`."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Receives the progress and the reply of a request. All calls are made on the event loop; an
    exception in one ends the request with an error."""

    on_head: Callable[[ResponseHead], None] | None = None
    on_data: Callable[[bytes], Awaitable[None] | None] | None = None
    """None: the body is collected into the response. An awaitable: reading rests until it is
    done."""
    on_position: Callable[[int], None] | None = None
    """The position in the queue whenever it changes, 1 being the next, 0 when the slot has come;
    not called where there is no need to wait."""
    on_bounded: Callable[[tuple[str, ...]], None] | None = None
    """The fields of the request that were changed to keep within `models.limits`; called before the
    head, where there are any."""
    on_usage: Callable[[Usage], None] | None = None
    """What a request that computes has cost; once, however it ended. Where the reply says so
    itself, it is called before the bytes that end the reply are passed on."""
