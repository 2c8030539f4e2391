"""`wire.rfc6455`: the three forms of a length (RFC 6455, sections 5.2 and 5.7)."""

from __future__ import annotations

import pytest

from tornado_ollama.wire.rfc6455 import text_frame


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "81 00"),
        (5, "81 05"),
        (125, "81 7d"),
        (126, "81 7e 00 7e"),
        (256, "81 7e 01 00"),
        (65535, "81 7e ff ff"),
        (65536, "81 7f 00 00 00 00 00 01 00 00"),
    ],
)
def test_a_frame_begins_with_its_length(size: int, head: str) -> None:
    payload = b"x" * size
    assert text_frame(payload) == bytes.fromhex(head) + payload
