"""Chats behind a socket: Ollama's lines as frames, or as plain text."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ..access.visibility import only_visible
from ..errors import Forbidden, GatewayError, NotFound, UpstreamBroken
from ..wire import socket as protocol
from ..wire.openai.errors import native_error
from .socket_job import Job, Outlet, read_record


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
        if self._start is not None:
            self._outlet.emit(protocol.frame("start", self.id, model=body["model"], **self._start))
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

    def on_line(self, line: bytes) -> Awaitable[None] | None:
        record = read_record(line)
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
        model = deps.policy.resolve(asked)
        if not principal.may_use(model):
            raise Forbidden(f"This credential may not use the model {asked!r}.")
        return protocol.native_chat(body, model, deps.policy.defaults_for(model))

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
