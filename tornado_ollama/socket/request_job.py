"""Native requests on a socket: authorised like those over HTTP, with the reply as frames."""

from __future__ import annotations

from collections.abc import Awaitable

from ..access.authorisation import refuse_method, refuse_models, refuse_scope
from ..access.routes import HandlerKind, Requirement, Route, path_at_ollama, replies_whole
from ..access.visibility import only_visible
from ..errors import BadRequest, NotFound
from ..upstream.request import ResponseHead
from ..wire.model_names import named_models
from ..wire.native_request import NOTHING_ASKED, read_asked
from ..wire.ndjson import LineSplitter
from ..wire.socket import frames
from ..wire.socket.commands import Request
from ..wire.target import REFUSED_PATH, loggable_path, loggable_unknown, split_target
from .frame_sink import FrameSink
from .job import Job


class RequestJob(Job):
    """A request to any native route: sends a `response` frame, a `chunk` for each line, and
    `end`."""

    def __init__(self, sink: FrameSink, command: Request) -> None:
        super().__init__(sink, command.id, len(command.body))
        self._command = command
        self.method = command.method
        self.path = REFUSED_PATH
        self._filtered = False
        self._lines = LineSplitter()
        self._chunk = frames.open_frame("chunk", command.id, "data")

    async def work(self) -> None:
        route, query = self._admit()
        asked = read_asked(self._command.body) if route.computes else NOTHING_ASKED
        self.account.model = asked.model
        with self._sink.deps.process.catalogue.changed_by(route):
            await self.exchange(
                self._command.method,
                path_at_ollama(route, self.path),
                self._command.body or None,
                query=query,
                runs_long=route.runs_long,
                model=asked.model,
                whole_reply=replies_whole(route, asked),
                replayable=True if route.requirement is not Requirement.MANAGE else None,
            )
        if self._collected:
            self._emit_chunk(frames.body_data(self._whole()))
        self.emit(frames.frame("end", self.id))

    def on_head(self, head: ResponseHead) -> None:
        if self._filtered:
            self._is_stream = False  # whatever it calls itself: a list is looked through whole
        self.emit(frames.frame("response", self.id, status=head.status))

    def on_stream(self, data: bytes) -> Awaitable[None] | None:
        rest = None
        for line in self._lines.feed(data):
            rest = self._emit_chunk(frames.line_data(line)) or rest
        return rest

    def _emit_chunk(self, data: bytes) -> Awaitable[None] | None:
        return self.emit(b"%b%b}" % (self._chunk, data))

    def _admit(self) -> tuple[Route, str]:
        """Authorises the request as one over HTTP, and returns its route and query."""
        principal, command = self._sink.principal, self._command
        assert principal is not None
        self.path, query = split_target(command.path)
        route = self._sink.deps.access.routes.find(self.path)
        if route.kind is HandlerKind.NOT_FOUND:
            self.path = loggable_unknown(self.path)
        if route.kind is not HandlerKind.NATIVE:
            raise NotFound(
                f"There is nothing at {loggable_path(self.path)} for a request frame: "
                "use Ollama's routes."
            )
        if route.body.is_upload:
            raise BadRequest("Uploads go over HTTP, not over a socket.")
        refuse_method(route, self.path, command.method)
        refuse_scope(route, self.path, principal)
        if principal.models is not None:
            self._filtered = route.lists_models
            refuse_models(principal, named_models(command.body) if command.body else ())
        return route, query

    def _whole(self) -> bytes:
        body, principal = self.collected, self._sink.principal
        if self._filtered and self._status == 200 and principal is not None:
            return only_visible(body, principal)
        return body
