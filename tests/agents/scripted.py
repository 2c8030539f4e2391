"""A model whose replies are written down beforehand: calls of tools, one a turn, then a text.

Which reply comes next depends on the request alone, on how many results of tools its messages
hold: an agent that asks again gets the same reply, and a side request without tools a title.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..backend import Backend, Behaviour, Exchange, NdjsonStream, json_reply

NAME = "qwen3:30b"
DATE = "2026-11-28T12:00:00Z"
LENGTH = 131072
CAPABILITIES = ("completion", "tools", "thinking", "vision")
TITLE = "Owls and moles"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one tool."""

    name: str
    arguments: Mapping[str, Any]
    thought: str = ""
    """What the model thinks before it calls."""

    def message(self) -> dict[str, Any]:
        call = {"id": f"call_{self.name}", "function": {"name": self.name}}
        call["function"] |= {"arguments": dict(self.arguments)}  # type: ignore[operator]
        return {"role": "assistant", "content": "", "tool_calls": [call]}


Step = Call | str | Behaviour
"""A turn of the model; a behaviour answers the request in a way of its own."""


@dataclass
class Model:
    """A model of the scripted backend: `serve` scripts its routes."""

    steps: Sequence[Step]
    length: int = LENGTH
    """The window with which Ollama loads it."""
    capabilities: Sequence[str] = CAPABILITIES
    title: str | None = TITLE
    """The reply to side requests, which have no tools; None: there are none."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The chats, in order; without the side requests."""

    def serve(self, backend: Backend) -> Model:
        details = {"family": "qwen3", "context_length": self.length}
        listed = {"name": NAME, "model": NAME, "modified_at": DATE, "details": details}
        listed["capabilities"] = list(self.capabilities)
        info = {"general.architecture": "qwen3", "qwen3.context_length": self.length}
        shown = {"model_info": info, "details": details, "modified_at": DATE}
        shown["capabilities"] = list(self.capabilities)
        backend.on("/api/tags", json_reply({"models": [listed]}))
        backend.on("/api/show", json_reply(shown))
        backend.on("/api/ps", json_reply({"models": [listed | {"context_length": self.length}]}))
        backend.on("/api/chat", self.chat)
        return self

    async def chat(self, exchange: Exchange) -> None:
        await exchange.read_body()
        request = exchange.json()
        if self.title is not None and not request.get("tools"):
            await said(self.title)(exchange)
            return
        self.asked.append(request)
        step = self.steps[min(results_in(request), len(self.steps) - 1)]
        if isinstance(step, str):
            await said(step)(exchange)
        elif isinstance(step, Call):
            offered = [tool["function"]["name"] for tool in request["tools"]]
            assert step.name in offered, f"{step.name} is not among {offered}"
            await called(step)(exchange)
        else:
            await step(exchange)

    def results(self) -> list[str]:
        """What the tools have given back, as the last request has it."""
        return [m["content"] for m in self.asked[-1]["messages"] if m["role"] == "tool"]


def results_in(request: dict[str, Any]) -> int:
    return sum(message["role"] == "tool" for message in request["messages"])


def said(text: str, *, thought: str = "", first: Sequence[asyncio.Event] = ()) -> NdjsonStream:
    """A text, word by word; `first` are events that are waited for before it."""
    thoughts = [{"role": "assistant", "content": "", "thinking": thought}] if thought else []
    words = [{"role": "assistant", "content": word + " "} for word in text.split(" ")]
    return _stream(*first, *map(_line, [*thoughts, *words]))


def called(call: Call) -> NdjsonStream:
    thought = {"role": "assistant", "content": "", "thinking": call.thought}
    return _stream(*map(_line, [*([thought] if call.thought else []), call.message()]))


def _line(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": NAME, "created_at": DATE, "message": message, "done": False}


def _stream(*lines: object) -> NdjsonStream:
    counts = {"prompt_eval_count": 900, "eval_count": 9, "total_duration": 1000}
    end = _line({"role": "assistant", "content": ""}) | {"done": True, "done_reason": "stop"}
    return NdjsonStream(*lines, end | counts)
