"""Makes the gateway's frames on `/ws`, and those of the replies of any route. Pure.

A frame is the UTF-8 of a JSON object. The frames of chats are made in `chat_writers.py`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...errors import GatewayError, UpstreamBroken
from ..native import decode
from ..ollama_errors import native_error

encode = msgspec.json.Encoder().encode


class _AnyLine(msgspec.Struct, gc=False):
    """A line of any route, decoded only as far as its error."""

    error: Any = None


_ANY = msgspec.json.Decoder(_AnyLine)
_RAW = msgspec.json.Decoder(msgspec.Raw)


def line_data(line: bytes) -> bytes:
    """A line of any route as the `data` of a `chunk` frame: unchanged, after a check that it is a
    JSON object in UTF-8. Raises the error that the line reports, otherwise UpstreamBroken."""
    if decode(_ANY, line).error:
        raise native_error(500, line)
    check_utf8(line)
    return line


def body_data(body: bytes) -> bytes:
    """A whole reply as the `data` of a `chunk` frame: JSON unchanged, anything else as a string."""
    try:
        _RAW.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return encode(body.decode("utf-8", "replace"))
    return body if _is_utf8(body) else encode(body.decode("utf-8", "replace"))


def frame(type: str, id: str | None = None, **fields: Any) -> bytes:
    """Makes a frame; keys whose value is None are left out."""
    whole = {"type": type, "id": id, **fields}
    return encode({key: value for key, value in whole.items() if value is not None})


def open_frame(type: str, id: str | None, key: str) -> bytes:
    """The beginning of a frame, up to the value of its last key; the value's JSON and `}` complete
    it."""
    return b"%b,%b:" % (frame(type, id)[:-1], encode(key))


def error_frame(id: str | None, error: GatewayError) -> bytes:
    """Makes an `error` frame. `id` is always present, null where the error belongs to no request;
    `code` and `retry_after` where the error has them."""
    more = {"code": error.code, "retry_after": error.retry_after}
    return encode(
        {"type": "error", "id": id, "status": error.status, "message": error.message}
        | {key: value for key, value in more.items() if value is not None}
    )


def check_utf8(line: bytes) -> None:
    """Raises UpstreamBroken for a line that is not UTF-8: sent as a text frame, it would make
    browsers close the socket."""
    if not _is_utf8(line):
        raise UpstreamBroken("Ollama answered with something that cannot be read.")


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False
