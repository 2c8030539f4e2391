"""What other programs export is read as far as it can be, and what cannot be is told."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from . import exports
from .exports import MAKERS, ONE_CHAT_A_FILE, WITHOUT_TOOLS
from .steps import LAST, case, clear_toast, texts
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


def test_a_chat_of_each_program_is_read_with_thoughts_tools_and_branches(
    page: Any, tmp_path: Path
) -> None:
    for name in MAKERS:
        with case(name):
            is_read_whole(page, tmp_path, name)
            page.click("#side-toggle")
            page.click("#menu-button")
            page.click("#menu .menu-row:has([data-t='chats.removeAll'])")
            page.click("#ask .button.bad")
            page.wait_for_selector("#toast [data-t='chats.allGone']")
            page.wait_for_selector(".tries button")


def is_read_whole(page: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(MAKERS[name](1))
    bring(page, file)
    page.wait_for_selector("#toast:has-text('Chats imported: 1')")
    page.click("#side-toggle")
    page.click(f".chat-open:has-text('{exports.title(0)}')")
    page.wait_for_selector(f"{LAST} strong:has-text('7')")
    assert texts(page)[-1] == "It is 7 degrees."
    assert page.inner_text(".turn.user .body").endswith(exports.QUESTION)
    assert page.locator(".by").all_inner_texts() == [exports.MODEL] * page.locator(".by").count()
    assert page.locator(".thinking").first.text_content().endswith(exports.THOUGHTS)
    assert page.locator(".turn.assistant .thinking:visible").count() == 1
    if name not in WITHOUT_TOOLS:
        card = page.locator(".turn.assistant .tool")
        assert card.count() == 1
        assert exports.TOOL in card.text_content()
        assert '"city": "Oslo"' in card.text_content()
        assert exports.RESULT in card.text_content()
        assert page.locator(".tool textarea").count() == 0
    has_branches = not name.startswith(("lobe", "page"))
    assert page.locator(".branch .mark:has-text('/2')").count() == has_branches
    has_image = name in ("chatgpt.zip", "page-assist.json")
    assert page.locator(".turn.user img").count() == has_image
    if name == "chatgpt.json":
        assert "A file that the export does not hold" in page.inner_text(".turn.user .body")


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - ONE_CHAT_A_FILE))
def test_a_thousand_chats_are_read(page: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(MAKERS[name](1000))
    bring(page, file)
    page.wait_for_selector("#toast:has-text('Chats imported: 1,000')")
    page.click("#side-toggle")
    page.wait_for_function("() => document.querySelectorAll('.chat-row').length === 1000")


def test_a_broken_file_of_each_program_does_no_harm(page: Any, tmp_path: Path) -> None:
    """Cut in the middle, and with a value of another type in the place of every other."""
    odds: tuple[Any, ...] = (None, 7, [[]], {"id": "q"})
    for name, made in MAKERS.items():
        whole = made(2)
        file = tmp_path / name
        with case(name):
            bring_and_be_told(page, file, whole[: len(whole) // 2])
            is_lines = name.endswith(".jsonl")  # what is whole of these is read
            assert is_lines or exports_are_named(page)
            for odd in odds:
                bring_and_be_told(page, file, spoilt(whole, name, odd))


def bring_and_be_told(page: Any, file: Path, data: bytes) -> None:
    clear_toast(page)
    file.write_bytes(data)
    bring(page, file)
    page.wait_for_selector("#toast .words")


def exports_are_named(page: Any) -> bool:
    said = page.inner_text("#toast")
    return all(program in said for program in ("ChatGPT", "LibreChat", "Page Assist"))


def spoilt(whole: bytes, name: str, odd: Any) -> bytes:
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(whole)) as packed:
            inside = {one: packed.read(one) for one in packed.namelist()}
        for one in inside:
            if one.endswith((".json", ".jsonl")):
                inside[one] = spoilt(inside[one], one, odd)
        return exports.archive(**inside)
    if name.endswith(".jsonl"):
        lines = [json.loads(line) for line in whole.splitlines()]
        return b"\n".join(json.dumps(odder(line, odd)).encode() for line in lines)
    return json.dumps(odder(json.loads(whole), odd)).encode()


def odder(value: Any, odd: Any, depth: int = 0) -> Any:
    """The value with `odd` for every other leaf, and for every third thing deep inside."""
    if isinstance(value, dict):
        return {
            key: odd if depth > 3 and index % 3 == 2 else odder(one, odd, depth + 1)
            for index, (key, one) in enumerate(value.items())
        }
    if isinstance(value, list):
        return [*(odder(one, odd, depth + 1) for one in value), odd]
    return odd if depth % 2 and depth > 3 else value


def test_a_chat_in_a_circle_is_read(page: Any, tmp_path: Path) -> None:
    chat = exports.chatgpt_chat(0)
    chat["mapping"]["question"]["parent"] = "answer"
    chat["mapping"]["thoughts"]["parent"] = "recap"
    chat["mapping"]["recap"]["parent"] = "thoughts"
    bring(page, write(tmp_path, chat))
    page.wait_for_selector("#toast:has-text('Chats imported: 1')")


ZIPS = {
    "not-an-archive.zip": b"PK\x03\x04 and nothing more",
    "no-json.zip": exports.archive(**{"picture.png": b"x"}),
    "empty.json": b"",
    "words.txt": b"Just words.",
    "settings.json": json.dumps({"exportType": "settings", "state": {}, "version": 7}).encode(),
}


def test_what_cannot_be_read_is_named_with_what_can(page: Any, tmp_path: Path) -> None:
    for name, data in ZIPS.items():
        with case(name):
            file = tmp_path / name
            file.write_bytes(data)
            bring(page, file)
            page.wait_for_selector(f"#toast:has-text('{name}')")
            assert exports_are_named(page)
            page.click("#menu-button")
            page.check("#menu input[value='zh-CN']")
            page.wait_for_selector("#toast:has-text('可以读取的文件')")
            page.check("#menu input[value='en']")
            page.keyboard.press("Escape")
            page.wait_for_selector("#menu", state="hidden")


@cache
def blanks() -> bytes:
    """An archive of 300 MB of blanks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("conversations.json", b"[" + b" " * 300_000_000)
    return out.getvalue()


