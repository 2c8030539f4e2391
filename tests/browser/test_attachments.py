"""Images for models that see, text files for all."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .ollama import ScriptedOllama, Talk
from .steps import LAST, answered, case, choose_model, clear_toast, new_chat


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
    choose_model(page, "seer")
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


PASTE = """([base64, words]) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    if (words) data.setData('text/plain', words);
    data.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
    const init = { clipboardData: data, bubbles: true, cancelable: true };
    const event = new ClipboardEvent('paste', init);
    return document.getElementById('message').dispatchEvent(event);
}"""


def paste(page: Any, picture: bytes, words: str = "") -> bool:
    """A picture, and words with it. Whether the browser itself may paste."""
    return bool(page.evaluate(PASTE, [base64.b64encode(picture).decode(), words]))


def slowly(page: Any) -> None:
    """Images are decoded when the test says so: `decode()`."""
    page.evaluate(
        """() => {
            const real = window.createImageBitmap;
            const gate = new Promise((open) => { window.decode = open; });
            window.createImageBitmap = (file) => gate.then(() => real(file));
        }"""
    )


def test_a_sent_image_opens_large_and_closes(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    file = tmp_path / "wide.png"
    file.write_bytes(png(1200, 400))
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    attach(page, file)
    page.wait_for_selector("#attachments img")
    sent(page, ollama, "What is it?")
    small = page.locator(".attached img").bounding_box()["width"]
    page.focus(".attached .image-button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".image-view[open] img")
    assert page.locator(".image-view img").bounding_box()["width"] > small * 2
    page.keyboard.press("Escape")
    page.wait_for_selector(".image-view", state="detached")
    assert page.evaluate("document.activeElement.className") == "image-button"
    page.click(".attached img")
    page.click(".image-view [data-t-label='close']")
    page.wait_for_selector(".image-view", state="detached")


def test_a_pasted_image_is_attached_and_can_be_taken_off(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    paste(page, png(20, 10))
    page.wait_for_selector("#attachments img")
    page.click("#attachments [data-t-label='attach.remove']")
    assert page.is_hidden("#attachments")
    assert "images" not in sent(page, ollama, "Nothing.").request["messages"][0]


def test_an_image_pasted_just_before_enter_is_sent_with_the_words(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    slowly(page)
    (talk,) = ollama.talk()
    page.fill("#message", "What is it?")
    paste(page, png(20, 10))
    page.wait_for_selector("#attachments .preparing")
    page.press("#message", "Enter")
    assert page.get_attribute("#send", "aria-disabled") == "true"
    assert page.input_value("#message") == "What is it?"
    page.evaluate("decode()")
    assert talk.asked.wait(10)
    (message,) = talk.request["messages"]
    assert message["content"] == "What is it?" and len(message["images"]) == 1
    talk.end()


def test_what_waits_for_an_image_is_not_sent_when_the_image_is_refused(page: Any) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    slowly(page)
    page.fill("#message", "What is it?")
    paste(page, b"no picture")
    page.press("#message", "Enter")
    page.evaluate("decode()")
    page.wait_for_selector("#toast:has-text('cannot be read')")
    assert page.input_value("#message") == "What is it?"
    assert page.locator(".turn").count() == 0


def test_words_that_come_with_a_picture_of_themselves_are_pasted_as_words(page: Any) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    assert paste(page, png(20, 10), "A1\tB1\nA2\tB2")
    assert page.is_hidden("#attachments")
    assert not paste(page, png(20, 10), "/home/ada/pasted.png")
    page.wait_for_selector("#attachments img")


def test_an_image_is_not_sent_to_a_model_chosen_later_that_does_not_see(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    paste(page, png(20, 10))
    page.wait_for_selector("#attachments img")
    choose_model(page, "talker")
    page.fill("#message", "What is it?")
    page.press("#message", "Enter")
    page.wait_for_selector("#toast:has-text('talker:3b cannot see images')")
    assert page.input_value("#message") == "What is it?"
    assert page.locator("#attachments img").count() == 1
    choose_model(page, "seer")
    assert len(sent(page, ollama, "What is it?").request["messages"][0]["images"]) == 1


def test_what_is_transparent_stays_so(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(4, 4);
            canvas.getContext('2d').fillRect(0, 0, 2, 2);
            const blob = await canvas.convertToBlob({ type: 'image/webp' });
            const data = new DataTransfer();
            data.items.add(new File([blob], 'a.webp', { type: 'image/webp' }));
            const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true });
            document.body.dispatchEvent(drop);
        }"""
    )
    page.wait_for_selector("#attachments img[src^='data:image/png']")


