"""Chats that outlive their socket for a while, because their client asked for it.

A phone that changes its network loses its socket, not its interest. A chat started with
`"resumable": true` numbers its frames and keeps the last of them; when its socket is lost it runs
on for `chat.resume_grace` seconds, and a `resume` frame on a new socket of the same credential gets
what was missed and all that follows. After the grace it is cancelled like any other.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import deque
from collections.abc import Awaitable
from typing import Protocol

from ..access.principal import Principal
from ..errors import BadRequest, NotFound
from ..wire import socket as protocol
from .chat_jobs import ChatJob
from .deps import Deps, Resumables

REPLAY_CHARS = 4 * 1024 * 1024
"""What is kept of one chat for a replay: more than any model says in one reply."""


class Wire(Protocol):
    """A socket, as a resumable chat sees it."""

    deps: Deps
    principal: Principal | None
    credential: str | None

    def emit(self, frame: str) -> Awaitable[None] | None: ...

    def headers_up(self) -> list[tuple[str, str]]: ...

    def job_ended(self, id: str | None) -> None:
        """The chat of this id is over; the id may be used again."""


class ResumableChat:
    """One such chat: the outlet of its job, and the replay of its frames."""

    def __init__(self, wire: Wire, command: protocol.Chat, grace_s: float) -> None:
        self.stream = secrets.token_urlsafe(16)
        self.id = command.id
        self.deps = wire.deps
        self.principal = wire.principal
        self.credential = wire.credential
        self._wire: Wire | None = wire
        self._up = wire.headers_up()
        self._grace_s = grace_s
        self._frames: deque[tuple[int, str]] = deque()
        self._kept = 0
        self._last = 0
        self._ended = False
        self._grace: asyncio.TimerHandle | None = None
        self.job = ChatJob(self, command.id, command.body, start={"stream": self.stream})
        self._task = asyncio.create_task(self._run())

    # -- socket_job.Outlet --------------------------------------------------------------------

    def emit(self, frame: str) -> Awaitable[None] | None:
        """Numbers and keeps the frame, and sends it where there is a socket."""
        self._last += 1
        numbered = f'{frame[:-1]},"seq":{self._last}}}'
        self._frames.append((self._last, numbered))
        self._kept += len(numbered)
        while self._kept > REPLAY_CHARS:
            self._kept -= len(self._frames.popleft()[1])
        return None if self._wire is None else self._wire.emit(numbered)

    def headers_up(self) -> list[tuple[str, str]]:
        return self._up

    # -- losing and finding sockets -----------------------------------------------------------

    def detach(self, wire: Wire) -> None:
        """The socket is lost; unless another has taken over, the grace begins."""
        if self._wire is wire:
            self._wire = None
            self._start_grace()

    def attach(self, wire: Wire, after: int) -> None:
        """Sends the frames with a number above `after` to a new socket, then all that follow.
        Raises NotFound when it is not its own chat, or when too much was missed."""
        if not _same(self.credential, wire.credential) or self.principal != wire.principal:
            raise NotFound(GONE)
        if after < (self._frames[0][0] if self._frames else 1) - 1:
            raise NotFound("More was missed than is kept for a replay; send the chat again.")
        if after > self._last:
            raise BadRequest("`after` is beyond what was sent.")
        old, self._wire = self._wire, wire
        if old is not None and old is not wire:
            old.job_ended(self.id)
        self._stop_grace()
        for number, frame in self._frames:
            if number > after:
                wire.emit(frame)
        if self._ended:
            self._start_grace()
            self._let_go()

    # -- deps.Revocable, while there is no socket ---------------------------------------------

    def revoke(self) -> None:
        if self._wire is None:
            self.cancel()
            self._over()

    def drain(self, *, now: bool = False) -> None:
        self.revoke()

    def cancel(self) -> None:
        self.job.cancel()

    # -- inside -------------------------------------------------------------------------------

    async def _run(self) -> None:
        await self.job.run()
        self._ended = True
        if self.job.cancelled:
            self._over()
            return
        # What it said may still be asked for: a socket that seems open may be lost already.
        self._start_grace()
        self.deps.live.discard(self)
        self._let_go()

    def _start_grace(self) -> None:
        self._stop_grace()
        self._grace = asyncio.get_running_loop().call_later(self._grace_s, self._give_up)

    def _stop_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _give_up(self) -> None:
        self.cancel()
        self._over()

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


def _same(one: str | None, other: str | None) -> bool:
    return hmac.compare_digest((one or "").encode("utf-8"), (other or "").encode("utf-8"))


