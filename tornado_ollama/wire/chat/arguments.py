"""The arguments of a tool call: always an object, whatever a model or a client made of them.

A call that a model broke off or misspelt stays in the client's history, and comes back with every
request after it. So nothing is refused here: text that holds no object is wrapped into one, and
the model sees what it has written.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..checks import Json, mended_json, shallow

WRAPPER = "arguments"
"""The key under which arguments stand that are no object."""

MAX_ENCODINGS = 3
"""How often a JSON text may have been made a JSON string; clients that do so twice are known."""

_RAW = msgspec.json.Decoder(msgspec.Raw)
_STRING = msgspec.json.Decoder(str)
_EMPTY = msgspec.Raw(b"{}")
_BLANKS = " \t\r\n"


def call_arguments(value: Any, param: str) -> Json | msgspec.Raw:
    """The arguments of a client's tool call as an object. Any other value is wrapped into one;
    nothing, `null` and `[]` become `{}`.

    A text is JSON, as OpenAI writes arguments. An object in it is kept as text and not decoded, so
    it may be nested as deep as msgspec reads (some 900 levels). Raises BadRequest only for other
    values that are nested deeper than `checks.MAX_DEPTH`.
    """
    if isinstance(value, str):
        return _object(value)
    shallow(value, param)
    if isinstance(value, dict):
        return value
    return {WRAPPER: value} if value else {}


def arguments_text(value: msgspec.Raw) -> str:
    """The arguments of a tool call in Ollama's reply, as compact JSON text of an object; wrapped
    like those of `call_arguments`. Raises an error of `native.UNREADABLE` where they are not UTF-8
    or no JSON: a `msgspec.Raw` has been skipped over, not validated."""
    raw = bytes(value)
    if raw.startswith(b"{"):
        return msgspec.json.format(raw, indent=-1).decode()
    return bytes(_object(raw.decode())).decode()


def _object(text: str) -> msgspec.Raw:
    for _ in range(MAX_ENCODINGS):
        text = text.strip(_BLANKS)
        if text in ("", "null") or (text[0] == "[" and text[1:].strip(_BLANKS) == "]"):
            return _EMPTY
        try:
            written = mended_json(text.encode("utf-8", "replace"), _RAW)
        except (msgspec.DecodeError, RecursionError):
            break  # cut, or no JSON at all
        if text[0] == "{":
            return written
        if text[0] != '"':
            return msgspec.Raw(b'{"%b":%b}' % (WRAPPER.encode(), bytes(written)))
        text = _STRING.decode(written)
    return msgspec.Raw(msgspec.json.encode({WRAPPER: text}))
