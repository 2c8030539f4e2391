"""Images for models that see, text files for all."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

from .ollama import ScriptedOllama, Talk
from .steps import LAST, answered


def png(width: int, height: int) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress((b"\x00" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def size(picture: str) -> tuple[int, int]:
    data = base64.b64decode(picture)
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def choose(page: Any, name: str) -> None:
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def attach(page: Any, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#attach")
    chooser.value.set_files(list(files))


def sent(page: Any, ollama: ScriptedOllama, words: str) -> Talk:
    (talk,) = ollama.talk()
    page.fill("#message", words)
    page.click("#send")
    assert talk.asked.wait(10)
    talk.say("I see.")
    talk.end()
    answered(page)
    return talk


def test_an_image_is_sent_smaller_and_shown(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    file = tmp_path / "wide.png"
    file.write_bytes(png(3072, 300))
    page.wait_for_selector(".tries button")
    choose(page, "seer")
    attach(page, file)
    page.wait_for_selector("#attachments img")
    talk = sent(page, ollama, "What is it?")
    (message,) = talk.request["messages"]
    assert message["content"] == "What is it?"
    assert [size(image) for image in message["images"]] == [(1536, 150)]
    assert page.locator(".turn.user img").count() == 1
    assert page.is_hidden("#attachments")
    page.reload()
    page.wait_for_selector(".turn.user img")


def test_a_pasted_image_is_attached_and_can_be_taken_off(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.wait_for_selector(".tries button")
    choose(page, "seer")
    paste = """(base64) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
        const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
        document.getElementById('message').dispatchEvent(event);
    }"""
    page.evaluate(paste, base64.b64encode(png(20, 10)).decode())
    page.wait_for_selector("#attachments img")
    page.click("#attachments [data-t-label='attach.remove']")
    assert page.is_hidden("#attachments")
    assert "images" not in sent(page, ollama, "Nothing.").request["messages"][0]


def test_a_model_that_does_not_see_is_given_no_image(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(png(4, 4))
    page.wait_for_selector(".tries button")
    attach(page, file)
    page.wait_for_selector("#toast:has-text('does not see images')")
    assert page.is_hidden("#attachments")


def test_a_text_file_is_read_along(page: Any, ollama: ScriptedOllama, tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Notes\n```\ncode\n```\n")
    page.wait_for_selector(".tries button")
    attach(page, file)
    page.wait_for_selector("#attachments .file:has-text('notes.md')")
    talk = sent(page, ollama, "Sum it up.")
    assert talk.request["messages"][0]["content"] == (
        "notes.md\n````\n# Notes\n```\ncode\n```\n````\n\nSum it up."
    )
    assert page.inner_text(".turn.user > .body") == "Sum it up."
    assert page.inner_text(f"{LAST} > .body") == "I see."


def test_a_file_that_is_neither_is_refused(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "data.bin"
    file.write_bytes(b"\xff\xfe\x00\x01")
    page.wait_for_selector(".tries button")
    attach(page, file)
    page.wait_for_selector("#toast:has-text('data.bin cannot be read')")
