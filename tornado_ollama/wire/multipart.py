"""Finds the models that a multipart form names (`/v1/audio/transcriptions`).

Reads only what the authorisation of a credential with restricted models needs. Ollama parses the
form with another parser, Go's `net/http` and `mime/multipart`; so only forms that no two parsers
could read differently are accepted (RFC 7578 as browsers and SDKs write it). Refused although Go
would accept or change them: line ends other than CRLF, text before the first delimiter, space after
one, folded headers, `name*`, escapes in names, transfer encodings, and fields in the URL's query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import BadRequest

MAX_PARTS = 1000
"""Go's own limit of a form's parts (`mime/multipart`)."""

MAX_HEAD_BYTES = 8 * 1024
"""Of one part's headers; they hold a name and a file name."""

MAX_MODEL_BYTES = 4096
"""Of the field `model`; above any name Ollama takes."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
"""RFC 2046, section 5.1.1."""

_PARAMETER = re.compile(
    r'[ \t]*;[ \t]*([A-Za-z0-9._-]+\*?)=(?:"([^"\\\x00-\x1f\x7f]*)"|([A-Za-z0-9!#$%&\'*+.^_`|~-]+))'
)
_HEADER = re.compile(rb"([A-Za-z0-9-]+):([^\x00\r\n]*)")

_IDENTITY = frozenset((b"7bit", b"8bit", b"binary"))
"""Transfer encodings that change nothing; Go would decode `quoted-printable`."""


def named_models_in_form(content_type: str, query: str, body: bytes) -> list[str]:
    """The values of all fields called `model`, in any case.

    `query` is the URL's: Go reads fields from there too, and first. Raises BadRequest when the
    form names no model, or could be read in two ways.
    """
    if query:
        raise BadRequest("The fields of this form belong into its body, not into the URL's query.")
    models = [
        _text(body[start:end])
        for name, start, end in _fields(_boundary(content_type), body)
        if name.casefold() == "model"
    ]
    if not models:
        raise BadRequest("The form names no model; add the field `model`.", param="model")
    return models


def _boundary(content_type: str) -> bytes:
    parameters = _parameters(content_type, "multipart/form-data")
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary) or not parameters.keys() <= {"boundary", "charset"}:
        raise _unreadable("its Content-Type has no plain boundary")
    return boundary.encode("ascii")


def _fields(boundary: bytes, body: bytes) -> Iterator[tuple[str, int, int]]:
    """The name of each field, and the start and end of its value in the body. Raises BadRequest for
    a form that could be read in two ways."""
    delimiter = b"--" + boundary
    at = len(delimiter)
    if not body.startswith(delimiter + b"\r\n"):
        raise _unreadable("it does not start with its boundary")
    for _ in range(MAX_PARTS):
        start = at + 2
        end = body.find(delimiter, start)
        if end < 0 or body[end - 2 : end] != b"\r\n":
            raise _unreadable("its boundary is missing at the end, or stands within a part")
        head = body.find(b"\r\n\r\n", start, min(end - 2, start + MAX_HEAD_BYTES))
        if head < 0:
            raise _unreadable("a part has no headers, or too many, or no blank line after them")
        yield _name(body[start:head]), head + 4, end - 2
        at = end + len(delimiter)
        if body[at : at + 2] != b"\r\n":
            if body[at : at + 5] not in (b"--", b"--\r\n"):
                raise _unreadable("something follows its last boundary")
            return
    raise _unreadable(f"it has more than {MAX_PARTS} parts")


def _name(head: bytes) -> str:
    """The field's name, from the headers of its part."""
    dispositions = []
    for line in head.split(b"\r\n"):
        header = _HEADER.fullmatch(line)
        if header is None:
            raise _unreadable("a part's header is not `Name: value`")
        name, value = header[1].lower(), header[2].strip(b" \t")
        if name == b"content-disposition":
            dispositions.append(value.decode("latin-1"))
        elif name == b"content-transfer-encoding" and value.lower() not in _IDENTITY:
            raise _unreadable("a part has a Content-Transfer-Encoding")
    if len(dispositions) != 1:
        raise _unreadable("a part does not have one Content-Disposition")
    field = _parameters(dispositions[0], "form-data").get("name")
    if field is None:
        raise _unreadable("a part has no name")
    return field


def _parameters(value: str, kind: str) -> dict[str, str]:
    """The parameters of a header whose first word is `kind`; keys in lower case."""
    if not value[: len(kind)].isascii() or value[: len(kind)].lower() != kind:
        raise _unreadable(f"a header is not `{kind}`")
    found: dict[str, str] = {}
    at = len(kind)
    while at < len(value):
        parameter = _PARAMETER.match(value, at)
        if parameter is None:
            raise _unreadable(f"the parameters of `{kind}` are not plain")
        key = parameter[1].lower()
        text = parameter[3] if parameter[2] is None else parameter[2]
        if key in found or (key.endswith("*") and key != "filename*"):
            raise _unreadable(f"the parameters of `{kind}` are ambiguous")
        found[key] = text
        at = parameter.end()
    return found


def _text(value: bytes) -> str:
    if len(value) > MAX_MODEL_BYTES:
        raise BadRequest("The form's field `model` is too long.", param="model")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The form's field `model` is not UTF-8.", param="model") from None


def _unreadable(why: str) -> BadRequest:
    return BadRequest(f"The form could not be read as multipart/form-data: {why}.")
