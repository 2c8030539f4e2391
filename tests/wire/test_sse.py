from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.wire import sse


def test_an_event_is_one_data_line_and_a_blank_one() -> None:
    assert sse.event(b'{"a":1}') == b'data: {"a":1}\n\n'


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\n"])
def test_no_character_of_a_text_ends_a_line(character: str) -> None:
    event = sse.event(msgspec.json.encode({"content": f"a{character}b猫"}))
    assert len(event.decode().splitlines()) == 2
    assert json.loads(event[6:])["content"] == f"a{character}b猫"


@given(st.text())
def test_a_safe_line_says_the_same(text: str) -> None:
    line = sse.safe_line(msgspec.json.encode(text))
    assert json.loads(line) == text
    assert len(line.decode().splitlines()) == 1


def test_a_keep_alive_is_a_comment_that_belongs_to_the_event_after_it() -> None:
    assert sse.KEEP_ALIVE.startswith(b":")
    assert sse.KEEP_ALIVE.endswith(b"\n") and sse.KEEP_ALIVE.count(b"\n") == 1
