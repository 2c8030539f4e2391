"""Where a request's body ends (RFC 9112, section 6.3)."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.framing import body_length, check_framing, has_body

LENGTH, ENCODING = "Content-Length", "Transfer-Encoding"

GOOD: list[tuple[dict[str, str], int | None, bool]] = [
    ({}, None, False),
    ({LENGTH: "0"}, 0, False),
    ({LENGTH: "17"}, 17, True),
    ({LENGTH: "17, 17"}, 17, True),
    ({LENGTH: "9" * 18}, int("9" * 18), True),
    ({ENCODING: "chunked"}, None, True),
    ({ENCODING: "Chunked"}, None, True),
]


@pytest.mark.parametrize(("pairs", "length", "body"), GOOD)
def test_a_certain_end_passes(pairs: dict[str, str], length: int | None, body: bool) -> None:
    headers = HTTPHeaders(pairs)
    check_framing(headers)
    assert (body_length(headers), has_body(headers)) == (length, body)


@pytest.mark.parametrize(
    "pairs",
    [
        {LENGTH: value}
        for value in ("", "x", "-1", "+1", "1.0", "0x1", "1 1", "1, 2", "1,", "١", "9" * 19)
    ]
    + [
        {ENCODING: "gzip, chunked"},
        {ENCODING: "identity"},
        {ENCODING: "chunked,chunked"},
        {ENCODING: ""},
        {ENCODING: "chunked", LENGTH: "3"},
    ],
)
def test_an_uncertain_end_is_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        check_framing(HTTPHeaders(pairs))
