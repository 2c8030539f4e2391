"""axe-core finds nothing serious, in any theme, with everything open once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .chats import open_chat
from .gateway import ROOT
from .ollama import ScriptedOllama
from .steps import LAST, ask, exchange

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TEXT = (
    "# Title\n\nSome `code`, [a link](https://a.example/) and\n\n"
    "```python\nx = 'y'  # note\n```\n\n| a |\n|---|\n| b |\n"
)

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="node_modules is missing: make page")


def complaints(page: Any) -> list[str]:
    """What axe-core finds serious or critical, as `rule: element`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    run = "axe.run(document, { resultTypes: ['violations'] })"
    violations = page.evaluate(f"{run}.then(({{ violations }}) => violations)")
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in violations
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    open_page: Callable[..., Any], ollama: ScriptedOllama, scheme: str
) -> None:
    page = open_page(scheme=scheme)
    page.wait_for_selector(".tries button")
    assert complaints(page) == []
    exchange(page, ollama, "Show me.", TEXT)
    page.wait_for_selector(f"{LAST} [class^=syntax]")
    (talk,) = ollama.talk()
    ask(page, "Fail.")
    assert talk.asked.wait(10)
    talk.say("", thinking="Hm.")
    talk.fail("no luck")
    page.wait_for_selector(f"{LAST} .failure")
    page.click("#side-toggle")
    page.wait_for_selector(".chat-row")
    assert complaints(page) == []
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.click("#menu-button")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.click("#settings-button")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.click("#menu-button")
    page.click("#models-entry")
    page.wait_for_selector(".managed li >> nth=3")
    assert complaints(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_preview_a_summary_and_own_settings(
    open_page: Callable[..., Any], ollama: ScriptedOllama, tmp_path: Path, scheme: str
) -> None:
    page = open_page(scheme=scheme)
    page.wait_for_selector(".tries button")
    said = [
        {"content": "One."},
        {"content": "```html\n<p lang=en>x</p>\n```", "summary": "In short."},
    ]
    open_chat(page, tmp_path, said)
    page.click(".summed summary")
    assert complaints(page) == []
    page.click(f"{LAST} .code [data-t='preview.open']")
    page.frame_locator("#preview iframe").locator("p:has-text('x')").wait_for()
    assert complaints(page) == []
    page.click("#preview header button")
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")
    page.check("#settings input[name='scope'][value='chat']", force=True)
    page.fill("#setting-temperature", "1.5")
    page.dispatch_event("#setting-temperature", "change")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#own-settings:visible")
    assert complaints(page) == []


def test_the_help_names_prompts_and_what_is_sent_next(page: Any) -> None:
    page.wait_for_selector(".tries button")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    told = page.inner_text("#help dl").split("\n")
    assert told[told.index("/ …") + 1] == "At the beginning of a message: your prompts"
    assert "While an answer is written: send as the next message" in told
    assert complaints(page) == []
