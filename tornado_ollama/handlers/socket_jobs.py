"""What runs behind a socket: one job for each chat or request under way.

A job owns one fetch. Its frames go through the socket's one writer; while the client is slow, the
job's own reading of Ollama rests, and nobody else's. However it ends, it says so exactly once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tornado.httpclient import HTTPResponse

from ..access.model_names import named_models
from ..access.principal import Principal
from ..access.routes import Door, Route, find, path_at_ollama
from ..access.visibility import only_visible
from ..errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    MethodNotAllowed,
    NotFound,
    UpstreamAnswer,
    UpstreamBroken,
)
from ..upstream.request import ResponseHead
from ..wire import socket as protocol
from ..wire.ndjson import LineSplitter
from ..wire.openai.errors import native_error
from ..wire.target import split_target
from .deps import Deps

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Largest reply that is not a stream of lines; it is sent as one frame."""


class Outlet(Protocol):
    """The socket, as a job sees it."""

    deps: Deps
    principal: Principal | None

    def emit(self, frame: str) -> Awaitable[None] | None:
        """Sends a frame; an awaitable: the client is slow, wait for it."""

    def headers_up(self) -> list[tuple[str, str]]: ...


class Job:
    """Base of both kinds: `run` it in a task, `cancel` it from outside."""

    def __init__(self, outlet: Outlet, id: str | None) -> None:
        self.id = id
        self._outlet = outlet
        self._fetch: asyncio.Future[HTTPResponse] | None = None
        self._status = 200
        self._lines = LineSplitter()
        self._is_stream = False
        self._collected: list[bytes] = []
        self._collected_bytes = 0
        self._error: GatewayError | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Hangs up on Ollama. Whether the client is told is the caller's business."""
        self.cancelled = True
        if self._fetch is not None:
            self._fetch.cancel()

    async def run(self) -> None:
        """Ends when everything has been said; a failure is said as a frame, not raised."""
        try:
            await self.work()
        except GatewayError as error:
            self.failed(error)
        except asyncio.CancelledError:
            if not self.cancelled:
                raise
            self.stopped()

    async def work(self) -> None:
        raise NotImplementedError

    def failed(self, error: GatewayError) -> None:
        self._outlet.emit(protocol.error_frame(self.id, error.status, error.message))

    def stopped(self) -> None:
        self._outlet.emit(protocol.frame("done", self.id, reason="cancelled"))

    async def exchange(self, method: str, path: str, body: bytes | None, **more: Any) -> None:
        """Sends the request and hands the reply to `on_line` or keeps it in `collected`."""
        if self.cancelled:
            raise asyncio.CancelledError
        self._fetch = self._outlet.deps.ollama.fetch(
            method,
            path,
            headers=[("Content-Type", "application/json"), *self._outlet.headers_up()],
            body=body,
            on_head=self._on_head,
            on_data=self._on_data,
            **more,
        )
        try:
            await self._fetch
        except asyncio.CancelledError:
            if self._error is None:
                raise
        if self._error is not None:
            raise self._error
        rest = self._lines.close()
        if rest:
            self.on_line(rest)

    @property
    def collected(self) -> bytes:
        return b"".join(self._collected)

    def on_head(self, head: ResponseHead) -> None:
        """Before any data. `_status` and `_is_stream` are set."""

    def on_line(self, line: bytes) -> Awaitable[None] | None:
        raise NotImplementedError

    def _on_head(self, head: ResponseHead) -> None:
        self._status = head.status
        self._is_stream = any(
            name.lower() == "content-type" and "ndjson" in value for name, value in head.headers
        )
        self.on_head(head)

    def _on_data(self, data: bytes) -> Awaitable[None] | None:
        try:
            if self._is_stream:
                rest = None
                for line in self._lines.feed(data):
                    rest = self.on_line(line) or rest
                return rest
            self._collected_bytes += len(data)
            if self._collected_bytes > MAX_REPLY_BYTES:
                raise UpstreamBroken("Ollama's reply is too large for one frame.")
            self._collected.append(data)
        except GatewayError as error:
            self._error = error
            if self._fetch is not None:
                self._fetch.cancel()
        return None


