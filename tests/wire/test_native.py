"""`wire.native`: what decides whether Ollama is there. The other shapes are tested where they are
translated."""

from __future__ import annotations

import pytest

from tornado_ollama.wire.native import ollama_version


def test_ollama_says_its_version() -> None:
    assert ollama_version(200, b'{"version": "0.32.15", "more": [1]}') == "0.32.15"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"version": "1"}'),
        (404, b'{"version": "1"}'),
        *((200, body) for body in (b"", b"{}", b"[]", b"<html>", b'{"version": 1}', b'"version"')),
        *((200, body) for body in (b'{"version": ""}', b'{"version": null}', b"\xff", b"[" * 9999)),
        (200, b'{"note": "the \\"version\\" is missing"}'),
    ],
)
def test_anything_else_is_no_ollama(status: int, body: bytes) -> None:
    assert ollama_version(status, body) is None
