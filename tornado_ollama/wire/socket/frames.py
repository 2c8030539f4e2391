"""What a client of `/ws` gets: the gateway's frames, and Ollama's lines as frames.

Pure. A frame is the UTF-8 of a JSON object. What a token costs matters here: a line is decoded
once into the few fields that are read, and its text is put between bytes that were made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...errors import GatewayError, UpstreamBroken
from ..native import NOTHING, decode
from ..ollama_errors import native_error

MAX_COUNT = 2**63
"""Ollama's counters are int64."""

_EMPTY = (b"[]", b"null")


class Message(msgspec.Struct, gc=False):
    """The `message` of a line; tool calls in Ollama's own words, with fields we do not know."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: msgspec.Raw = NOTHING


class ChatLine(msgspec.Struct, gc=False):
    """A line of /api/chat, as far as deltas need it."""

    message: Message | None = None
    done: bool = False
    error: Any = None
    logprobs: msgspec.Raw = NOTHING

    @property
    def is_text(self) -> bool:
        """It brings nothing but content, or nothing at all."""
        message = self.message
        return self.logprobs is NOTHING and (
            message is None or (message.tool_calls is NOTHING and not message.thinking)
        )


class _AnyLine(msgspec.Struct, gc=False):
    """A line of any route's: only whether it is an error."""

    error: Any = None


_CHAT = msgspec.json.Decoder(ChatLine)
_ANY = msgspec.json.Decoder(_AnyLine)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_RAW = msgspec.json.Decoder(msgspec.Raw)


def read_chat_line(line: bytes) -> ChatLine:
    """Raises what the line says, when it says an error, and UpstreamBroken when it is no line of
    a chat."""
    record = decode(_CHAT, line)
    if record.error:
        raise native_error(500, line)
    if not record.is_text:  # the text alone has been decoded already
        _check_utf8(line)
    return record


def read_last_line(line: bytes) -> dict[str, Any]:
    """All of the line with `done`; raises UpstreamBroken."""
    return decode(_OBJECT, line)


def line_data(line: bytes) -> bytes:
    """A line of any route's as the `data` of a chunk: the very bytes, once they are known to be a
    JSON object in UTF-8. Raises what the line says, when it says an error; else UpstreamBroken."""
    if decode(_ANY, line).error:
        raise native_error(500, line)
    _check_utf8(line)
    return line


def body_data(body: bytes) -> bytes:
    """A whole reply as the `data` of a chunk: JSON as it is, anything else as a string."""
    try:
        _RAW.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return encode(body.decode("utf-8", "replace"))
    return body if _is_utf8(body) else encode(body.decode("utf-8", "replace"))


def frame(type: str, id: str | None = None, **fields: Any) -> bytes:
    """A frame to the client; keys whose value is None are left out."""
    whole = {"type": type, "id": id, **fields}
    return encode({key: value for key, value in whole.items() if value is not None})


def open_frame(type: str, id: str | None, key: str) -> bytes:
    """A frame up to the value of its last key; the value's JSON and `}` make it whole."""
    return b"%b,%b:" % (frame(type, id)[:-1], encode(key))


def error_frame(id: str | None, error: GatewayError) -> bytes:
    """`id` is always there, null where the error belongs to no request; `code` and `retry_after`
    where the error has them."""
    more = {"code": error.code, "retry_after": error.retry_after}
    return encode(
        {"type": "error", "id": id, "status": error.status, "message": error.message}
        | {key: value for key, value in more.items() if value is not None}
    )


def delta_frame(id: str | None, line: ChatLine) -> bytes | None:
    """The frame of one line, whatever it brings; None when it brings nothing."""
    message = line.message or Message()
    brings = {
        "content": message.content or None,
        "thinking": message.thinking or None,
        "tool_calls": _unless_empty(message.tool_calls),
        "logprobs": _unless_empty(line.logprobs),
    }
    if all(value is None for value in brings.values()):
        return None
    return frame("delta", id, **brings)


def done_frame(id: str | None, line: Mapping[str, Any]) -> bytes:
    """The frame for Ollama's last line. Counters that Ollama omits are 0; times in milliseconds."""
    prompt, reply = _count(line.get("prompt_eval_count")), _count(line.get("eval_count"))
    eval_ms = _ms(line.get("eval_duration"))
    speed = {"tokens_per_second": round(reply / eval_ms * 1000, 2)} if eval_ms else {}
    reason = line.get("done_reason")
    return frame(
        "done",
        id,
        reason=reason if isinstance(reason, str) and reason else "stop",
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": reply,
            "total_tokens": prompt + reply,
        },
        timings={
            "total_ms": _ms(line.get("total_duration")),
            "load_ms": _ms(line.get("load_duration")),
            "prompt_ms": _ms(line.get("prompt_eval_duration")),
            "reply_ms": eval_ms,
            **speed,
        },
    )


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _unless_empty(raw: msgspec.Raw) -> msgspec.Raw | None:
    return None if bytes(raw) in _EMPTY else raw


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < MAX_COUNT else 0


def _ms(nanoseconds: Any) -> float:
    return round(_count(nanoseconds) / 1e6, 2)


def _check_utf8(line: bytes) -> None:
    """What is passed on as it came would be a text frame that ends the socket of any browser."""
    if not _is_utf8(line):
        raise UpstreamBroken("Ollama answered with something that cannot be read.")


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False
