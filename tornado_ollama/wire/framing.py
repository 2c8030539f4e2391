"""Finds where a request's body ends, from the request's headers; refuses headers that leave it
ambiguous.

A gateway and the server behind it must never disagree about it, or a body could hide a second
request (RFC 9112, section 6.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import BadRequest

MAX_LENGTH_DIGITS = 18
"""Of a Content-Length: an exabyte is enough, and fits Tornado's own counting."""


def check_framing(headers: Mapping[str, str]) -> None:
    """Raises BadRequest where the headers do not say for certain where the body ends."""
    encoding = headers.get("Transfer-Encoding")
    if encoding is not None and (encoding.lower() != "chunked" or "Content-Length" in headers):
        raise BadRequest("Transfer-Encoding must be chunked, without a Content-Length.")
    body_length(headers)


def body_length(headers: Mapping[str, str]) -> int | None:
    """The declared length of the body in bytes; None where it is not declared. A length repeated
    with the same number is one (RFC 9110, section 8.6). Raises BadRequest for a value that is not a
    number."""
    declared = headers.get("Content-Length")
    if declared is None:
        return None
    said = {length.strip() for length in declared.split(",")}
    length = said.pop()
    if said or not (length.isascii() and length.isdigit()) or len(length) > MAX_LENGTH_DIGITS:
        raise BadRequest("Content-Length must be one number of bytes.")
    return int(length)


def has_body(headers: Mapping[str, str]) -> bool:
    """Whether a body follows; also true for an empty one in chunks."""
    return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"
