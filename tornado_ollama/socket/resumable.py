"""Chats that run on for a while when their socket is lost, if their client asked for it.

A phone that changes its network loses its socket. A chat started with `"resumable": true` numbers
its frames and keeps the last of them; when its socket is lost it runs on for `chat.resume_grace`
seconds. A `resume` frame on a new socket with the same credential gets the missed frames and all
that follow. After that time the chat is cancelled. What is kept is bounded: of a chat its frames,
never its request, and only some chats of the same caller may be without a socket.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..access.principal import Principal, Scope
from ..dispatch.journal import CANCELLED, CLIENT_LEFT, REVOKED, SHUT_DOWN
from ..errors import NotFound
from ..handlers.deps import Deps, Resumables
from ..wire.socket import commands as protocol
from .chat_job import ChatJob
from .frame_sink import FrameSink
from .replay import Replay

WAITING_CHATS = 8
"""Chats of one caller that may wait without a socket, running or ended."""

WAITING_BYTES = 16 * 1024 * 1024
"""What may be kept of them together."""


class Socket(FrameSink, Protocol):
    """The socket to which a resumable chat sends its frames."""

    def job_ended(self, id: str | None) -> None:
        """Called when the chat of this id has ended; a new job may use the id."""


class Grace:
    """The timer of a chat without a socket: how long it may still run."""

    def __init__(self, seconds: float, over: Callable[[], None]) -> None:
        self._seconds = seconds
        self._over = over
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Starts the timer, or starts it again from the full time."""
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._over)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ResumableChat:
    """A chat that runs on when its socket is lost. Receives its job's frames as a `FrameSink`;
    implements `deps.Revocable`."""

    upgraded = False

    def __init__(self, socket: Socket, command: protocol.Chat, grace_s: float) -> None:
        self.stream = secrets.token_urlsafe(16)
        self.id = command.id
        self.deps = socket.deps
        self.principal = socket.principal
        self.ended = False
        self.replay = Replay()
        self._socket: Socket | None = socket
        self.asker = socket.asker
        self._model: str | None = None
        self._grace = Grace(grace_s, self.stop)
        start = {"stream": self.stream, "ignored": command.ignored or None}
        job = ChatJob(self, command.id, command.plan, start=start)
        self._job: ChatJob | None = job
        self._task = asyncio.create_task(self._run(job))

    # -- FrameSink ----------------------------------------------------------------------------

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        """Numbers and keeps the frame, and sends it where a socket is attached."""
        numbered = self.replay.keep(frame)
        return None if self._socket is None else self._socket.emit(numbered)

    # -- losing and finding sockets -----------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether the chat has no socket at present."""
        return self._socket is None

    def detach(self, socket: Socket) -> None:
        """Called when this socket is lost: the chat goes on without one for the grace period,
        unless another socket has attached already."""
        if self._socket is socket:
            self._socket = None
            self._start_grace()

    def attach(self, socket: Socket, after: int) -> None:
        """Attaches a new socket: sends it the frames with a number above `after`, then all that
        follow. Raises NotFound for a chat of another credential, or where a missed frame is no
        longer kept."""
        # The same credential, whatever a reload has made of what it may do.
        if not _are_same(self.principal, socket.principal) or not self._may_go_to(socket.principal):
            raise NotFound(GONE)
        missed = self.replay.after(after)
        old, self._socket = self._socket, socket
        if old is not None and old is not socket:
            old.job_ended(self.id)
        self._grace.stop()
        for frame in missed:
            socket.emit(frame)
        if self.ended:
            self._let_go()
            self._start_grace()

    def _may_go_to(self, principal: Principal | None) -> bool:
        model = self._model if self._job is None else self._job.model
        return model is None or (principal is not None and principal.may_use(model))

    # -- deps.Revocable -----------------------------------------------------------------------

    def revoke(self) -> None:
        """Stops a chat that has no socket attached, because its credential is no longer valid. A
        chat with a socket is left alone here: the socket is revoked by a separate call, which
        cancels the chat."""
        if self._socket is None:
            self.stop(REVOKED)

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Runs on under the new settings, or is stopped where they would not allow the chat."""
        self.deps, self.principal = deps, principal
        if principal is None or not principal.may(Scope.GENERATE) or not self._may_go_to(principal):
            self.cancel(REVOKED)
            self.revoke()

    def drain(self, *, now: bool = False) -> None:
        if self._socket is None:
            self.stop(SHUT_DOWN)

    def cancel(self, why: str = CANCELLED) -> None:
        """Cancels the chat and tells the client, if one is connected. `why` as in `Job.cancel`."""
        if self._job is not None:
            self._job.cancel(why)

    def stop(self, why: str = CLIENT_LEFT) -> None:
        """Cancels the chat and drops its frames."""
        self.cancel(why)
        self._over()

    # -- inside -------------------------------------------------------------------------------

    async def _run(self, job: ChatJob) -> None:
        await job.run()
        self._model = job.model
        self._job = None  # with it goes the request
        self.ended = True
        # The stream is told by the first frame; one that is an error instead does not tell it.
        if job.cancelled or self.replay.last < 2:
            self._over()
            return
        # What it said may still be asked for: a socket that seems open may be lost already.
        self.deps.in_flight.discard(self)
        self._let_go()
        self._start_grace()

    def _start_grace(self) -> None:
        self._grace.begin()
        _make_room(self.deps.process.resumables, self.principal)

    def _over(self) -> None:
        self._grace.stop()
        self.deps.in_flight.discard(self)
        self.deps.process.resumables.pop(self.stream, None)
        self._let_go()

    def _let_go(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.job_ended(self.id)


GONE = "There is no such chat any more: it ended, or was stopped after its grace time."


def begin(socket: Socket, command: protocol.Chat, grace_s: float) -> ResumableChat:
    """Starts a resumable chat and registers it under its id."""
    chat = ResumableChat(socket, command, grace_s)
    socket.deps.process.resumables[chat.stream] = chat
    socket.deps.in_flight.add(chat)
    return chat


def find(resumables: Resumables, command: protocol.Resume) -> ResumableChat:
    """The chat that a `resume` frame names. Raises NotFound."""
    chat = resumables.get(command.stream)
    if not isinstance(chat, ResumableChat) or chat.id != command.id:
        raise NotFound(GONE)
    return chat


def _make_room(resumables: Resumables, owner: Principal | None) -> None:
    """Stops the chats of one caller that exceed the limits for chats without a socket: ended ones
    first, then the oldest running ones."""
    waiting = [
        chat
        for chat in resumables.values()
        if isinstance(chat, ResumableChat) and chat.waits and _are_one(chat.principal, owner)
    ]
    waiting.sort(key=lambda chat: not chat.ended)
    kept_bytes = sum(chat.replay.kept_bytes for chat in waiting)
    for index, chat in enumerate(waiting):
        if len(waiting) - index <= WAITING_CHATS and kept_bytes <= WAITING_BYTES:
            break
        kept_bytes -= chat.replay.kept_bytes
        chat.stop()


def _are_one(one: Principal | None, other: Principal | None) -> bool:
    return (
        one is not None and other is not None and (one.kind, one.name) == (other.kind, other.name)
    )


def _are_same(one: Principal | None, other: Principal | None) -> bool:
    """Whether both stand for the same caller, with the same credential."""
    if one is None or other is None:
        return False
    return _are_one(one, other) and one.fingerprint == other.fingerprint
