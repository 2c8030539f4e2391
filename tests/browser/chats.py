"""Chats of any length, put on the device as files that the page reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def chat_of(messages: list[dict[str, Any]], title: str = "A long one") -> dict[str, Any]:
    """A chat in the form of the page's export: each message stands below the one before."""
    said = [
        {
            "id": str(number),
            "parent": str(number - 1) if number else None,
            "role": "user" if number % 2 == 0 else "assistant",
            "model": "talker:3b",
            "state": "done",
            "at": number + 1,
            **message,
        }
        for number, message in enumerate(messages)
    ]
    return {"chat": {"title": title, "updatedAt": 1}, "messages": said}


def bring_chat(page: Any, directory: Path, chat: dict[str, Any]) -> None:
    """Reads a file with a chat titled `A long one`, and opens that chat."""
    file = directory / "chats.json"
    file.write_text(json.dumps({"format": "tornado-ollama/chats", "version": 1, "chats": [chat]}))
    page.click("#menu-button")
    with page.expect_file_chooser() as chooser:
        page.click("#menu .menu-row:has([data-t='import.menu'])")
    chooser.value.set_files(file)
    page.wait_for_selector("#toast:has-text('Chats imported: 1')")
    page.click("#side-toggle")
    page.click(".chat-open:has-text('A long one')")


def open_chat(page: Any, directory: Path, messages: list[dict[str, Any]]) -> None:
    """Reads a chat of these messages, and opens it."""
    bring_chat(page, directory, chat_of(messages))
    page.wait_for_selector(".turn.assistant > .body:visible")
    page.click("#side-toggle")
