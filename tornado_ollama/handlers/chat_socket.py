"""`/ws`: who is there, which jobs run for them, and how it ends.

The frames are `wire/socket.py`'s, the work is `socket_job.py`'s. `on_message` only starts or
cancels jobs, because Tornado reads nothing from the socket, not even a pong, while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..access.credentials import SUBPROTOCOL, extract, from_subprotocols
from ..errors import BadRequest, Forbidden, GatewayError, Unauthorized
from ..wire import socket as protocol
from . import resumable
from .auth_mixin import AuthMixin
from .chat_jobs import ChatJob, PlainJob
from .request_job import RequestJob
from .socket_job import Job

AUTH_S = 5.0
"""How long a socket without a credential may stay silent before it is closed."""

MAX_JOBS = 32
"""Chats and requests under way on one socket; more are refused, not queued."""

CONVERSATION_CHARS = 1_000_000
"""What a `{"text"}` conversation remembers; the oldest turns are forgotten first."""

GOING_AWAY, UNAUTHORIZED, FORBIDDEN = 1001, 4401, 4403


class ChatSocketHandler(AuthMixin, WebSocketHandler):
    """One socket. Implements `socket_job.Outlet`."""

    _socket_stream: IOStream

    def begin(self) -> None:
        self._jobs: dict[str | None, Job] = {}
        self._resumables: dict[str | None, resumable.ResumableChat] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._conversation: list[dict[str, str]] = []
        self._refusal: GatewayError | None = None
        self._auth_clock: asyncio.TimerHandle | None = None
        self._plain = False
        self._upgraded = False

    def authenticate(self) -> None:
        """Headers, then subprotocol, then the first frame: the first that there is, decides.

        A browser is not told the status of a refused handshake, so a token from the subprotocol
        is refused after it, by a close code.
        """
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest("This is a WebSocket; connect with ws:// or wss://.")
        credential = extract(self.request.headers)
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", "")
        offered = from_subprotocols(protocols.split(","))
        if credential is not None or offered is None:
            try:
                self.identify(credential)
            except Unauthorized:
                if credential is not None:
                    raise
            return
        try:
            self.identify(offered)
        except (Unauthorized, Forbidden) as error:
            self._refusal = error

    async def respond(self) -> None:
        await WebSocketHandler.get(self)

    # -- WebSocketHandler ---------------------------------------------------------------------

    def check_origin(self, origin: str) -> bool:
        return True  # `admit` has looked, also where Tornado would not ask

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        self._upgraded = True
        self.set_nodelay(True)
        assert self.ws_connection is not None and self.ws_connection.stream is not None
        self._socket_stream = self.ws_connection.stream
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif self.principal is None:
            self._auth_clock = asyncio.get_running_loop().call_later(
                AUTH_S, self.close, UNAUTHORIZED, "send a token within 5 s"
            )

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Obeys a frame. Where the answer finds the socket congested, no further frame is read
        until it has left: who asks without reading the answers must not fill the memory."""
        self._congested: asyncio.Future[None] | None = None
        try:
            if isinstance(message, bytes):
                raise protocol.BadFrame("Send text frames, not binary ones.", None)
            command = protocol.read_frame(message)
            if self._still_allowed(command):
                self._obey(command)
        except protocol.BadFrame as error:
            if self.principal is None:
                self._refuse(Unauthorized(error.message))
            else:
                self.emit(protocol.error_frame(error.id, error.status, error.message))
        return None if self._congested is None else _gone(self._congested)

    def on_close(self) -> None:
        if self._auth_clock is not None:
            self._auth_clock.cancel()
        for job in self._jobs.values():
            job.cancel()
        for chat in tuple(self._resumables.values()):
            chat.detach(self)
        self._leave()

    # -- commands -----------------------------------------------------------------------------

    def _still_allowed(self, command: protocol.Command) -> bool:
        """Whether the command may be obeyed; a first frame may carry the credential instead."""
        if self.principal is None:
            if not isinstance(command, protocol.Auth):
                self._refuse(Unauthorized("Authenticate first."))
                return False
            try:
                self.identify(command.token)
            except (Unauthorized, Forbidden) as error:
                self._refuse(error)
                return False
            if self._auth_clock is not None:
                self._auth_clock.cancel()
            return False
        if self.principal.expires is not None and time.time() >= self.principal.expires:
            self._refuse(Unauthorized("The credential has expired."))
            return False
        return True

    def _obey(self, command: protocol.Command) -> None:
        match command:
            case protocol.Ping():
                self.emit(protocol.frame("pong"))
            case protocol.Cancel(id):
                self._cancel(id)
            case protocol.Auth():
                pass  # let in already, by a header or because everybody is
            case protocol.PlainText(text):
                self._plain = True
                self._start(PlainJob(self, text, self._end_plain))
            case protocol.Turn(text, model):
                self._start(self._turn(text, model))
            case protocol.Chat(resumable=True):
                if self._has_room(command.id):
                    grace_s = self.deps.resume_grace_s
                    self._resumables[command.id] = resumable.begin(self, command, grace_s)
            case protocol.Chat(id, body):
                self._start(ChatJob(self, id, body, start={}))
            case protocol.Resume():
                self._resume(command)
            case protocol.Request():
                self._start(RequestJob(self, command))

    def _has_room(self, id: str | None) -> bool:
        """Whether another job may begin; says why not, where it may not."""
        if id in self._jobs or id in self._resumables:
            what = "This id" if id is not None else "The conversation's turn"
            raise protocol.BadFrame(f"{what} is still under way; wait, or cancel it.", id)
        if len(self._jobs) + len(self._resumables) < MAX_JOBS:
            return True
        self.emit(protocol.error_frame(id, 429, f"{MAX_JOBS} requests are under way here."))
        return False

    def _resume(self, command: protocol.Resume) -> None:
        if not self._has_room(command.id):
            return
        try:
            chat = resumable.find(self.deps.site.resumables, command)
            self._resumables[command.id] = chat
            chat.attach(self, command.after)
        except GatewayError as error:
            self._resumables.pop(command.id, None)
            self.emit(protocol.error_frame(command.id, error.status, error.message))

    def _start(self, job: Job) -> None:
        if not self._has_room(job.id):
            return
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: Job) -> None:
        try:
            await job.run()
        finally:
            del self._jobs[job.id]
            self._close_if_draining()

    def job_ended(self, id: str | None) -> None:
        self._resumables.pop(id, None)
        self._close_if_draining()

    def _close_if_draining(self) -> None:
        if self.deps.live.draining and not self._jobs and not self._resumables:
            self.close(GOING_AWAY, "shutting down")

    def _cancel(self, id: str | None) -> None:
        job = self._jobs.get(id) or self._resumables.get(id)
        if job is None:
            raise protocol.BadFrame("There is nothing of this id to cancel.", id)
        job.cancel()

    def _turn(self, text: str, model: str | None) -> ChatJob:
        """A turn of the connection's own conversation; it remembers the ones that ended well."""
        asked = {"role": "user", "content": text}

        def remember(reply: str) -> None:
            self._conversation += [asked, {"role": "assistant", "content": reply}]
            while sum(len(m["content"]) for m in self._conversation) > CONVERSATION_CHARS:
                del self._conversation[:2]

        body: dict[str, object] = {"messages": [*self._conversation, asked]}
        if model is not None:
            body["model"] = model
        return ChatJob(self, None, body, reply=remember)

    # -- Outlet -------------------------------------------------------------------------------

    def emit(self, frame: str) -> Awaitable[None] | None:
        try:
            written = self.write_message(frame)
        except WebSocketClosedError:
            return None
        written.add_done_callback(_retrieve)
        self.sent += len(frame)
        self._congested = written if self._socket_stream.writing() else None
        return self._congested

    # -- ends ---------------------------------------------------------------------------------

    def _end_plain(self) -> None:
        self.close(1000)

    def _refuse(self, error: GatewayError) -> None:
        self.outcome = error.code or "refused"
        self.close(FORBIDDEN if isinstance(error, Forbidden) else UNAUTHORIZED, error.message[:100])

    def revoke(self) -> None:
        if self._upgraded:
            self._cancel_all()
            self._refuse(Unauthorized("The credential is no longer valid."))
        else:
            super().revoke()

    def drain(self, *, now: bool = False) -> None:
        if not self._upgraded:
            super().drain(now=now)
        elif now or not (self._jobs or self._resumables):
            self._cancel_all()
            self.close(GOING_AWAY, "shutting down")

    def _cancel_all(self) -> None:
        for job in tuple(self._jobs.values()):
            job.cancel()
        for chat in tuple(self._resumables.values()):
            chat.cancel()

    def on_finish(self) -> None:
        if self.get_status() != 101:  # the handshake's end is the socket's beginning
            super().on_finish()


async def _gone(written: asyncio.Future[None]) -> None:
    with contextlib.suppress(WebSocketClosedError):
        await written


def _retrieve(written: asyncio.Future[None]) -> None:
    """A client that left is noticed by `on_close`; its unwritten frames are nobody's error."""
    if not written.cancelled():
        error = written.exception()
        if error is not None and not isinstance(error, (WebSocketClosedError, StreamClosedError)):
            raise error
