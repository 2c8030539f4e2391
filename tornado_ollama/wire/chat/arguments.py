"""The arguments of a tool call: always an object, whatever a model or a client made of them.

A call that a model broke off or misspelt stays in the client's history, and comes back with every
request after it. So nothing is refused here: text that holds no object is wrapped into one, and
the model sees what it has written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ...errors import BadRequest
from ..checks import Json, mended_json, shallow
from ..json_weight import refuse_heavy

WRAPPER = "arguments"
"""The key under which arguments stand that are no object."""

MAX_ENCODINGS = 3
"""How often a JSON text may have been made a JSON string; clients that do so twice are known."""

BATCH = 100
"""Texts that are looked through together. If one of them is broken, each is looked at alone."""

_RAW = msgspec.json.Decoder(msgspec.Raw)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_STRING = msgspec.json.Decoder(str)
_ANY = msgspec.json.Decoder(Any)
_EMPTY = msgspec.Raw(b"{}")
_MAX_DOUBLE = int(1.7976931348623157e308)
_BRACE = ord("{")
_BLANKS = " \t\r\n"

_CLASSES = bytes(
    ord("0") if chr(byte) in "0123456789" else ord("e") if chr(byte) in "eE" else ord(" ")
    for byte in range(256)
)
"""Translates digits, the letter of an exponent, and all other bytes, each into one."""

_EXPONENT, _MANY_DIGITS = b"0e", b"0" * 300
"""What a number that is too large for a double needs one of, translated."""


def call_arguments(value: Any, param: str) -> Json | msgspec.Raw:
    """The arguments of a client's tool call as an object. Any other value is wrapped into one;
    nothing, `null` and `[]` become `{}`.

    A text is JSON, as OpenAI writes arguments. An object in it is kept as text and not decoded, so
    it may be nested as deep as msgspec reads (some 900 levels). One with a number that is too large
    for a double is wrapped as text, since Go refuses such numbers. Raises BadRequest only for other
    values that are nested deeper than `checks.MAX_DEPTH`.
    """
    if isinstance(value, str):
        return _object(value)
    if holds_texts(value):
        return value  # type: ignore[no-any-return]
    if _holds_huge(shallow(value, param)):
        return msgspec.Raw(msgspec.json.encode({WRAPPER: msgspec.json.encode(value).decode()}))
    if isinstance(value, dict):
        return value
    return {WRAPPER: value} if value else {}


def holds_texts(value: Any) -> bool:
    """Whether arguments are an object of texts alone, as most are: `call_arguments` returns them as
    they are."""
    if not isinstance(value, dict):
        return False
    for item in value.values():
        if not isinstance(item, str):
            return False
    return True


def text_arguments(texts: Sequence[str]) -> Iterator[msgspec.Raw]:
    """The arguments of many calls, each given as a text, as by `call_arguments`.

    A conversation may have thousands of calls, and their texts are nearly all what they should be:
    the JSON text of an object. A batch of them is looked through at once, which takes a tenth of
    the time of one by one.
    """
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        yield from _objects(batch) or map(_object, batch)


def arguments_text(value: msgspec.Raw) -> str:
    """The arguments of a tool call in Ollama's reply, as compact JSON text of an object; wrapped
    like those of `call_arguments`. Raises an error of `native.UNREADABLE` where they are not UTF-8
    or no JSON: a `msgspec.Raw` has been skipped over, not validated."""
    raw = bytes(value)
    if raw.startswith(b"{"):
        return msgspec.json.format(raw, indent=-1).decode()
    return bytes(_object(raw.decode())).decode()


def _objects(texts: Sequence[str]) -> list[msgspec.Raw] | None:
    """The objects that texts hold; None where one of them holds anything else, or what `_object`
    must look at."""
    try:
        written = [text.encode() or b"{}" for text in texts]
        joined = b"[%b]" % b",".join(written)
        found = _RAWS.decode(joined)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    # Of the same lengths, they lie where the texts do: none has the commas of another.
    if list(map(len, found)) != list(map(len, written)) or _may_hold_huge(joined):
        return None
    return found if [text[0] for text in written].count(_BRACE) == len(written) else None


def _object(text: str) -> msgspec.Raw:
    for _ in range(MAX_ENCODINGS):
        text = text.strip(_BLANKS)
        if text in ("", "null") or (text[0] == "[" and text[1:].strip(_BLANKS) == "]"):
            return _EMPTY
        try:
            written = mended_json(text.encode("utf-8", "replace"), _RAW)
            huge = _text_holds_huge(written)
        except (msgspec.DecodeError, RecursionError):
            break  # cut, or no JSON at all, or its numbers are out of range
        if huge:
            break
        if text[0] == "{":
            return written
        if text[0] != '"':
            return msgspec.Raw(b'{"%b":%b}' % (WRAPPER.encode(), bytes(written)))
        text = _STRING.decode(written)
    return msgspec.Raw(msgspec.json.encode({WRAPPER: text}))


def _text_holds_huge(text: msgspec.Raw) -> bool:
    """Whether a JSON text holds a number that is too large for a double, or may hold one and is too
    heavy to be parsed: nobody has weighed what stands in a string. Raises an error of
    `native.UNREADABLE`."""
    written = bytes(text)
    if not _may_hold_huge(written):
        return False
    try:
        refuse_heavy(written)
    except BadRequest:
        return True
    return _holds_huge(_ANY.decode(written))


def _may_hold_huge(written: bytes) -> bool:
    """Whether a JSON text has anything that looks like a number too large for a double. Takes about
    a nanosecond a byte, where a pattern takes 20 and more."""
    classes = written.translate(_CLASSES)
    return classes.find(_EXPONENT) >= 0 or classes.find(_MANY_DIGITS) >= 0  # `in` is slower


def _holds_huge(value: Any) -> bool:
    """Whether a number inside of a decoded value is beyond the range of a double. Of those, msgspec
    decodes integers alone."""
    level = [value]
    while level:
        if any(isinstance(node, int) and abs(node) > _MAX_DOUBLE for node in level):
            return True
        level = [child for node in level for child in _children(node)]
    return False


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()
