"""What a streamed and a whole message share: identity, counts, and why the reply ended.

Owns these small shapes. Rules: docs/messages.md, "The reply".
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import native
from ..chat.sealed_thoughts import MARK, sealed
from ..chat.stop_writer import StoppedRecord
from ..checks import Json


@dataclass(frozen=True, slots=True)
class Identity:
    """The id and the model of one message. `id`: `msg_` and 24 random hexadecimal digits; `model`:
    the name that the client sent."""

    id: str
    model: str

    def message(self) -> Json:
        """The message object before anything was generated: no content and no stop reason."""
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
        """An id for a tool call without an id from Ollama. It contains the message's id, so it is
        unique."""
        return f"toolu_{self.id.removeprefix('msg_')}{position}"


def stop_reason(last: native.Record, *, max_tokens: int, called: bool) -> Json:
    """The fields `stop_reason` and `stop_sequence`. `called`: whether the model has called a tool.

    A reply cut at a token limit is reported as cut even when it contains tool calls. With fewer
    tokens than `max_tokens`, it was cut because the model's context window was full.
    """
    reason, sequence = "tool_use" if called else "end_turn", None
    if last.done_reason == "length":
        full = 0 < last.eval_count < max_tokens
        reason = "model_context_window_exceeded" if full else "max_tokens"
    elif isinstance(last, StoppedRecord):
        reason, sequence = "stop_sequence", last.stop_sequence
    return {"stop_reason": reason, "stop_sequence": sequence}


def usage(last: native.Record) -> Json:
    """The token counts of a complete reply. `input_tokens` excludes the tokens of the prompt that
    came from the cache; these have a count of their own."""
    cached = min(last.prompt_eval_cached_count or 0, last.prompt_eval_count)
    return {
        "input_tokens": last.prompt_eval_count - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": last.eval_count,
    }


def first_usage(input_tokens: int) -> Json:
    """The token counts for the start of a stream, when only an estimate of `input_tokens` is
    known."""
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


def signature(thought: str, *, shown: bool) -> str:
    """The signature of a thinking block. Where the client is not shown the thought, the signature
    contains it in encoded form, so that the next request brings it back."""
    return MARK if shown else sealed(thought)
