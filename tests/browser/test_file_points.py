"""What the page does with files and with what models draw, once in Firefox and once in WebKit."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from . import exports, pdfs
from .gateway import Gateway
from .hostile_pdfs import laughing
from .ollama import ScriptedOllama
from .test_other_browsers import Browser
from .test_points import ANSWER, BROWSERS, Reader, try_point
from .webkit import WebKit

PICK = """(HTMLInputElement.prototype.click = function () {{
    if (this.type !== 'file') return;
    const bytes = Uint8Array.from(atob('{}'), (one) => one.charCodeAt(0));
    const picked = new DataTransfer();
    picked.items.add(new File([bytes], '{}'));
    this.files = picked.files;
    this.dispatchEvent(new Event('change'));
}}, true)"""
"""Has the next file that is asked for picked, as a reader would."""


def pick(reader: Reader, name: str, inside: bytes) -> None:
    reader.browser.evaluate(PICK.format(base64.b64encode(inside).decode(), name))


def bring(reader: Reader) -> None:
    """An archive, for which a browser needs more than for a text."""
    pick(reader, "export.zip", exports.chatgpt_zip())
    reader.click("#menu .menu-row:has([data-t='import.menu'])")
    reader.see("#toast", "Chats imported: 1")


def importing(reader: Reader) -> None:
    bring(reader)
    reader.click(".chat-open")
    reader.see(f"{ANSWER} > .body", "It is 7 degrees.")
    reader.there(".turn.user img")
    reader.there(".tool")


def previewing(reader: Reader) -> None:
    """The frame's own script tells what it reaches: nothing of the page."""
    reach = "(() => { try { return String(localStorage.length) } catch (e) { return e.name } })()"
    code = f"<!doctype html><p>Up</p><script>parent.postMessage({reach}, '*')</script>"
    told = "addEventListener('message', ({ data }) => { window.told = data; })"
    reader.browser.evaluate(f"({told}, true)")
    reader.is_answered("Draw.", f"Here:\n\n```html\n{code}\n```\n")
    reader.click(f"{ANSWER} [data-t='preview.open']")
    reader.there("#preview[open] iframe")
    reader.is_true("window.told === 'SecurityError'")
    reader.click("#preview header button")
    reader.is_true("!document.querySelector('#preview iframe')")


def saving_html(reader: Reader) -> None:
    """What is saved is a page of its own, with the chat in it and no script."""
    held = "(window.saved = '', URL.createObjectURL = (blob) => { blob.text().then((text) => {"
    reader.is_answered("Show **me**.", "A **bold** word <script>window.pwned=1</script>.")
    reader.browser.evaluate(held + " window.saved = text; }); return '#'; }, true)")
    reader.browser.evaluate("(HTMLAnchorElement.prototype.click = () => {}, true)")
    reader.click("#side-toggle")
    reader.click(".chat-row [data-t-label='chats.more']")
    reader.click("#popup-menu .menu-row:has([data-t='chats.save.html'])")
    reader.is_true("window.saved.includes('<strong>bold</strong>')")
    saved = reader.browser.evaluate("window.saved")
    assert saved.startswith("<!") and "<script" not in saved and "&lt;script&gt;" in saved


def reading_pdf(reader: Reader) -> None:
    """Two files, one by a table that the frame asks for; a third, which never ends, is dropped."""
    pick(reader, "two.pdf", pdfs.pdf("The first", "The second"))
    reader.click("#attach")
    reader.see("#attachments .file", "pages: 2")
    pick(reader, "合同.pdf", pdfs.chinese("甲方"))
    reader.click("#attach")
    reader.see("#attachments li:nth-child(2)", "pages: 1")
    pick(reader, "laughing.pdf", laughing(12, before=1))
    reader.click("#attach")
    reader.see("#attachments li:nth-child(3)", "page 1 of 2")
    reader.click("#attachments li:nth-child(3) button")
    reader.see("#toast", "laughing.pdf was left out")
    reader.browser.press("#model-button")
    reader.write("#model-panel input", "seer")
    reader.is_true("document.querySelectorAll('#model-options .option').length === 1")
    reader.browser.press("#model-options .option")
    reader.see("#model-name", "seer:4b")
    reader.browser.evaluate("(localStorage.removeItem('tornado-ollama.models'), true)")
    pick(reader, "scan.pdf", pdfs.scanned(2, pdfs.BLACK))
    reader.click("#attach")
    reader.click("#toast [data-t='pdf.asPictures']")
    reader.there("#attachments li:nth-child(2) img")
    talk = reader.is_answered("Sum it up.", "Two.")
    content = talk.request["messages"][0]["content"]
    assert "--- page 2 of 2 ---\nThe second" in content and "甲方" in content
    assert "laughing" not in content
    assert len(talk.request["messages"][0]["images"]) == 2


POINTS: list[Callable[[Reader], None]] = [importing, previewing, saving_html, reading_pdf]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_in_other_browsers_too(
    browser: Browser,
    ollama: ScriptedOllama,
    other_gateway: Gateway,
    point: Callable[[Reader], None],
) -> None:
    try_point(point, browser, ollama, other_gateway)


def test_files_fit_the_narrowest_window_of_webkit(
    webkit: WebKit, ollama: ScriptedOllama, other_gateway: Gateway
) -> None:
    def attached(reader: Reader) -> None:
        for data, words in (
            (pdfs.pdf("One"), "pages: 1"),
            (laughing(12, before=1), "page 1 of 2"),
        ):
            pick(reader, f"{'a-very-long-name-' * 5}.pdf", data)
            reader.click("#attach")
            reader.see("#attachments li:last-child", words)
        ends = "[...document.querySelectorAll('#attachments button')].map((one) => "
        assert max(webkit.evaluate(ends + "one.getBoundingClientRect().right)")) <= 447
        reader.click("#attachments li:last-child button")
        bring(reader)

    with webkit.narrow():
        try_point(attached, webkit, ollama, other_gateway)
        assert webkit.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [447, 447]
