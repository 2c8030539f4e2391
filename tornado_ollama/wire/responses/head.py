"""The response object: its id, its status, and the members that repeat the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ...errors import GatewayError
from .. import native
from ..checks import Json
from ..openai.errors import message

_encode = msgspec.json.Encoder().encode

_CODES = {
    "context_length_exceeded": "context_length_exceeded",
    "overloaded": "server_is_overloaded",
    "queue_full": "server_is_overloaded",
}
"""Codes of ours that clients know, some by another name. Codex makes its conversation shorter at
the first."""


@dataclass(frozen=True, slots=True)
class Head:
    """The parts of a response object that are known before the reply. `id`: `resp_` and random
    characters; `created`: Unix time in seconds; `model`: the name that the client sent; `echo`: the
    result of `echo.echo`."""

    id: str
    created: int
    model: str
    echo: bytes

    def response(
        self,
        status: str,
        output: Sequence[Json],
        last: native.Record | None = None,
        *,
        completed: int | None = None,
        error: GatewayError | None = None,
    ) -> bytes:
        """The response object as JSON text. `last`: the record that ended Ollama's reply;
        `completed`: Unix time in seconds."""
        told = {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "completed_at": completed,
            "status": status,
            "error": None if error is None else failure(error),
            "incomplete_details": {"reason": "max_output_tokens"}
            if status == "incomplete"
            else None,
            "model": self.model,
            "output": output,
            "usage": None if last is None else usage(last),
        }
        return b"%b,%b}" % (_encode(told)[:-1], self.echo)

    def item_id(self, kind: str, index: int) -> str:
        """An id for an output item. It contains the response's id, so it is unique."""
        return f"{kind}_{self.id.removeprefix('resp_')}{index}"

    def call_id(self, position: int) -> str:
        return self.item_id("call", position)


def usage(last: native.Record) -> Json:
    """The token counts of a reply. `reasoning_tokens` is always 0, because Ollama does not count
    the tokens of thoughts separately."""
    cached = min(last.prompt_eval_cached_count or 0, last.prompt_eval_count)
    return {
        "input_tokens": last.prompt_eval_count,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": last.eval_count,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": last.prompt_eval_count + last.eval_count,
    }


def failure(error: GatewayError) -> Json:
    """The error object of a `response.failed` event. Clients repeat the request for most codes, but
    not for `invalid_prompt`."""
    code = _CODES.get(error.code or "")
    if code is None:
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"
        if error.status < 500 and error.status not in (408, 429):
            code = "invalid_prompt"
    return {"code": code, "message": message(error)}
