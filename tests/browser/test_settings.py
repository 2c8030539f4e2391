"""The settings drawer: only what was changed is sent, and a wrong value never is."""

from __future__ import annotations

from typing import Any

from ..backend import json_reply
from .ollama import ScriptedOllama
from .steps import choose_model, exchange


def change(page: Any, name: str, value: str) -> None:
    page.fill(f"#setting-{name}", value)
    page.dispatch_event(f"#setting-{name}", "change")


def opened(page: Any) -> None:
    page.click("#settings-button")
    page.wait_for_selector("#settings[open]")


def test_only_what_was_changed_is_sent(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    change(page, "temperature", "0.2")
    change(page, "num_ctx", "8192")
    change(page, "stop", "END\nSTOP")
    change(page, "keep_alive", "10m")
    change(page, "system", "Be brief.")
    page.keyboard.press("Escape")
    talk = exchange(page, ollama, "Hello.", "Hi.")
    assert talk.request["options"] == {"temperature": 0.2, "num_ctx": 8192, "stop": ["END", "STOP"]}
    assert talk.request["keep_alive"] == "10m"
    assert talk.request["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "format" not in talk.request and "think" not in talk.request


def test_a_field_goes_back_to_its_default(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    change(page, "temperature", "0.2")
    assert page.get_attribute("#settings-button", "data-changed") is not None
    page.click(".setting:has(#setting-temperature) .back")
    assert page.input_value("#setting-temperature") == ""
    page.keyboard.press("Escape")
    assert page.get_attribute("#settings-button", "data-changed") is None
    assert "options" not in exchange(page, ollama, "Hello.", "Hi.").request


def test_a_wrong_value_is_refused_and_not_sent(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    for name, value in {"top_p": "7", "top_k": "1.5", "keep_alive": "soon", "format": "{x"}.items():
        change(page, name, value)
        assert page.is_visible(f"#setting-{name}-said"), name
    assert page.inner_text("#setting-top_p-said") == "Write a number from 0 to 1."
    assert page.inner_text("#setting-top_k-said") == "Write a whole number, 0 or more."
    page.keyboard.press("Escape")
    talk = exchange(page, ollama, "Hello.", "Hi.")
    assert not {"options", "keep_alive", "format"} & set(talk.request)


def test_thinking_is_asked_only_of_models_that_think(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    page.select_option("#setting-think", "high")
    page.keyboard.press("Escape")
    assert "think" not in exchange(page, ollama, "Hello.", "Hi.").request
    choose_model(page, "thinker")
    assert exchange(page, ollama, "Hello.", "Hi.").request["think"] == "high"


def test_an_empty_field_names_the_models_own_default(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/show", json_reply({"parameters": "temperature                    0.35\n"}))
    opened(page)
    page.wait_for_selector("#setting-temperature[placeholder='Default: 0.35']")
    assert page.get_attribute("#setting-top_k", "placeholder") == "Default: 40"


def test_settings_outlive_a_reload_and_are_reset_together(
    page: Any, ollama: ScriptedOllama
) -> None:
    opened(page)
    change(page, "seed", "7")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    opened(page)
    assert page.input_value("#setting-seed") == "7"
    page.click("#settings .button[data-t='settings.reset']")
    assert page.input_value("#setting-seed") == ""


def test_the_context_gauge_warns_before_it_is_full(page: Any, ollama: ScriptedOllama) -> None:
    loaded = {"models": [{"name": "talker:3b", "context_length": 4096}]}
    ollama.on("/api/ps", json_reply(loaded))
    exchange(page, ollama, "Hello.", "Hi.")
    page.wait_for_selector("#context:has-text('1% of the context')")
    (talk,) = ollama.talk()
    page.fill("#message", "More.")
    page.press("#message", "Enter")
    assert talk.asked.wait(10)
    talk.say("A lot.")
    talk.end(prompt=3700, reply=100)
    page.wait_for_selector("#context[data-full]:has-text('Context 93% full')")


def test_a_system_prompt_is_saved_as_a_preset_and_forgotten(
    page: Any, ollama: ScriptedOllama
) -> None:
    opened(page)
    assert page.is_hidden(".presets .add")
    change(page, "system", "Answer in rhymes.")
    page.click(".presets .add")
    page.fill(".presets .field", "Poet")
    page.press(".presets .field", "Enter")
    page.wait_for_selector(".own-preset:has-text('Poet')")
    page.click("#settings .button[data-t='settings.reset']")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    opened(page)
    page.click(".own-preset .button")
    assert page.input_value("#setting-system") == "Answer in rhymes."
    page.keyboard.press("Escape")
    talk = exchange(page, ollama, "Hello.", "Mellow.")
    assert talk.request["messages"][0] == {"role": "system", "content": "Answer in rhymes."}
    opened(page)
    page.click(".own-preset .icon-button")
    assert page.locator(".own-preset").count() == 0


def test_escape_leaves_the_name_of_a_preset_and_not_the_drawer(page: Any) -> None:
    opened(page)
    change(page, "system", "Answer in rhymes.")
    page.click(".presets .add")
    page.press(".presets .field", "Escape")
    page.wait_for_selector(".presets .add")
    assert page.is_visible("#settings[open]")


def test_a_change_of_the_settings_can_be_undone(page: Any) -> None:
    opened(page)
    change(page, "system", "Long and thought through.")
    page.click(".presets .button >> nth=0")
    page.click(".drawer-foot [data-t='undo']")
    assert page.input_value("#setting-system") == "Long and thought through."
    page.click("#settings .button[data-t='settings.reset']")
    assert page.input_value("#setting-system") == ""
    page.click(".drawer-foot [data-t='undo']")
    assert page.input_value("#setting-system") == "Long and thought through."


def change_in_two_tabs(page: Any) -> None:
    """The system prompt here, then the temperature in another tab; this one has heard of it."""
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]")
    opened(page)
    change(page, "system", "From the first tab.")
    opened(other)
    change(other, "temperature", "0.5")
    page.wait_for_function("() => document.getElementById('setting-temperature').value === '0.5'")


def test_two_tabs_change_their_own_fields(page: Any) -> None:
    change_in_two_tabs(page)
    assert page.input_value("#setting-system") == "From the first tab."


def test_what_is_refused_stays_to_be_mended(page: Any) -> None:
    opened(page)
    change(page, "top_p", "7")
    change(page, "top_k", "20")
    assert page.input_value("#setting-top_p") == "7"
    assert page.is_visible("#setting-top_p-said")
    change(page, "top_p", "0.7")
    assert page.is_hidden("#setting-top_p-said")


def test_undo_takes_back_this_tabs_change_only(page: Any) -> None:
    change_in_two_tabs(page)
    page.click(".drawer-foot [data-t='undo']")
    assert page.input_value("#setting-system") == ""
    assert page.input_value("#setting-temperature") == "0.5"
