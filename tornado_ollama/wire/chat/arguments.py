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
    """The object that arguments are, or are wrapped into; nothing, `null` and `[]` are `{}`.

    A text is JSON, as OpenAI writes arguments. An object in it is left as it is: nothing is made
    of it, so it may be nested as deep as msgspec reads (some 900 levels). Raises BadRequest only
    for other values that are nested deeper than `checks.MAX_DEPTH`.
    """
    if isinstance(value, str):
        return _object(value)
    shallow(value, param)
    if isinstance(value, dict):
        return value
    return {WRAPPER: value} if value else {}


def arguments_text(value: msgspec.Raw) -> str:
    """The same, of arguments in a reply of Ollama's, as compact JSON text. Raises
    `native.UNREADABLE`: what is kept raw has been walked over, but nobody has looked at its bytes.
    """
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
