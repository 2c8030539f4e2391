"""`wire.ignored_fields`: what a client chose is repeated only as far as it is a name."""

from __future__ import annotations

import pytest

from tornado_ollama.wire.ignored_fields import header_value, shown


def test_names_are_repeated_once_in_their_order() -> None:
    assert shown(["b", "a.c", "tools[0]", "b"]) == ("b", "a.c", "tools[0]")


@pytest.mark.parametrize(
    "name",
    ["", "x" * 49, "two words", "a,b", "a\r\nSet-Cookie: x=1", "größe", "\0", "\ud83d", "{}"],
)
def test_what_is_no_name_is_not_repeated(name: str) -> None:
    assert shown([name, "b", name + "!"]) == ("?", "b")


def test_names_are_bounded_in_number_and_length() -> None:
    found = shown(f"{n:048}" for n in range(10**6))
    assert len(found) == 20
    assert len(header_value(found)) <= 1024
    assert header_value(found).isascii()


def test_nothing_ignored_is_nothing_said() -> None:
    assert shown([]) == ()
