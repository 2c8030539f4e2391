"""Native routes over a socket: the same decisions as over HTTP, the reply as frames."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

from ..access.routes import Door, Route, find, path_at_ollama
from ..access.visibility import only_visible
from ..errors import BadRequest, Forbidden, MethodNotAllowed, NotFound
from ..upstream.request import ResponseHead
from ..wire import socket as protocol
from ..wire.model_names import named_models
from ..wire.target import split_target
from .socket_job import Job, Outlet, read_record


class RequestJob(Job):
    """Any native route over the socket: response, chunk for each line, end."""

    def __init__(self, outlet: Outlet, command: protocol.Request) -> None:
        super().__init__(outlet, command.id)
        self._command = command
        self._filtered = False

    async def work(self) -> None:
        route, path, query = self._admit()
        await self.exchange(
            self._command.method,
            path_at_ollama(route, path),
            self._command.body or None,
            query=query,
            runs_long=route.runs_long,
        )
        if self._collected:
            self._outlet.emit(protocol.frame("chunk", self.id, data=self._whole()))
        self._outlet.emit(protocol.frame("end", self.id))

    def on_head(self, head: ResponseHead) -> None:
        self._outlet.emit(protocol.frame("response", self.id, status=head.status))

    def on_line(self, line: bytes) -> Awaitable[None] | None:
        return self._outlet.emit(protocol.frame("chunk", self.id, data=read_record(line)))

    def _admit(self) -> tuple[Route, str, str]:
        """The same decisions as for a request over HTTP."""
        principal = self._outlet.principal
        assert principal is not None
        path, query = split_target(self._command.path)
        route = find(path, forward_unknown=self._outlet.deps.gate.forward_unknown)
        if route.door is not Door.NATIVE:
            raise NotFound(f"There is nothing at {path} for a request frame: use Ollama's routes.")
        if route.uploads:
            raise BadRequest("Uploads go over HTTP, not over a socket.")
        if self._command.method not in route.methods:
            raise MethodNotAllowed(
                f"{path} takes {' or '.join(route.methods)}.", allow=route.methods
            )
        if not route.need.met_by(principal):
            raise Forbidden(f"This credential may not use {path}: it needs {route.need.value}.")
        if principal.models is not None:
            self._filtered = route.lists_models
            for model in named_models(self._command.body) if self._command.body else ():
                if not principal.may_use(model):
                    raise Forbidden(f"This credential may not use the model {model!r}.")
        return route, path, query

    def _whole(self) -> Any:
        body = self.collected
        if self._filtered and self._status == 200 and self._outlet.principal is not None:
            body = only_visible(body, self._outlet.principal)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            return body.decode("utf-8", "replace")
