"""Chats that outlive their socket for a while, because their client asked for it.

A phone that changes its network loses its socket, not its interest. A chat started with
`"resumable": true` numbers its frames and keeps the last of them; when its socket is lost it runs
on for `chat.resume_grace` seconds, and a `resume` frame on a new socket of the same credential gets
what was missed and all that follows. After the grace it is cancelled like any other.

What is kept is bounded: of a chat its frames, never its request, and only some chats of the same
caller may wait without a socket.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable
from typing import Protocol

from ..access.principal import Principal, Scope
from ..access.proxies import Client
from ..dispatch.ask import Caller
from ..errors import BadRequest, NotFound
from ..handlers.deps import Deps, Resumables
from ..wire.socket import commands as protocol
from .chat_job import ChatJob

REPLAY_BYTES = 4 * 1024 * 1024
"""What is kept of one chat for a replay: more than any model says in one reply."""

WAITING_CHATS = 8
"""Chats of one caller that may wait without a socket, running or ended."""

WAITING_BYTES = 16 * 1024 * 1024
"""What may be kept of them together."""


class Wire(Protocol):
    """A socket, as a resumable chat sees it."""

    deps: Deps
    principal: Principal | None
    client: Client
    request_id: str

    def emit(self, frame: bytes) -> Awaitable[None] | None: ...

    def headers_up(self) -> list[tuple[str, str]]: ...

    def caller(self) -> Caller: ...

    def job_ended(self, id: str | None) -> None:
        """The chat of this id is over; the id may be used again."""


class ResumableChat:
    """One such chat: the outlet of its job, and the replay of its frames."""

    def __init__(self, wire: Wire, command: protocol.Chat, grace_s: float) -> None:
        self.stream = secrets.token_urlsafe(16)
        self.id = command.id
        self.deps = wire.deps
        self.principal = wire.principal
        self.ended = False
        self.kept_bytes = 0
        self._wire: Wire | None = wire
        self._up = wire.headers_up()
        self.client = wire.client
        self.request_id = wire.request_id
        self._grace_s = grace_s
        self._frames: deque[bytes] = deque()
        self._last = 0
        self._model: str | None = None
        self._grace: asyncio.TimerHandle | None = None
        job = ChatJob(self, command.id, command.body, start={"stream": self.stream})
        self._job: ChatJob | None = job
        self._task = asyncio.create_task(self._run(job))

    # -- job.Outlet --------------------------------------------------------------------

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        """Numbers and keeps the frame, and sends it where there is a socket."""
        self._last += 1
        numbered = b'%b,"seq":%d}' % (frame[:-1], self._last)
        self._frames.append(numbered)
        self.kept_bytes += len(numbered)
        while self.kept_bytes > REPLAY_BYTES:
            self.kept_bytes -= len(self._frames.popleft())
        return None if self._wire is None else self._wire.emit(numbered)

    def headers_up(self) -> list[tuple[str, str]]:
        return self._up

    def caller(self) -> Caller:
        return Caller(self.principal, self.client.address)

    # -- losing and finding sockets -----------------------------------------------------------

    @property
    def waits(self) -> bool:
        """It has no socket; somebody may come back for it."""
        return self._wire is None

    def detach(self, wire: Wire) -> None:
        """The socket is lost; unless another has taken over, the grace begins."""
        if self._wire is wire:
            self._wire = None
            self._start_grace()

    def attach(self, wire: Wire, after: int) -> None:
        """Sends the frames with a number above `after` to a new socket, then all that follow.
        Raises NotFound when it is not its own chat, or when too much was missed."""
        if not self._is_of(wire):
            raise NotFound(GONE)
        first = self._last - len(self._frames) + 1
        if after < first - 1:
            raise NotFound("More was missed than is kept for a replay; send the chat again.")
        if after > self._last:
            raise BadRequest("`after` is beyond what was sent.")
        old, self._wire = self._wire, wire
        if old is not None and old is not wire:
            old.job_ended(self.id)
        self._stop_grace()
        for number, frame in enumerate(self._frames, first):
            if number > after:
                wire.emit(frame)
        if self.ended:
            self._let_go()
            self._start_grace()

    def _is_of(self, wire: Wire) -> bool:
        """The same credential, whatever a reload has made of what it may do; and it may still
        use the model."""
        mine, asking = self.principal, wire.principal
        return (
            mine is not None
            and asking is not None
            and _are_one(mine, asking)
            and mine.fingerprint == asking.fingerprint
            and self._may_go_to(asking)
        )

    def _may_go_to(self, principal: Principal) -> bool:
        model = self._model if self._job is None else self._job.model
        return model is None or principal.may_use(model)

    # -- deps.Revocable -----------------------------------------------------------------------

    def revoke(self) -> None:
        """Where there is a socket, that one is revoked too, and cancels this."""
        if self._wire is None:
            self.stop()

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Runs on under the new settings, unless they would not have let it begin."""
        self.deps, self.principal = deps, principal
        if principal is None or not principal.may(Scope.GENERATE) or not self._may_go_to(principal):
            self.cancel()
            self.revoke()

    def drain(self, *, now: bool = False) -> None:
        self.revoke()

    def cancel(self) -> None:
        """Stops the chat; a client that is there is told."""
        if self._job is not None:
            self._job.cancel()

    def stop(self) -> None:
        """Stops the chat and forgets it."""
        self.cancel()
        self._over()

    # -- inside -------------------------------------------------------------------------------

    async def _run(self, job: ChatJob) -> None:
        await job.run()
        self._model = job.model
        self._job = None  # with it goes the request
        self.ended = True
        # The stream is told by the first frame; one that is an error instead does not tell it.
        if job.cancelled or self._last < 2:
            self._over()
            return
        # What it said may still be asked for: a socket that seems open may be lost already.
        self.deps.live.discard(self)
        self._let_go()
        self._start_grace()

    def _start_grace(self) -> None:
        self._stop_grace()
        self._grace = asyncio.get_running_loop().call_later(self._grace_s, self.stop)
        _make_room(self.deps.site.resumables, self.principal)

    def _stop_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _over(self) -> None:
        self._stop_grace()
        self.deps.live.discard(self)
        self.deps.site.resumables.pop(self.stream, None)
        self._let_go()

    def _let_go(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.job_ended(self.id)


GONE = "There is no such chat any more: it ended, or was stopped after its grace time."


def begin(wire: Wire, command: protocol.Chat, grace_s: float) -> ResumableChat:
    """Starts a resumable chat and makes it findable."""
    chat = ResumableChat(wire, command, grace_s)
    wire.deps.site.resumables[chat.stream] = chat
    wire.deps.live.add(chat)
    return chat


def find(resumables: Resumables, command: protocol.Resume) -> ResumableChat:
    """The chat of a resume frame; raises NotFound."""
    chat = resumables.get(command.stream)
    if not isinstance(chat, ResumableChat) or chat.id != command.id:
        raise NotFound(GONE)
    return chat


def _make_room(resumables: Resumables, owner: Principal | None) -> None:
    """Stops what one caller has waiting beyond the limits: first what has ended, then what still
    runs, the oldest first."""
    waiting = [
        chat
        for chat in resumables.values()
        if isinstance(chat, ResumableChat) and chat.waits and _are_one(chat.principal, owner)
    ]
    waiting.sort(key=lambda chat: not chat.ended)
    kept_bytes = sum(chat.kept_bytes for chat in waiting)
    for index, chat in enumerate(waiting):
        if len(waiting) - index <= WAITING_CHATS and kept_bytes <= WAITING_BYTES:
            break
        kept_bytes -= chat.kept_bytes
        chat.stop()


def _are_one(one: Principal | None, other: Principal | None) -> bool:
    return (
        one is not None and other is not None and (one.kind, one.name) == (other.kind, other.name)
    )