def bomb(claimed: int) -> bytes:
    """As if what is in it were `claimed` bytes."""
    whole = bytearray(blanks())
    entry = whole.rindex(b"PK\x01\x02")
    struct.pack_into("<I", whole, entry + 24, claimed)
    return bytes(whole)


@pytest.mark.parametrize(("claimed", "why"), [(300_000_001, "large"), (1000, "zip")])
def test_an_archive_that_unpacks_to_too_much_is_refused(
    page: Any, tmp_path: Path, claimed: int, why: str
) -> None:
    file = tmp_path / "bomb.zip"
    file.write_bytes(bomb(claimed))
    bring(page, file)
    page.wait_for_selector(f"#toast [data-t='import.failed.{why}']")


def test_nothing_of_reading_files_is_fetched_before_it_is_used(page: Any, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector(".tries button")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "chat_files" in url]
    bring(page, write(tmp_path, exports.chatgpt_chat(0)))
    page.wait_for_selector("#toast:has-text('Chats imported: 1')")
    assert len([url for url in asked if "chat_files" in url and url.endswith(".js")]) == 1


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_on_a_phone_chats_are_brought_by_keyboard_alone(
    open_page: Callable[..., Any], tmp_path: Path, locale: str
) -> None:
    page = open_page(width=360, height=640, locale=locale)
    page.wait_for_selector(".tries button")
    title = "A title of many words, " * 5
    file = write(tmp_path, exported("Read.", title=title), {"chat": {}})
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    page.focus("#menu-button")
    page.keyboard.press("Enter")
    page.focus("#menu .menu-row:has([data-t='import.menu'])")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toast:visible")
    box = page.locator("#toast").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.focus("#side-toggle")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chat-open")
    page.focus(".chat-open")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{LAST} .body:has-text('Read.')")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
