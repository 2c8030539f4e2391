"""The lines of `/api/chat` and `/api/generate`, key by key in Ollama's order.

Pure: times and ids come in. Zero counters, empty lists and absent reasons are left out, as Go's
`omitempty` does. Source: the recorded transcripts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .request import ToolCall


@dataclass(frozen=True, slots=True)
class Counters:
    """The token counts of a reply, and its durations in nanoseconds."""

    total_duration: int = 0
    load_duration: int = 0
    prompt_eval_count: int = 0
    prompt_eval_cached_count: int = 0
    """Of the prompt's tokens, those that were remembered from an earlier request."""
    prompt_eval_duration: int = 0
    eval_count: int = 0
    eval_duration: int = 0

    def fields(self) -> dict[str, int]:
        names = self.__slots__
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(slots=True)
class Answer:
    """The content of one line: a piece of a stream, or a whole answer."""

    text: str = ""
    calls: list[tuple[str, int, ToolCall]] = field(default_factory=list)
    """Id, index within the answer, call."""
    logprobs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: Answer) -> None:
        self.text += other.text
        self.calls += other.calls
        self.logprobs += other.logprobs


def chat_line(
    model: str,
    created_at: str,
    answer: Answer,
    *,
    done_reason: str | None = None,
    counters: Counters | None = None,
) -> bytes:
    """A line of `/api/chat`; with a `done_reason` it is the last one."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if answer.calls:
        message["tool_calls"] = [_call(*call) for call in answer.calls]
    line: dict[str, Any] = {"model": model, "created_at": created_at, "message": message}
    line["done"] = done_reason is not None
    if done_reason is not None:
        line["done_reason"] = done_reason
    if answer.logprobs:
        line["logprobs"] = answer.logprobs
    return encode({**line, **(counters or Counters()).fields()})


def generate_line(
    model: str,
    created_at: str,
    answer: Answer,
    *,
    done_reason: str | None = None,
    context: Sequence[int] = (),
    counters: Counters | None = None,
) -> bytes:
    """A line of `/api/generate`; with a `done_reason` it is the last one."""
    line: dict[str, Any] = {"model": model, "created_at": created_at, "response": answer.text}
    line["done"] = done_reason is not None
    if done_reason is not None:
        line["done_reason"] = done_reason
    if context:
        line["context"] = list(context)
    line.update((counters or Counters()).fields())
    if answer.logprobs:
        line["logprobs"] = answer.logprobs
    return encode(line)


def logprob(entry: Mapping[str, Any], alternatives: int) -> dict[str, Any]:
    """Translates llama.cpp's entry of a token into Ollama's, with at most this many
    alternatives."""
    result = _token(entry)
    if alternatives:
        result["top_logprobs"] = [_token(top) for top in entry["top_logprobs"][:alternatives]]
    return result


def timestamp(nanoseconds: int) -> str:
    """Formats nanoseconds since 1970 as RFC 3339 in UTC with nine digits."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


def encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _token(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"token": entry["token"], "logprob": entry["logprob"], "bytes": entry["bytes"]}


def _call(call_id: str, index: int, call: ToolCall) -> dict[str, Any]:
    return {
        "id": call_id,
        "function": {"index": index, "name": call.name, "arguments": call.arguments},
    }
