"""Long chats, paper, storage, other tabs, files and the operator's view, once in Firefox and once
in WebKit: what `test_points.py` does not try there."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable

import pytest

from ..backend import Reply, json_reply
from ..waiting import PATIENCE_S
from .firefox import Firefox
from .gateway import Gateway
from .ollama import MODELS, ScriptedOllama, model
from .test_long_chats import DRAWN, WORDS
from .test_other_browsers import READY, Browser, until
from .test_points import ANSWER, BROWSERS, IDLE, Reader

COUNT = 200

STORE = """((chat, messages) => {{
    indexedDB.open('tornado-ollama').onsuccess = ({{ target }}) => {{
        const both = target.result.transaction(['chats', 'messages'], 'readwrite');
        both.objectStore('chats').put({chat});
        for (const message of {messages}) both.objectStore('messages').put(message);
        both.oncomplete = () => {{
            window.storedByTest = true;
            target.result.close();
        }};
    }};
    return true;
}})()"""
"""Stores a chat as another tab would."""

CHAT = "{ id: 'stored', title: 'Stored', createdAt: 1, updatedAt: 1, pinned: false, shown: null }"
LONG = f"""Array.from({{ length: {COUNT} }}, (_, n) => ({{
    id: `m${{n}}`, chat: 'stored', parent: n ? `m${{n - 1}}` : null, shown: null, at: n,
    role: n % 2 ? 'assistant' : 'user', state: 'done', model: 'talker:3b',
    content: `Message ${{n}}.\\n\\n` + {WORDS!r}.repeat(1 + 7 * n % 23),
}}))"""

DROP = """(() => {{
    const transfer = new DataTransfer();
    transfer.items.add(new File([{0!r}], {1!r}));
    document.body.dispatchEvent(
        new DragEvent('drop', {{ dataTransfer: transfer, bubbles: true, cancelable: true }}));
    return true;
}})()"""


def open_stored(reader: Reader, messages: str) -> None:
    reader.browser.evaluate(STORE.format(chat=CHAT, messages=messages))
    reader.is_true("window.storedByTest")
    reader.browser.evaluate("(location.hash = '#chat=stored', true)")


def long_chat(reader: Reader) -> None:
    open_stored(reader, LONG)
    reader.is_true(f"document.querySelectorAll('.turn').length === {COUNT}")
    reader.see(f"{ANSWER} > .body", f"Message {COUNT - 1}.")
    assert reader.browser.evaluate(DRAWN) < 60
    reader.browser.evaluate("(document.querySelector('#scroller').scrollTop = 0, true)")
    reader.see(".turn:first-child > .body", "Message 0.")
    reader.is_true(f"{DRAWN} < 60")


def pages(pdf: bytes) -> int:
    """How many pages a PDF has, of which each may be described in a compressed stream."""
    found = 0
    for stream in [pdf, *re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S)]:
        with contextlib.suppress(zlib.error):
            stream = zlib.decompressobj().decompress(stream)
        found += len(re.findall(rb"/Type */Page\b", stream))
    return found


def paper(reader: Reader) -> None:
    open_stored(reader, LONG)
    reader.see(f"{ANSWER} > .body", f"Message {COUNT - 1}.")
    if isinstance(reader.browser, Firefox):
        assert pages(reader.browser.printed()) > 8
    reader.browser.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert reader.browser.evaluate(DRAWN) == COUNT


def full_storage(reader: Reader) -> None:
    reader.browser.evaluate(
        """(window.put = IDBObjectStore.prototype.put, IDBObjectStore.prototype.put = () => {
            throw new DOMException('', 'QuotaExceededError');
        }, true)"""
    )
    reader.is_answered("Keep me.", "I try.")
    reader.there("#unsaved [data-t='unsaved.what']")
    reader.browser.evaluate("(IDBObjectStore.prototype.put = window.put, true)")
    reader.is_answered("And now?", "Now.")
    reader.is_true("document.querySelector('#unsaved').hidden")


def persistence(reader: Reader) -> None:
    if not reader.browser.evaluate("'storage' in navigator"):
        pytest.skip("this browser has no storage manager")
    reader.browser.evaluate("(localStorage.removeItem('tornado-ollama.persist.asked'), true)")
    reader.browser.evaluate(
        """(window.persisted = 0, StorageManager.prototype.persisted = async () => false,
            StorageManager.prototype.persist = async () => { window.persisted += 1; }, true)"""
    )
    reader.is_answered("Something to lose.", "Yes.")
    reader.is_true("window.persisted === 1")


def files(reader: Reader) -> None:
    reader.is_answered("First.", "One.")
    reader.browser.evaluate(DROP.format("of the first", "a.md"))
    reader.see("#attachments .file", "a.md")
    reader.click("#new-chat")
    reader.is_true("document.querySelector('#attachments').hidden")
    reader.browser.evaluate("(history.back(), true)")
    reader.see("#attachments .file", "a.md")
    reader.browser.reload()
    until(reader.browser, READY)
    reader.see("#attachments .file", "a.md")
    talk = reader.is_answered("Read it.", "Read.")
    assert "of the first" in talk.request["messages"][-1]["content"]


def other_tab(reader: Reader) -> None:
    """A channel hears what another one of its name says, in the same page too."""
    open_stored(reader, LONG)
    reader.see(f"{ANSWER} > .body", f"Message {COUNT - 1}.")
    added = f"""[{{ id: 'new', chat: 'stored', parent: 'm{COUNT - 1}', shown: null, at: 1e6,
        role: 'user', content: 'From another tab.' }}]"""
    reader.browser.evaluate("(window.storedByTest = false, true)")
    reader.browser.evaluate(STORE.format(chat=CHAT, messages=added))
    reader.is_true("window.storedByTest")
    reader.browser.evaluate(
        "(new BroadcastChannel('tornado-ollama').postMessage({ id: 'stored' }), true)"
    )
    reader.see(".turn.user:last-of-type > .body", "From another tab.")


def models_pulled_elsewhere(reader: Reader) -> None:
    newcomer = model("newcomer:1b", "completion")
    reader.ollama.on("/api/tags", json_reply({"models": [*MODELS, newcomer]}))
    reader.browser.press("#model-button")
    reader.is_true(
        "[...document.querySelectorAll('#model-options .option-name')]"
        ".some((name) => name.textContent === 'newcomer:1b')"
    )


def long_code(reader: Reader) -> None:
    reader.is_answered("Code.", "```python\n" + "print(1)\n" * 400 + "```\n")
    reader.there(f"{ANSWER} .code button")
    folded = f"document.querySelector('{ANSWER} .code pre').getBoundingClientRect().height"
    reader.browser.reload()
    until(reader.browser, READY)
    reader.is_true(f"document.querySelector('{ANSWER} .code pre')")
    reader.is_true(f"{folded} < 2000")


def out_of_memory(reader: Reader) -> None:
    words = b'{"error":"model requires more system memory (8.0 GiB) than is available (4.0 GiB)"}'
    reader.ollama.on("/api/chat", Reply(words, 500))
    reader.write("#message", "There?")
    reader.browser.press("#send")
    reader.there(".failure [data-t='fail.memory.what']")


def operator_view(reader: Reader) -> None:
    talk = reader.asks("Count.")
    talk.say("One")
    reader.is_true("!document.querySelector('#operator-entry').hidden")
    reader.click("#operator-entry")
    reader.see("#operator-view .activity li", "talker:3b")
    reader.see("#operator-view dl", "Ollama")
    reader.is_true("document.querySelector('#operator-view .usage .columns, .usage .faint')")
    reader.click("#operator-view .activity li button")
    assert talk.left.wait(PATIENCE_S)
    reader.see("#operator-view .now", "Nothing runs")
    reader.click("#operator-view header button")
    reader.is_true("!document.querySelector('#operator-view').open")
    until(reader.browser, IDLE)


PARTS: list[Callable[[Reader], None]] = [
    *(long_chat, paper, full_storage, persistence, files, other_tab),
    *(models_pulled_elsewhere, long_code, out_of_memory, operator_view),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_in_other_browsers_as_well(
    browser: Browser,
    ollama: ScriptedOllama,
    other_gateway: Gateway,
    part: Callable[[Reader], None],
) -> None:
    reader = Reader(browser, ollama, other_gateway)
    browser.open(other_gateway.url)
    until(browser, READY)
    reader.see("#model-name", ":")
    part(reader)


def test_firefox_goes_on_with_an_answer_after_a_reload_without_tls(
    firefox: Firefox, ollama: ScriptedOllama, lan_gateway: Gateway
) -> None:
    reader = Reader(firefox, ollama, lan_gateway)
    firefox.open(lan_gateway.url)
    until(firefox, READY)
    assert firefox.evaluate("window.isSecureContext") is False
    reader.see("#model-name", ":")
    talk = reader.asks("A long one.")
    talk.say("Before,")
    reader.see(f"{ANSWER} > .body", "Before,")
    firefox.reload()
    until(firefox, READY)
    talk.say(" and after.")
    talk.end()
    reader.see(f"{ANSWER} > .body", "Before, and after.")
    until(firefox, IDLE)