class ChatJob(Job):
    """One chat: lines of /api/chat as delta frames and a done frame."""

    def __init__(
        self,
        outlet: Outlet,
        id: str | None,
        body: dict[str, Any],
        reply: Callable[[str], None] | None = None,
        start: dict[str, str] | None = None,
    ) -> None:
        """`body` of /api/chat, the model perhaps missing. `reply` gets the whole text of a reply
        that ended well. `start`: begin with a start frame that has these fields too."""
        super().__init__(outlet, id)
        self._body = body
        self._reply = reply
        self._start = start
        self._said: list[str] = []
        self._done: dict[str, Any] | None = None

    async def work(self) -> None:
        body = await self._complete(self._body)
        await self.exchange("POST", "/api/chat", protocol.encode(body).encode(), replayable=True)
        if self._status != 200:
            raise native_error(self._status, self.collected)
        if not self._is_stream:
            self.on_line(self.collected)  # the reply to a mere load or unload
        if self._done is None:
            raise UpstreamBroken("Ollama ended its reply before it was complete.")
        if self._reply is not None:
            self._reply("".join(self._said))
        self.finished(self._done)

    def on_head(self, head: ResponseHead) -> None:
        if head.status == 200 and self._start is not None:
            model = self._body["model"]
            self._outlet.emit(protocol.frame("start", self.id, model=model, **self._start))

    def on_line(self, line: bytes) -> Awaitable[None] | None:
        record = _record(line)
        message = record.get("message")
        rest = None
        if isinstance(message, dict):
            if self._reply is not None:
                self._said.append(message.get("content") or "")
            rest = self.said(message)
        if record.get("done"):
            self._done = record
        return rest

    def said(self, message: dict[str, Any]) -> Awaitable[None] | None:
        frame = protocol.delta_frame(self.id, message)
        return None if frame is None else self._outlet.emit(frame)

    def finished(self, record: dict[str, Any]) -> None:
        self._outlet.emit(protocol.done_frame(self.id, record))

    async def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body as Ollama gets it: model found and allowed, the operator's defaults under the
        client's own settings."""
        deps, principal = self._outlet.deps, self._outlet.principal
        assert principal is not None
        asked = body.get("model") or await self._default_model()
        body["model"] = asked
        model = deps.policy.resolve(asked)
        if not principal.may_use(model):
            raise Forbidden(f"This credential may not use the model {asked!r}.")
        defaults = deps.policy.defaults_for(model)
        sent = {"stream": True, **body, "model": model}
        options = sent.get("options") or {}
        if defaults.options and isinstance(options, dict):
            sent["options"] = {**defaults.options, **options}
        if defaults.keep_alive is not None:
            sent.setdefault("keep_alive", defaults.keep_alive)
        if defaults.think is not None:
            sent.setdefault("think", defaults.think)
        return sent

    async def _default_model(self) -> str:
        """`chat.default_model`, else the first model of /api/tags that can chat."""
        deps, principal = self._outlet.deps, self._outlet.principal
        assert principal is not None
        if deps.default_model:
            return deps.default_model
        response = await deps.ollama.fetch("GET", "/api/tags", headers=self._outlet.headers_up())
        listed = json.loads(only_visible(response.body, principal))["models"]
        for model in listed:
            can = model.get("capabilities")
            if can is None or "completion" in can:
                return str(model["name"])
        raise NotFound("There is no model to chat with; pull one first, or name it in `model`.")


class PlainJob(ChatJob):
    """A chat in plain text: the reply's pieces as they are, a failure as `Error: ...`."""

    def __init__(self, outlet: Outlet, text: str, ended: Callable[[], None]) -> None:
        super().__init__(outlet, None, {"messages": [{"role": "user", "content": text}]})
        self._ended = ended

    def said(self, message: dict[str, Any]) -> Awaitable[None] | None:
        content = message.get("content")
        return self._outlet.emit(content) if content else None

    def finished(self, record: dict[str, Any]) -> None:
        self._ended()

    def failed(self, error: GatewayError) -> None:
        self._outlet.emit(f"Error: {error.message}")
        self._ended()


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
        return self._outlet.emit(protocol.frame("chunk", self.id, data=_record(line)))

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


def _record(line: bytes) -> dict[str, Any]:
    """A line of Ollama's, decoded. Raises what it says, when it says an error."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UpstreamBroken("Ollama answered with something that cannot be read.")
    if record.get("error"):
        failure = native_error(500, line)
        raise UpstreamAnswer(failure.message, status=failure.status)
    return record
