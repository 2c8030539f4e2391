"""A chat leaves the page as HTML, or on paper, without anything in it coming to life."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .chats import open_chat
from .exports import PIXEL

SCRIPT = "<script>window.pwned=1</script><img src=https://evil.example/x onerror=window.pwned=1>"


def save(page: Any, form: str) -> None:
    page.click("#side-toggle")
    page.hover(".chat-row")
    page.click(".chat-row [data-t-label='chats.more']")
    page.click(f"#popup-menu .menu-row:has([data-t='chats.save.{form}'])")


def a_chat(page: Any, tmp_path: Path) -> None:
    call = {"function": {"name": "look", "arguments": {"at": SCRIPT}}}
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    messages: list[dict[str, Any]] = [
        {"content": f"Question {SCRIPT}", "images": [PIXEL], "files": [{"name": "f", "text": "T"}]},
        {"content": "", "thinking": f"Thought {SCRIPT}", "toolCalls": [call], "toolResults": ["R"]},
        {"content": "And?"},
        {"content": f"**Bold** $x^2$ {SCRIPT}\n\n{table}\n\n```html\n{SCRIPT}\n```"},
    ]
    open_chat(page, tmp_path, messages)


def test_html_shows_what_the_page_shows_and_runs_nothing(
    page: Any, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    a_chat(page, tmp_path)
    with page.expect_download() as download:
        save(page, "html")
    assert download.value.suggested_filename == "A long one.html"
    file = tmp_path / "chat.html"
    download.value.save_as(file)
    assert "window.pwned=1" in file.read_text(encoding="utf-8")
    other = page.context.new_page()
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(file.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert other.evaluate("window.pwned") is None
    assert other.title() == "A long one"
    assert other.inner_text("article:last-of-type strong") == "Bold"
    assert other.locator("article table td").count() == 2
    assert other.locator("script, button, article img[src^='http']").count() == 0
    assert other.evaluate("document.querySelector('article img').naturalWidth") == 1
    for words in ("Question <script>", "Thought <script>", "look", "R", "T"):
        assert words in other.text_content("body")
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_printing_opens_the_chat_that_is_meant_first(page: Any, tmp_path: Path) -> None:
    a_chat(page, tmp_path)
    page.click("#new-chat")
    page.evaluate("window.print = () => { window.printed = document.title; }")
    save(page, "print")
    page.wait_for_function("() => window.printed === 'A long one · tornado-ollama'")