def test_a_model_that_does_not_see_is_given_no_image(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(png(4, 4))
    page.wait_for_selector(".tries button")
    attach(page, file)
    page.wait_for_selector("#toast [data-t='attach.blind']")
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


def test_a_text_is_read_in_the_usual_encodings(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    page.wait_for_selector(".tries button")
    for name, data, text in (
        ("drawing.svg", b"<svg>\xc3\xa9</svg>", "<svg>é</svg>"),
        ("notepad.txt", "Grüße".encode("utf-16"), "Grüße"),
        ("big-endian.txt", b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
        ("合同.txt", "甲方：张三，ABC 公司".encode("gb18030"), "甲方：张三，ABC 公司"),
    ):
        with case(name):
            file = tmp_path / name
            file.write_bytes(data)
            attach(page, file)
            page.wait_for_selector("#attachments .file")
            content = sent(page, ollama, "Read.").request["messages"][0]["content"]
            assert content == f"{name}\n```\n{text}\n```\n\nRead."
            new_chat(page)


def test_a_file_that_is_neither_is_refused(page: Any, tmp_path: Path) -> None:
    """Accents alone among letters are no Chinese."""
    file = tmp_path / "data.bin"
    page.wait_for_selector(".tries button")
    for data in (b"\x7fELF\x02\x01\x01", "déjà vu à Öland".encode("latin-1")):
        with case(data):
            file.write_bytes(data)
            attach(page, file)
            page.wait_for_selector("#toast:has-text('data.bin cannot be read')")
            clear_toast(page)


def test_a_picture_that_only_phones_can_read_is_named(page: Any, tmp_path: Path) -> None:
    file = tmp_path / "IMG_0001.HEIC"
    file.write_bytes(b"\0\0\0\x18ftypheic")
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    attach(page, file)
    page.wait_for_selector("#toast:has-text('Save it as JPEG')")


def test_many_files_leave_the_send_button_on_a_small_screen(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_page(width=360, height=740)
    page.wait_for_selector(".tries button")
    files = [tmp_path / f"{'a-very-long-name-' * 5}{number}.txt" for number in range(21)]
    for file in files:
        file.write_text("x")
    attach(page, *files)
    page.wait_for_selector("#toast:has-text('No more than 20 files')")
    page.wait_for_selector("#attachments .preparing", state="detached")
    assert page.locator("#attachments .file").count() == 20
    send = page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= 740
    assert page.locator("#attachments .file").first.bounding_box()["height"] < 44
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_files_that_are_too_large_alone_or_together_are_refused(page: Any, tmp_path: Path) -> None:
    page.wait_for_selector(".tries button")
    for name, size in {"one": 390, "two": 390, "three": 390, "four": 401}.items():
        (tmp_path / name).write_text("x" * size * 1000)
    attach(page, tmp_path / "one", tmp_path / "two", tmp_path / "three")
    page.wait_for_selector("#toast:has-text('three was left out')")
    attach(page, tmp_path / "four")
    page.wait_for_selector("#toast:has-text('four is too large')")
    assert "up to 400 kB" in page.inner_text("#toast")
    assert page.locator("#attachments .file").count() == 2


def test_attachments_belong_to_their_chat_and_outlive_a_reload(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("of the first")
    (tmp_path / "b.md").write_text("of a new one")
    sent(page, ollama, "First.")
    attach(page, tmp_path / "a.md")
    page.wait_for_selector("#attachments .file:has-text('a.md')")
    page.click("#new-chat")
    assert page.is_hidden("#attachments")
    attach(page, tmp_path / "b.md")
    page.wait_for_selector("#attachments .file:has-text('b.md')")
    page.go_back()
    page.wait_for_selector("#attachments .file:has-text('a.md')")
    page.reload()
    page.wait_for_selector("#attachments .file:has-text('a.md')")
    assert page.locator("#attachments .file").count() == 1
    talk = sent(page, ollama, "Second.")
    assert "of the first" in talk.request["messages"][-1]["content"]
    assert page.is_hidden("#attachments")
    page.click("#new-chat")
    page.wait_for_selector("#attachments .file:has-text('b.md')")


def test_a_dropped_folder_is_refused_in_words_and_files_beside_it_are_taken(page: Any) -> None:
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            for (const name of ['photos', 'notes.md']) transfer.items.add(new File(['x'], name));
            const entry = DataTransferItem.prototype.webkitGetAsEntry;
            DataTransferItem.prototype.webkitGetAsEntry = function () {
                const { name } = this.getAsFile();
                return { name, isDirectory: name === 'photos' };
            };
            document.body.dispatchEvent(
                new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }"""
    )
    page.wait_for_selector("#toast:has-text('photos is a folder')")
    page.wait_for_selector("#attachments .file:has-text('notes.md')")
    assert page.locator("#attachments .file").count() == 1
