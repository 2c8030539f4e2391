"""Native routes over a socket: the same decisions as over HTTP, the reply as frames, one line in
the access log."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from http.client import responses
from typing import Protocol

from ..access.judge import refuse_method, refuse_models, refuse_need
from ..access.proxies import Client
from ..access.routes import Door, Need, Route, find, path_at_ollama, replies_whole
from ..access.visibility import only_visible
from ..errors import BadRequest, GatewayError, NotFound
from ..handlers import access_log
from ..upstream.request import ResponseHead
from ..wire import socket_frames as frames
from ..wire.model_names import named_models
from ..wire.native_request import NOTHING_ASKED, read_asked
from ..wire.socket import Request
from ..wire.target import REFUSED_PATH, loggable_path, split_target
from .job import Job, Outlet


class Asker(Outlet, Protocol):
    """A socket, of which the access log also wants to know whose it is."""

    client: Client
    request_id: str


class RequestJob(Job):
    """Any native route over the socket: response, chunk for each line, end."""

    def __init__(self, asker: Asker, command: Request) -> None:
        super().__init__(asker, command.id)
        self._asker = asker
        self._command = command
        self._path = REFUSED_PATH
        self._filtered = False
        self._chunk = frames.open_frame("chunk", command.id, "data")
        self._began = time.monotonic()
        self._first_byte_s: float | None = None
        self._told: int | None = None
        """The status that the client was told."""
        self._outcome = "ok"
        self._sent = 0

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            access_log.write(self._record())

    async def work(self) -> None:
        route, query = self._admit()
        asked = read_asked(self._command.body) if route.computes else NOTHING_ASKED
        await self.exchange(
            self._command.method,
            path_at_ollama(route, self._path),
            self._command.body or None,
            query=query,
            runs_long=route.runs_long,
            model=asked.model,
            whole_reply=replies_whole(route, asked),
            replayable=True if route.need is not Need.MANAGE else None,
        )
        if self._collected:
            self._emit_chunk(frames.body_data(self._whole()))
        self.emit(frames.frame("end", self.id))

    def emit(self, frame: bytes) -> Awaitable[None] | None:
        self._sent += len(frame)
        return super().emit(frame)

    def on_head(self, head: ResponseHead) -> None:
        if self._filtered:
            self._is_stream = False  # whatever it calls itself: a list is looked through whole
        self._told = head.status
        self._first_byte_s = time.monotonic() - self._began
        self.emit(frames.frame("response", self.id, status=head.status))

    def on_lines(self, lines: list[bytes]) -> Awaitable[None] | None:
        rest = None
        for line in lines:
            rest = self._emit_chunk(frames.line_data(line)) or rest
        return rest

    def failed(self, error: GatewayError) -> None:
        if self._told is None:
            self._told = error.status
        self._outcome = error.code or responses.get(error.status, str(error.status)).lower()
        super().failed(error)

    def stopped(self) -> None:
        self._outcome = "cancelled"
        super().stopped()

    def _emit_chunk(self, data: bytes) -> Awaitable[None] | None:
        return self.emit(b"%b%b}" % (self._chunk, data))

    def _admit(self) -> tuple[Route, str]:
        """The route and the query; the same decisions as for a request over HTTP."""
        principal, command = self._outlet.principal, self._command
        assert principal is not None
        self._path, query = split_target(command.path)
        route = find(self._path, forward_unknown=self._outlet.deps.gate.forward_unknown)
        if route.door is not Door.NATIVE:
            raise NotFound(
                f"There is nothing at {loggable_path(self._path)} for a request frame: "
                "use Ollama's routes."
            )
        if route.body.is_upload:
            raise BadRequest("Uploads go over HTTP, not over a socket.")
        refuse_method(route, self._path, command.method)
        refuse_need(route, self._path, principal)
        if principal.models is not None:
            self._filtered = route.lists_models
            refuse_models(principal, named_models(command.body) if command.body else ())
        return route, query

    def _whole(self) -> bytes:
        body, principal = self.collected, self._outlet.principal
        if self._filtered and self._status == 200 and principal is not None:
            return only_visible(body, principal)
        return body

    def _record(self) -> access_log.AccessRecord:
        asker = self._asker
        return access_log.AccessRecord(
            client=asker.client.address,
            request_id=asker.request_id,
            credential=asker.principal.name if asker.principal is not None else "-",
            method=self._command.method,
            path=self._path,
            status=self._told or access_log.UNANSWERED,
            sent=self._sent,
            first_byte_s=self._first_byte_s,
            duration_s=time.monotonic() - self._began,
            outcome=self._outcome,
        )
