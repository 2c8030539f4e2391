"""Thoughts between tags are told from the answer however the pieces are cut."""

from __future__ import annotations

from typing import Any

from .steps import case

FEED = """async (pieces) => {
    const { ThinkTags } = await import('/static/js/chat/think_tags.js');
    const tags = new ThinkTags();
    const parts = [...pieces.map((piece) => tags.feed(piece)), tags.close()];
    const joined = (name) => parts.map((part) => part[name]).join('');
    return [joined('thinking'), joined('content')];
}"""

CASES = {
    "<think>\nOne, a < b\n</think>\n\nTwo <think>.": ("One, a < b\n", "Two <think>."),
    "<think></think>Two": ("", "Two"),
    "<think>x<\n/think></think>y": ("x<\n/think>", "y"),
    " \n<think>never closed": ("never closed", ""),
    "<thinking> is a word": ("", "<thinking> is a word"),
    "First <think>not here</think>": ("", "First <think>not here</think>"),
    "<thi": ("", "<thi"),
}


def test_every_split_gives_the_same(page: Any) -> None:
    for text, told in CASES.items():
        cuts = [[text], list(text), *([text[:at], text[at:]] for at in range(1, len(text)))]
        with case(text):
            assert {tuple(page.evaluate(FEED, cut)) for cut in cuts} == {told}
