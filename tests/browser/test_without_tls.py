"""The page over plain HTTP under a name that is not localhost, as on a LAN.

Browsers give such pages no clipboard, no locks, no storage manager and half of `crypto`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .chats import open_chat
from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import BOX, LAST, choose_model, exchange
from .test_attachments import attach, png, sent


@pytest.fixture
def page(open_page: Callable[..., Any], lan_gateway: Gateway) -> Any:
    page = open_page(gateway=lan_gateway)
    assert page.evaluate("[isSecureContext, navigator.locks, navigator.storage]") == [
        False,
        None,
        None,
    ]
    return page


def test_what_is_copied_is_copied_and_the_focus_stays(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Copy.", "Words to be copied.")
    page.click(f"{LAST} [data-t-label='turn.copy']")
    page.wait_for_selector(f"{LAST} [data-t-label='copied']")
    assert page.evaluate("document.activeElement.dataset.tLabel") == "copied"
    page.focus(BOX)
    page.keyboard.press("Control+V")
    assert page.input_value(BOX) == "Words to be copied."


def test_chats_are_kept_read_from_files_and_sent_with_images(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    open_chat(page, tmp_path, [{"content": "From a file."}, {"content": "Read."}])
    choose_model(page, "seer")
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(20, 20))
    attach(page, picture)
    page.wait_for_selector("#attachments img")
    talk = sent(page, ollama, "What is it?")
    assert len(talk.request["messages"][-1]["images"]) == 1
    page.reload()
    page.wait_for_selector(".turn:has-text('From a file.')")
    page.wait_for_selector(".turn.user img")
