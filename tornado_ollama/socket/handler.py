"""The handler of `/ws`: authenticates the client, keeps its jobs, and closes the socket.

`wire/socket/` reads and makes the frames, `commands.py` starts and cancels jobs, and `job.py` runs
them.
"""

from __future__ import annotations

import asyncio
import time

from ..access.credentials import Credentials, from_frame, from_subprotocols
from ..access.principal import Principal
from ..dispatch.journal import CLIENT_LEFT, REVOKED, SHUT_DOWN
from ..errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    TooManySockets,
    TooManyWrongTokens,
    Unauthorized,
)
from ..handlers.auth_mixin import AuthMixin
from ..handlers.deps import Deps
from ..handlers.in_flight import NO_LONGER_VALID
from ..wire.parties import party_of
from ..wire.socket import commands as protocol
from ..wire.socket import frames
from .allowance import SocketAllowance, always_allowed
from .commands import Commands
from .frame_sink import Asker
from .jobs import SocketJobs
from .transport import SocketTransport

AUTH_S = 5.0
"""How long a socket without a credential may stay silent before it is closed."""

REASON_BYTES = 100
"""Of an error's sentence in a close frame, which has room for 123 (RFC 6455, section 5.5)."""

GOING_AWAY, UNAUTHORIZED, FORBIDDEN, TOO_MANY = 1001, 4401, 4403, 4429

CLOSE_CODES: dict[type[GatewayError], int] = {
    Forbidden: FORBIDDEN,
    TooManySockets: TOO_MANY,
    TooManyWrongTokens: TOO_MANY,
}
"""UNAUTHORIZED for all others."""


class ChatSocketHandler(AuthMixin, SocketTransport):
    """One socket. Implements `jobs.Owner`."""

    def begin(self) -> None:
        self._jobs = SocketJobs(self)
        self._commands = Commands(self, self._jobs, self._end_plain)
        self._refusal: GatewayError | None = None
        self.asker = Asker(
            self.client,
            self.request_id,
            tuple(self.headers_up()),
            party_of(self.request.headers),
        )
        self._auth_timer: asyncio.TimerHandle | None = None
        self._allowance = SocketAllowance(self.deps.process.presence)

    def credentials(self) -> Credentials:
        """The credentials in the headers and the token in `Sec-WebSocket-Protocol`."""
        return super().credentials() + self._offered()

    def _offered(self) -> Credentials:
        protocols = self.request.headers.get("Sec-WebSocket-Protocol", "")
        return from_subprotocols(protocols.split(","))

    def authenticate(self) -> None:
        """Authenticates by headers and subprotocol; where neither has a credential, the first frame
        must bring one. Raises Unauthorized, Forbidden, BadRequest and TooManySockets.

        Browsers hide the status of a refused handshake from the page. So a wrong token in the
        subprotocol is refused after the handshake, by a close code.
        """
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest("This is a WebSocket; connect with ws:// or wss://.")
        credentials = self.credentials()
        try:
            self.identify(credentials)
        except (Unauthorized, Forbidden, TooManyWrongTokens) as error:
            if self._offered():
                self._refusal = error
            elif not isinstance(error, Unauthorized) or not all(
                c.is_placeholder for c in credentials
            ):
                raise
            return
        try:
            self._allowance.check_room(self.caller())
        except TooManySockets as error:
            if not self._offered():
                raise
            self._refusal = error

    # -- SocketTransport ----------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        return self.principal is not None and self._refusal is None

    def opened(self) -> None:
        if self._refusal is not None:
            self._refuse(self._refusal)
        elif self.deps.in_flight.draining:
            self.close(GOING_AWAY, "shutting down")
        elif self.principal is None:
            self._auth_timer = asyncio.get_running_loop().call_later(
                AUTH_S, self.close, UNAUTHORIZED, "send a token within 5 s"
            )
        else:
            self._arrive()

    def on_frame(self, message: str | bytes) -> None:
        try:
            if isinstance(message, bytes):
                raise protocol.BadFrame("Send text frames, not binary ones.", None)
            refusal = self._allowance.count_message(self.caller())
            command = protocol.read_frame(message)
            if not self._still_allowed(command):
                return
            if refusal is None or always_allowed(command):
                self._commands.obey(command)
            else:
                self._commands.refuse(command, refusal)
        except protocol.BadFrame as error:
            if self.principal is None:
                self._refuse(Unauthorized(error.message))
            else:
                self.emit(frames.error_frame(error.id, error))

    def on_close(self) -> None:
        if self._auth_timer is not None:
            self._auth_timer.cancel()
        self._jobs.leave()
        self._allowance.leave()
        self._leave()

    # -- who is there -------------------------------------------------------------------------

    def _still_allowed(self, command: protocol.Command) -> bool:
        """Whether the command may be carried out; a first frame may bring the credential
        instead."""
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
        except (Unauthorized, Forbidden, TooManyWrongTokens) as error:
            self._refuse(error)
            return
        if self._auth_timer is not None:
            self._auth_timer.cancel()
        self.heed_size()
        self._arrive()

    def _arrive(self) -> None:
        try:
            self._allowance.arrive(self.caller())
        except TooManySockets as error:
            self._refuse(error)

    # -- ends ---------------------------------------------------------------------------------

    def job_ended(self, id: str | None) -> None:
        self._jobs.resumable_ended(id)

    def went_idle(self) -> None:
        if self.deps.in_flight.draining:
            self.close(GOING_AWAY, "shutting down")

    def _end_plain(self) -> None:
        self.close(1000)

    def _refuse(self, error: GatewayError) -> None:
        self._jobs.cancel_all(REVOKED)
        self.outcome = error.code or "refused"
        code = CLOSE_CODES.get(type(error), UNAUTHORIZED)
        self.close(code, error.message.encode()[:REASON_BYTES].decode(errors="ignore"))

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Closes the socket and cancels its jobs, since no frame can be sent any more; resumable
        chats run on."""
        self._jobs.cancel_bound(CLIENT_LEFT)
        super().close(code, reason)

    def revoke(self) -> None:
        if self.upgraded:
            self._refuse(Unauthorized(NO_LONGER_VALID))
        else:
            super().revoke()

    def renew(self, deps: Deps, principal: Principal | None) -> None:
        """Applies new settings to all later frames. `principal` None: the client has not sent its
        credential yet."""
        self.deps, self.principal = deps, principal
        if principal is None:
            return
        try:
            self.check_principal(principal)
        except Forbidden as error:
            if self.upgraded:
                self._refuse(error)
            else:
                super().revoke()

    def drain(self, *, now: bool = False) -> None:
        if not self.upgraded:
            super().drain(now=now)
            return
        self._jobs.stop_watching()
        if now or not self._jobs:
            self.outcome = SHUT_DOWN
            self._jobs.cancel_all(SHUT_DOWN)
            self.close(GOING_AWAY, "shutting down")
