"""Every string in every language, and each used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .ollama import ScriptedOllama
from .steps import exchange

STATIC = Path(__file__).parents[2] / "static"
LANGUAGES = sorted(file.stem for file in (STATIC / "i18n").glob("*.json"))


def strings(language: str) -> dict[str, str]:
    words = json.loads((STATIC / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    assert isinstance(words, dict)
    return words


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_keys_in_order(language: str) -> None:
    assert list(strings(language)) == sorted(strings("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_fill_the_same_places(language: str) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    theirs = strings(language)
    assert {key: places(text) for key, text in theirs.items()} == {
        key: places(text) for key, text in strings("en").items()
    }


def test_every_string_is_used_and_every_used_string_exists() -> None:
    sources = [STATIC / "index.html", *sorted((STATIC / "js").rglob("*.js"))]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    whole = set(re.findall(r"""['"]((?:[a-z]\w*\.)+\w+|[a-z]+)['"]""", text))
    begun = set(re.findall(r"`([a-z]\w*\.(?:[\w.]+\.)?)\$\{", text))
    ended = re.findall(r"\$\{\w+\}(\.\w+)`", text)
    keys = set(strings("en"))
    unused = {
        key
        for key in keys - whole
        if not key.startswith(tuple(begun)) and not key.endswith(tuple(ended))
    }
    assert unused == set()
    before = r"""(?:\bt: |label: |data-t(?:-\w+)?=|bindText\(\s*[\w.()]+,\s*)"""
    asking = rf"""{before}['"]([a-z]\w*\.[\w.]+)['"]"""
    named = set(re.findall(asking, text))
    assert {key for key in named if f"{key}.before" not in keys} - keys == set()


def test_the_browsers_language_is_spoken(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(locale="zh-CN")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.get_attribute("#message", "placeholder") == strings("zh-CN")["composer.placeholder"]
    exchange(page, ollama, "你好", "你好！")


def test_a_change_of_language_fills_all_that_is_shown_and_is_kept(
    page: Any, ollama: ScriptedOllama
) -> None:
    exchange(page, ollama, "Hello.", "Hello.")
    page.click("#menu-button")
    page.click("#menu label:has-text('简体中文')")
    page.wait_for_selector("html[lang='zh-CN']")
    chinese = strings("zh-CN")
    label = page.get_attribute(".turn.assistant .icon-button", "aria-label")
    assert label == chinese["turn.copy"]
    assert page.inner_text("#menu legend >> nth=0") == chinese["menu.theme"]
    page.reload()
    page.wait_for_selector("html[lang='zh-CN'][data-ready]")
