"""A model whose replies are written down beforehand: calls of tools, one a turn, then a text.

Which reply comes next depends on the request alone, on how many results of tools its messages
hold: an agent that asks again gets the same reply, and a side request without tools a title.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..backend import Backend, Behaviour, Exchange, NdjsonStream, complaint, json_reply

NAME = "qwen3:30b"
DATE = "2026-11-28T12:00:00Z"
LENGTH = 131072
CAPABILITIES = ("completion", "tools", "thinking", "vision")
BYTES_PER_TOKEN = 4
TITLE = "Owls and moles"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one tool; its name may be the end of one, as of a tool in a namespace."""

    name: str
    arguments: Mapping[str, Any]
    thought: str = ""
    """What the model thinks before it calls."""

    def message(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": dict(self.arguments)}
        number = zlib.crc32(json.dumps(function).encode())
        call = {"id": f"call_{number:08x}", "function": function}
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
        step = self.next_step(request)
        if isinstance(step, str):
            await said(step)(exchange)
        elif isinstance(step, Call):
            offered = [tool["function"]["name"] for tool in request["tools"]]
            names = [name for name in offered if name == step.name or name.endswith(step.name)]
            assert names, f"{step.name} is not among {offered}"
            await called(replace(step, name=names[0]))(exchange)
        else:
            await step(exchange)

    def next_step(self, request: dict[str, Any]) -> Step:
        return self.steps[min(results_in(request), len(self.steps) - 1)]

    def results(self) -> list[str]:
        """What the tools have given back, as the last request has it."""
        return [m["content"] for m in self.asked[-1]["messages"] if m["role"] == "tool"]


@dataclass
class Forgetful(Model):
    """A model whose window becomes full: a prompt may have `length` tokens, of `BYTES_PER_TOKEN`
    bytes, and its replies tell how many it had.

    Which step comes next depends on those that were given out: an agent that makes its conversation
    shorter leaves results of tools out. What asks for a summary gets one.
    """

    summary: str = "<summary>All files before the last one have been read.</summary>"
    """In the tags in which Claude Code wants it; it asks again for one that has none."""
    given: int = 0
    complaints: int = 0
    summaries: int = 0
    prompts: list[int] = field(default_factory=list)
    """Tokens of each, in order."""

    async def chat(self, exchange: Exchange) -> None:
        await exchange.read_body()
        request = exchange.json()
        prompt = json.dumps([request["messages"], request.get("tools")])
        self.prompts.append(len(prompt) // BYTES_PER_TOKEN)
        if self.prompts[-1] >= self.length:
            self.complaints += 1
            await complaint(self.prompts[-1], self.length)(exchange)
        elif self.wants_summary(request):
            self.summaries += 1
            await said(self.summary, tokens=self.prompts[-1])(exchange)
        else:
            await super().chat(exchange)

    def wants_summary(self, request: dict[str, Any]) -> bool:
        """Whether the agent asks for a summary: without tools, or in the words of Claude Code."""
        if not request.get("tools"):
            return self.given > 0
        return "a <summary> block" in json.dumps(request["messages"][-2:])

    @property
    def shortened(self) -> int:
        """How often a conversation became shorter by a quarter or more."""
        pairs = zip(self.prompts, self.prompts[1:], strict=False)
        return sum(later < 0.75 * earlier for earlier, later in pairs)

    def next_step(self, request: dict[str, Any]) -> Step:
        step = self.steps[min(self.given, len(self.steps) - 1)]
        self.given += 1
        reply = said(step) if isinstance(step, str) else step
        if isinstance(reply, Call):
            reply = called(reply)
        assert isinstance(reply, Spoken)
        return replace(reply, tokens=self.prompts[-1])


def results_in(request: dict[str, Any]) -> int:
    return sum(message["role"] == "tool" for message in request["messages"])


def said(
    text: str, *, thought: str = "", first: Sequence[asyncio.Event] = (), tokens: int = 900
) -> Spoken:
    """A text, word by word; `first` are events that are waited for before it."""
    thoughts = [{"role": "assistant", "content": "", "thinking": thought}] if thought else []
    words = [{"role": "assistant", "content": word + " "} for word in text.split(" ")]
    return Spoken([*thoughts, *words], first, tokens)


def called(call: Call) -> Spoken:
    thought = {"role": "assistant", "content": "", "thinking": call.thought}
    return Spoken([*([thought] if call.thought else []), call.message()])


@dataclass(frozen=True, slots=True)
class Spoken:
    """Messages of one reply, streamed or in one piece, as the request wants it."""

    messages: Sequence[dict[str, Any]]
    first: Sequence[asyncio.Event] = ()
    tokens: int = 900
    """Of the prompt, as the reply tells."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        end = _END | {"prompt_eval_count": self.tokens}
        if exchange.json().get("stream") is not False:
            await NdjsonStream(*self.first, *map(_line, self.messages), end)(exchange)
            return
        for event in self.first:
            await event.wait()
        whole = {"role": "assistant", "content": "".join(m["content"] for m in self.messages)}
        for message in self.messages:
            whole |= {name: message[name] for name in message if name not in whole}
        await json_reply(end | {"message": whole})(exchange)


def _line(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": NAME, "created_at": DATE, "message": message, "done": False}


_COUNTS = {"eval_count": 9, "total_duration": 1000}
_END = _line({"role": "assistant", "content": ""}) | {"done": True, "done_reason": "stop"} | _COUNTS
