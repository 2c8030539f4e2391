"""PDF files: their text goes along with a message."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import pdfs
from .hostile_pdfs import laughing
from .ollama import ScriptedOllama
from .steps import case, choose_model, clear_toast, exchange
from .test_accessibility import complaints
from .test_attachments import attach, sent
from .test_languages import strings
from .test_library import choose as choose_for_chat

CHIP = "#attachments .file"
FULL = "\n".join(["words " * 10] * 50)
"""A page of text: three thousand characters."""


def give(page: Any, tmp_path: Path, data: bytes, name: str = "report.pdf") -> None:
    file = tmp_path / name
    file.write_bytes(data)
    page.wait_for_selector(".tries button")
    attach(page, file)


def test_the_text_of_a_pdf_goes_along_page_by_page(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    give(page, tmp_path, pdfs.pdf("Title\nA (first) line", "", "The end"))
    page.wait_for_selector(f"{CHIP}:has-text('pages: 3')")
    content = sent(page, ollama, "Sum it up.").request["messages"][0]["content"]
    assert content == (
        "report.pdf\n```\n--- page 1 of 3 ---\nTitle\nA (first) line\n\n--- page 2 of 3 ---\n\n\n"
        "--- page 3 of 3 ---\nThe end\n```\n\nSum it up."
    )
    assert page.evaluate("document.querySelectorAll('iframe').length") == 0


def test_a_chinese_text_is_read_by_a_table_that_only_its_name_says(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    give(page, tmp_path, pdfs.chinese("合同：甲方"))
    page.wait_for_selector(f"{CHIP}:has-text('pages: 1')")
    assert "合同：甲方" in sent(page, ollama, "Read.").request["messages"][0]["content"]


def test_what_has_no_text_to_give_is_told_in_words(page: Any, tmp_path: Path) -> None:
    for name, data, words in (
        ("password", pdfs.protected(b"secret"), "protected by a password"),
        ("broken", b"%PDF-1.7\nno more", "as a PDF it is broken"),
        ("empty", b"", "as a PDF it is broken"),
        ("scanned", pdfs.scanned(), "has no text"),
    ):
        with case(name):
            give(page, tmp_path, data)
            page.wait_for_selector(f"#toast:has-text('{words}')")
            assert page.is_hidden("#attachments")
            assert page.evaluate("document.querySelectorAll('iframe').length") == 0
            clear_toast(page)


def test_of_several_files_it_is_told_of_each_that_is_left_out(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_page(width=360)
    files = [tmp_path / name for name in ("locked.pdf", "broken.pdf", "good.pdf", "letter.docx")]
    data = (pdfs.protected(b"secret"), b"%PDF-1.7", pdfs.pdf("Words"), b"PK")
    for file, content in zip(files, data, strict=True):
        file.write_bytes(content)
    attach(page, *files)
    page.wait_for_selector("#toast:has-text('letter.docx')")
    told = page.locator("#toast .line").all_inner_texts()
    assert [words.split()[0] for words in told] == ["locked.pdf", "broken.pdf", "letter.docx"]
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    toast, box = (page.locator(place).bounding_box() for place in ("#toast", "#composer"))
    assert toast["y"] + toast["height"] <= box["y"]  # also with what is attached
    attach(page, files[0])
    page.wait_for_selector("#toast .line:last-child:has-text('locked.pdf')")
    assert page.locator("#toast .line").count() == 3  # the same is not told twice


SOONER = """(() => {
    const wait = window.setTimeout;
    window.setTimeout = (work, ms) => wait(work, ms === 30_000 ? 4_000 : ms);
})()"""
"""A frame may be silent for four seconds, not thirty."""


def test_a_page_that_never_ends_leaves_those_before_it(
    open_page: Callable[..., Any], ollama: ScriptedOllama, tmp_path: Path
) -> None:
    page = open_page(before=lambda page: page.add_init_script(SOONER))
    give(page, tmp_path, laughing(12, before=3))
    page.wait_for_selector(f"{CHIP}:has-text('page 3 of 4')")
    page.wait_for_selector("#toast:has-text('Of report.pdf only pages 1 to 3 of 4')")
    page.wait_for_selector(f"{CHIP}:has-text('pages: 4')")
    content = sent(page, ollama, "Read.").request["messages"][0]["content"]
    assert "--- page 3 of 4 ---" in content and "page 4 of 4" not in content


def test_a_text_that_is_too_long_is_cut_at_a_page(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    give(page, tmp_path, pdfs.pdf(*[FULL] * 200))
    page.wait_for_selector("#toast:has-text('of 200 were attached')")
    [last] = re.findall(r"pages 1 to (\d+) of 200", page.inner_text("#toast"))
    content = sent(page, ollama, "Read.").request["messages"][0]["content"]
    assert 390_000 < len(content) < 400_100
    assert re.findall(r"--- page (\d+) of 200 ---", content)[-1] == last


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_file_is_dropped_while_it_is_read_by_keyboard_alone(
    open_page: Callable[..., Any], tmp_path: Path, width: int, locale: str
) -> None:
    page = open_page(width=width, height=740, locale=locale)
    words = strings("zh-CN" if locale == "zh-CN" else "en")
    file = tmp_path / f"{'a-very-long-name-' * 5}.pdf"
    file.write_bytes(laughing(12, before=3))
    page.wait_for_selector(".tries button")
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    page.fill("#message", "Sum it up.")
    page.focus("#attach")
    page.keyboard.press("Enter")
    told = words["pdf.page"].replace("{n}", "3").replace("{pages}", "4")
    page.wait_for_selector(f"{CHIP}:has-text('{told}')")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    chip, remove = (page.locator(f"#attachments {one}") for one in (".file", "button"))
    assert chip.locator("span >> nth=-1").bounding_box()["x"] < remove.bounding_box()["x"]
    assert remove.bounding_box()["x"] + remove.bounding_box()["width"] <= width
    assert complaints(page) == []
    # What is sent now waits for the file, and does not go without it.
    page.focus("#message")
    page.keyboard.press("Control+Enter")
    page.focus("#attachments button")
    page.keyboard.press("Enter")
    page.wait_for_selector(
        f"#toast:has-text('{words['pdf.dropped'].replace('{name}', file.name)}')"
    )
    assert page.is_hidden("#attachments")
    assert page.evaluate("document.querySelectorAll('iframe').length") == 0
    assert page.evaluate("document.activeElement.id") == "message"
    assert page.input_value("#message") == "Sum it up."
    assert page.locator(".turn").count() == 0


def test_a_pdf_can_be_dropped_in_and_outlives_a_reload(page: Any, ollama: ScriptedOllama) -> None:
    page.wait_for_selector(".tries button")
    page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], 'a', { type: 'application/pdf' }));
            const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true });
            document.body.dispatchEvent(drop);
        }""",
        list(pdfs.pdf("Dropped")),
    )
    page.wait_for_selector(f"{CHIP}:has-text('pages: 1')")
    page.reload()
    page.wait_for_selector(f"{CHIP}:has-text('pages: 1')")
    assert "Dropped" in sent(page, ollama, "Read.").request["messages"][0]["content"]


