"""The small objects that all OpenAI replies share: identity, counts, finish reason, logprobs. The
replies themselves are in `chat_reply.py` and its siblings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import native
from ..checks import Json

FINGERPRINT = "fp_ollama"


@dataclass(frozen=True, slots=True)
class Identity:
    """The fields that every chunk of a reply repeats. `id`: unique, e.g. `chatcmpl-` and 24 random
    characters; `created`: Unix seconds; `model`: the name the client sent."""

    id: str
    created: int
    model: str

    def head(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
        }

    def call_id(self, choice: int, position: int) -> str:
        """Makes an id for a tool call that Ollama gave none; as unique as the reply's own."""
        return f"call_{self.id.rpartition('-')[2]}{choice}_{position}"


@dataclass(frozen=True, slots=True)
class Counts:
    """The token counts of one native reply."""

    prompt: int = 0
    completion: int = 0
    cached: int | None = None

    @classmethod
    def of(cls, record: native.Record) -> Counts:
        return cls(record.prompt_eval_count, record.eval_count, record.prompt_eval_cached_count)


def usage(prompts: Iterable[Sequence[Counts]]) -> Json:
    """OpenAI's `usage` over all native replies, grouped by prompt: a prompt that was answered
    `n` times counts once, as at OpenAI."""
    prompt = completion = cached = 0
    knows_cached = False
    for group in prompts:
        prompt += max((counts.prompt for counts in group), default=0)
        completion += sum(counts.completion for counts in group)
        hits = [counts.cached for counts in group if counts.cached is not None]
        if hits:
            knows_cached = True
            cached += max(hits)
    total: Json = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if knows_cached:
        total["prompt_tokens_details"] = {"cached_tokens": cached}
    return total


def finish_reason(done_reason: str | None, *, called: bool = False, legacy: bool = False) -> str:
    """Translates the reason why a reply ended. A reply that was cut by its limit says so even when
    it holds calls; `load`, `unload` and a missing reason become `stop`."""
    if done_reason == "length":
        return "length"
    if called:
        return "function_call" if legacy else "tool_calls"
    return "stop"


def chat_logprobs(logprobs: Sequence[native.Logprob] | None) -> Json | None:
    """OpenAI's `logprobs` of a choice, None when Ollama sent none."""
    if not logprobs:
        return None
    return {"content": [_token(item) for item in logprobs], "refusal": None}


def _token(item: native.Logprob) -> dict[str, Any]:
    return {
        "token": item.token,
        "logprob": item.logprob,
        "bytes": item.bytes,
        "top_logprobs": [
            {"token": top.token, "logprob": top.logprob, "bytes": top.bytes}
            for top in item.top_logprobs or ()
        ],
    }
