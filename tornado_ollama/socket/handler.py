"""`/ws`: who is there, which jobs run for them, and how it ends.

What is said is `wire/socket.py`'s and `wire/socket_frames.py`'s, the work is `job.py`'s.
`on_message` only starts or cancels jobs, because Tornado reads nothing from the socket, not even a
pong, while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from ..access.authorisation import refuse_need
from ..access.credentials import SUBPROTOCOL, extract, from_frame, from_subprotocols
from ..access.principal import Principal
from ..errors import BadRequest, Forbidden, GatewayError, Unauthorized
from ..handlers.auth_mixin import AuthMixin
from ..handlers.base import BaseHandler
from ..handlers.deps import Deps
from ..handlers.in_flight import NO_LONGER_VALID
from ..handlers.stream_write import write_now
from ..wire import socket as protocol
from ..wire import socket_frames as frames
from ..wire.rfc6455 import text_frame
from .chat_job import ChatJob, PlainJob
from .conversation import Conversation
from .jobs import SocketJobs
from .masked_protocol import MaskedProtocol
from .request_job import RequestJob

AUTH_S = 5.0
"""How long a socket without a credential may stay silent before it is closed."""

STRANGER_BYTES = 16 * 1024
"""Largest message of a socket without a credential: a token is no longer."""

REASON_BYTES = 100
"""Of an error's sentence in a close frame, which has room for 123 (RFC 6455, section 5.5)."""

GOING_AWAY, UNAUTHORIZED, FORBIDDEN = 1001, 4401, 4403


