"""What a streamed and a whole message share: identity, counts, and why the reply ended.

Owns these small shapes. Rules: docs/messages.md, "The reply".
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import native
from ..chat.sealed_thoughts import MARK, sealed
from ..checks import Json


@dataclass(frozen=True, slots=True)
class Identity:
    """`id`: unique, `msg_` and 24 random characters; `model`: the name the client sent."""

    id: str
    model: str

    def message(self) -> Json:
        """The object of a message of which nothing is known yet."""
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
        }

    def call_id(self, position: int) -> str:
        """An id for a tool call that Ollama gave none: as unique as the reply's own."""
        return f"toolu_{self.id.removeprefix('msg_')}{position}"


def stop_reason(last: native.Record, *, max_tokens: int, called: bool) -> Json:
    """`stop_reason` and `stop_sequence`. `called`: the model has called a tool.

    A reply that was cut by its limit says so even when it holds calls; one that was cut before its
    limit has filled the window."""
    reason, sequence = "tool_use" if called else "end_turn", None
    if last.done_reason == "length":
        full = 0 < last.eval_count < max_tokens
        reason = "model_context_window_exceeded" if full else "max_tokens"
    elif last.stop_sequence is not None:
        reason, sequence = "stop_sequence", last.stop_sequence
    return {"stop_reason": reason, "stop_sequence": sequence}


def usage(last: native.Record) -> Json:
    """The whole prompt is `input_tokens` and the cached ones together."""
    cached = min(last.prompt_eval_cached_count or 0, last.prompt_eval_count)
    return {
        "input_tokens": last.prompt_eval_count - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": last.eval_count,
    }


def first_usage(input_tokens: int) -> Json:
    """Before Ollama has counted anything: an estimate."""
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


def signature(thought: str, *, shown: bool) -> str:
    """It carries the thought where the client does not get to see it."""
    return MARK if shown else sealed(thought)