@pytest.mark.parametrize("how", ["one chat", "all chats"])
def test_of_files_nothing_is_read_or_kept_after_their_chat_is_deleted(
    page: Any, ollama: ScriptedOllama, tmp_path: Path, how: str
) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    files = [tmp_path / name for name in ("slow.pdf", "quick.pdf", "note.txt")]
    for file, data in zip(files, (laughing(12), pdfs.pdf("Secret"), b"Secret"), strict=True):
        file.write_bytes(data)
    attach(page, *files)
    page.wait_for_selector(f"{CHIP}:has-text('slow.pdf')")
    if how == "one chat":
        page.click("#side-toggle")
        choose_for_chat(page, "Hello.", "chats.remove")
        page.wait_for_selector("#toast [data-t='undo.chat']")
    else:
        page.click("#menu-button")
        page.click("#menu .menu-row:has([data-t='chats.removeAll'])")
        page.click("#ask .button.bad")
        page.wait_for_selector("#toast [data-t='chats.allGone']")
    page.wait_for_function("() => !document.querySelector('iframe')")
    last = tmp_path / "last.txt"
    last.write_text("Last")
    attach(page, last)
    page.wait_for_selector(f"{CHIP}:has-text('last.txt')")
    content = sent(page, ollama, "Read.").request["messages"][0]["content"]
    assert "Last" in content and "Secret" not in content
    assert "Secret" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert page.query_selector("#toast [data-t='pdf.dropped']") is None