class ChatSocketHandler(AuthMixin, BaseHandler, WebSocketHandler):
    """One socket. Implements `jobs.Owner` and `request_job.Asker`."""

    _socket_stream: IOStream

    def begin(self) -> None:
        self._jobs = SocketJobs(self)
        self._conversation = Conversation()
        self._refusal: GatewayError | None = None
        self._auth_clock: asyncio.TimerHandle | None = None
        self._congested: asyncio.Future[None] | None = None
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

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        protocol = super().get_websocket_protocol()
        if not isinstance(protocol, WebSocketProtocol13):
            return protocol
        return MaskedProtocol(self, False, protocol.params)

    @property
    def max_message_size(self) -> int:
        """In bytes; Tornado asks at the handshake, `_let_in` tells it once more."""
        known = self.principal is not None and self._refusal is None
        full: int = super().max_message_size
        return full if known else min(full, STRANGER_BYTES)

    def open(self, *args: str, **kwargs: str) -> None:
        self._upgraded = True
        self.set_nodelay(True)
        assert self.ws_connection is not None and self.ws_connection.stream is not None
        self._socket_stream = self.ws_connection.stream
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif self.deps.live.draining:
            self.close(GOING_AWAY, "shutting down")
        elif self.principal is None:
            self._auth_clock = asyncio.get_running_loop().call_later(
                AUTH_S, self.close, UNAUTHORIZED, "send a token within 5 s"
            )

    @property
    def _is_open(self) -> bool:
        """Neither side has said goodbye. Tornado delivers what comes after our own goodbye."""
        return self.ws_connection is not None and not self.ws_connection.is_closing()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Obeys a frame. Where the answer finds the socket congested, no further frame is read
        until it has left: who asks without reading the answers must not fill the memory."""
        if not self._is_open:
            return None
        self._congested = None
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
                self._emit_error(error.id, error)
        return None if self._congested is None else _gone(self._congested)

    def on_close(self) -> None:
        if self._auth_clock is not None:
            self._auth_clock.cancel()
        self._jobs.leave()
        self._leave()

    # -- commands -----------------------------------------------------------------------------

    def _still_allowed(self, command: protocol.Command) -> bool:
        """Whether the command may be obeyed; a first frame may carry the credential instead."""
        if self.principal is None:
            if isinstance(command, protocol.Auth):
                self._let_in(command.token)
            else:
                self._refuse(Unauthorized("Authenticate first."))
            return False
        if self.principal.expires is not None and time.time() >= self.principal.expires:
            self._refuse(Unauthorized("The credential has expired."))
            return False
        return True

    def _let_in(self, token: str) -> None:
        try:
            self.identify(from_frame(token))
        except (Unauthorized, Forbidden) as error:
            self._refuse(error)
            return
        if self._auth_clock is not None:
            self._auth_clock.cancel()
        assert isinstance(self.ws_connection, WebSocketProtocol13)
        self.ws_connection.params.max_message_size = self.max_message_size

    def _obey(self, command: protocol.Command) -> None:
        match command:
            case protocol.Ping():
                self.emit(frames.frame("pong"))
            case protocol.Cancel(id):
                self._jobs.cancel(id)
            case protocol.Auth():
                pass  # let in already, by a header or because everybody is
            case protocol.PlainText(text):
                self._jobs.start(PlainJob(self, text, self._end_plain))
            case protocol.Turn(text, model):
                self._jobs.start(self._turn(text, model))
            case protocol.Chat(resumable=True):
                self._jobs.start_resumable(command)
            case protocol.Chat(id, body):
                self._jobs.start(ChatJob(self, id, body, start={}))
            case protocol.Resume():
                self._jobs.resume(command)
            case protocol.Request():
                self._jobs.start(RequestJob(self, command))

    def _turn(self, text: str, model: str | None) -> ChatJob:
        """A turn of the connection's own conversation; it remembers the ones that ended well."""

        def remember(reply: str) -> None:
            self._conversation.remember(text, reply)

        body: dict[str, object] = {"messages": self._conversation.asking(text)}
        if model is not None:
            body["model"] = model
        return ChatJob(self, None, body, reply=remember)

    # -- Outlet -------------------------------------------------------------------------------

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        if not self._is_open:
            return None
        self.sent += len(frame)
        self._congested = write_now(self._socket_stream, text_frame(frame))
        return self._congested

    def _emit_error(self, id: str | None, error: GatewayError) -> None:
        self.emit(frames.error_frame(id, error))

    # -- ends ---------------------------------------------------------------------------------

    def job_ended(self, id: str | None) -> None:
        self._jobs.resumable_ended(id)

    def went_idle(self) -> None:
        if self.deps.live.draining:
            self.close(GOING_AWAY, "shutting down")

    def _end_plain(self) -> None:
        self.close(1000)

    def _refuse(self, error: GatewayError) -> None:
        self._jobs.cancel_all()
        self.outcome = error.code or "refused"
        code = FORBIDDEN if isinstance(error, Forbidden) else UNAUTHORIZED
        self.close(code, error.message.encode()[:REASON_BYTES].decode(errors="ignore"))

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Nothing can be said after it, so nothing goes on; but for what may be resumed."""
        self._jobs.cancel_bound()
        super().close(code, reason)

    def revoke(self) -> None:
        if self._upgraded:
            self._refuse(Unauthorized(NO_LONGER_VALID))
        else:
            super().revoke()

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Whatever is asked from now on is judged by the new settings; None: nobody has come in
        yet, and the token is still to be sent."""
        self.deps, self.principal = deps, principal
        if principal is None:
            return
        try:
            refuse_need(self.route, self.url_path, principal)
        except Forbidden as error:
            if self._upgraded:
                self._refuse(error)
            else:
                super().revoke()

    def drain(self, *, now: bool = False) -> None:
        if not self._upgraded:
            super().drain(now=now)
        elif now or not self._jobs:
            self._jobs.cancel_all()
            self.close(GOING_AWAY, "shutting down")

    def on_finish(self) -> None:
        if self.get_status() != 101:  # the handshake's end is the socket's beginning
            super().on_finish()


async def _gone(written: asyncio.Future[None]) -> None:
    with contextlib.suppress(StreamClosedError):
        await written
