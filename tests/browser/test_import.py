"""What other programs export is read as far as it can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .steps import LAST, texts
from .test_library import bring

REASONING = (
    '<details type="reasoning" done="true" duration="7">\n<summary>Thought for 7 s</summary>\n'
    "&gt; Is 1 &lt; 2?\n&gt; Yes.\n</details>\nIt is."
)


def exported(*answers: Any, **chat: Any) -> dict[str, Any]:
    """A chat as Open WebUI exports it."""
    messages: dict[str, Any] = {"q": {"id": "q", "parentId": None, "role": "user", "content": "Hi"}}
    last = "q"
    for number, content in enumerate(answers):
        key = f"a{number}"
        messages[key] = {"id": key, "parentId": last, "role": "assistant", "content": content}
        last = key
    return {"chat": {"history": {"messages": messages, "currentId": last}, **chat}}


def write(tmp_path: Path, *chats: Any) -> Path:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(chats))
    return file


def test_content_in_parts_is_read_as_text_and_a_chat_without_a_title_is_untitled(
    page: Any, tmp_path: Path
) -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "odd"}, {"type": "text", "text": "two"}]
    bring(page, write(tmp_path, exported(parts)))
    page.click("#side-toggle")
    page.click(".chat-open:has-text('Untitled')")
    page.wait_for_selector(f"{LAST} .body:has-text('two')")
    assert texts(page)[-1].split() == ["One", "two"]


def test_thoughts_are_told_from_the_answer(page: Any, tmp_path: Path) -> None:
    bring(page, write(tmp_path, exported(REASONING, title="Thoughtful")))
    page.click("#side-toggle")
    page.click(".chat-open:has-text('Thoughtful')")
    page.wait_for_selector(f"{LAST} .body:has-text('It is.')")
    assert texts(page)[-1] == "It is."
    page.click(f"{LAST} .thinking summary:has-text('7')")
    assert page.inner_text(f"{LAST} .thinking").endswith("Is 1 < 2?\nYes.")


def test_a_broken_chat_is_skipped_and_counted(page: Any, tmp_path: Path) -> None:
    broken = {"chat": {"title": "Broken", "history": {"messages": None}}}
    bring(page, write(tmp_path, exported("Ho", title="Good"), broken, {"chat": None}, 7))
    toast = "Chats imported: 1. Skipped, because they could not be read: 3"
    page.wait_for_selector(f"#toast:has-text('{toast}')")
    page.click("#side-toggle")
    assert page.locator(".chat-title").all_inner_texts() == ["Good"]