def test_a_file_is_not_waited_for_in_another_chat(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    slow = tmp_path / "slow.pdf"
    slow.write_bytes(laughing(12))
    attach(page, slow)
    page.wait_for_selector(f"{CHIP}:has-text('slow.pdf')")
    page.click("#new-chat")
    give(page, tmp_path, b"Quick", "quick.txt")
    page.wait_for_selector(f"{CHIP}:has-text('quick.txt')")
    assert "Quick" in sent(page, ollama, "Read.").request["messages"][0]["content"]
    assert page.query_selector("iframe")  # the other is still being read


def test_nothing_of_it_is_fetched_before_a_pdf_is_attached(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    asked: list[str] = []
    page = open_page(before=lambda page: page.on("request", lambda one: asked.append(one.url)))
    (tmp_path / "a.md").write_text("text")
    page.wait_for_selector(".tries button")
    attach(page, tmp_path / "a.md")
    page.wait_for_selector(CHIP)
    assert [url for url in asked if "pdf" in url] == []
    give(page, tmp_path, pdfs.pdf("Text"))
    page.wait_for_selector(f"{CHIP}:has-text('pages: 1')")
    fetched = {url.rsplit("/", 1)[1] for url in asked if "pdf" in url}
    assert {name for name in fetched if "attaching" not in name} == {
        *("pdf.html", "pdf.js", "worker.js")
    }


def test_without_the_library_it_is_told_in_words(page: Any, tmp_path: Path) -> None:
    page.route("**/vendor/pdf/pdf.js", lambda route: route.fulfill(status=404))
    give(page, tmp_path, pdfs.pdf("Text"))
    page.wait_for_selector("#toast:has-text('could not be loaded')")
    assert page.is_hidden("#attachments")


def test_an_office_document_is_refused_with_what_to_do(page: Any, tmp_path: Path) -> None:
    give(page, tmp_path, b"PK\x03\x04" + bytes(500_000), "letter.docx")
    page.wait_for_selector("#toast:has-text('Save it as PDF or as text')")
    assert page.is_hidden("#attachments")


def test_the_text_counts_in_the_estimate(page: Any, tmp_path: Path) -> None:
    page.wait_for_selector(".tries button")
    give(page, tmp_path, pdfs.pdf(FULL))
    page.wait_for_selector("#context:has-text('tokens')")


MIDDLE = """async () => {
    const image = document.querySelector('#attachments img');
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return [width, height, context.getImageData(width / 2, height / 2, 1, 1).data[0]];
}"""
"""Size of the first picture, and how bright it is in the middle."""


@pytest.mark.parametrize(
    ("picture", "brightness"), [(pdfs.GREY, 128), (pdfs.BLACK, 0)], ids=["flate", "jbig2"]
)
def test_pages_without_text_go_along_as_pictures_to_a_model_that_sees(
    page: Any, ollama: ScriptedOllama, tmp_path: Path, picture: bytes, brightness: int
) -> None:
    page.wait_for_selector(".tries button")
    choose_model(page, "seer")
    give(page, tmp_path, pdfs.scanned(12, picture))
    page.wait_for_selector("#toast:has-text('report.pdf has no text')")
    page.focus("#toast button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toast:has-text('only pages 1 to 8 of 12')")
    assert page.locator("#attachments img").count() == 8
    width, height, middle = page.evaluate(MIDDLE)
    assert (width, height) == (1187, 1536) and abs(middle - brightness) < 3
    message = sent(page, ollama, "What is it?").request["messages"][0]
    assert len(message["images"]) == 8 and message["content"] == "What is it?"
