"""The settings of one chat: they stand above those of all chats, and go along with the chat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .chats import bring_chat, chat_of
from .ollama import ScriptedOllama
from .steps import LAST, exchange, texts
from .test_settings import change, opened
from .test_turns import choose

OWN = "#own-settings"
SYSTEM = {"role": "system", "content": "Answer in rhymes."}


def turn_to(page: Any, scope: str) -> None:
    """Shows the settings of all chats, or of this one."""
    page.check(f"#settings input[name='scope'][value='{scope}']", force=True)


def set_here(page: Any, **fields: str) -> None:
    """Changes settings of the chat that is shown."""
    opened(page)
    turn_to(page, "chat")
    for name, value in fields.items():
        change(page, name, value)
    page.keyboard.press("Escape")


def new_chat(page: Any) -> None:
    page.click("#new-chat")
    page.wait_for_selector(".tries button")


def test_a_chat_has_settings_of_its_own_and_others_do_not(
    page: Any, ollama: ScriptedOllama
) -> None:
    opened(page)
    change(page, "top_k", "20")
    change(page, "temperature", "0.2")
    page.keyboard.press("Escape")
    set_here(page, system="Answer in rhymes.", temperature="1.5")
    assert "Answer in rhymes." in page.inner_text(OWN)
    assert "Temperature\n1.5" in page.inner_text(OWN)
    talk = exchange(page, ollama, "Hello.", "Mellow.")
    assert talk.request["messages"][0] == SYSTEM
    assert talk.request["options"] == {"top_k": 20, "temperature": 1.5}
    new_chat(page)
    assert page.is_hidden(OWN)
    talk = exchange(page, ollama, "Hello.", "Hello.")
    assert talk.request["messages"] == [{"role": "user", "content": "Hello."}]
    assert talk.request["options"] == {"top_k": 20, "temperature": 0.2}
    page.go_back()
    page.go_back()
    page.wait_for_selector(f"{OWN}:visible")
    page.reload()
    page.wait_for_selector(f"{OWN}:visible")
    assert exchange(page, ollama, "More.", "Score.").request["messages"][0] == SYSTEM


def test_a_field_of_a_chat_goes_back_to_what_all_chats_have(
    page: Any, ollama: ScriptedOllama
) -> None:
    opened(page)
    change(page, "system", "Be brief.")
    page.keyboard.press("Escape")
    set_here(page, system="Answer in rhymes.")
    page.click(f"{OWN} button")
    page.wait_for_selector("#settings[open]")
    assert page.input_value("#setting-system") == "Answer in rhymes."
    page.click(".setting:has(#setting-system) .back")
    assert page.input_value("#setting-system") == "Be brief."
    page.keyboard.press("Escape")
    assert page.is_hidden(OWN)
    talk = exchange(page, ollama, "Hello.", "Hi.")
    assert talk.request["messages"][0] == {"role": "system", "content": "Be brief."}


def test_a_chat_may_want_the_models_default_where_all_others_want_another(
    page: Any, ollama: ScriptedOllama
) -> None:
    opened(page)
    change(page, "system", "Be brief.")
    page.keyboard.press("Escape")
    set_here(page, system="")
    assert "System prompt\nDefault" in page.inner_text(OWN)
    talk = exchange(page, ollama, "Hello.", "Hi.")
    assert talk.request["messages"] == [{"role": "user", "content": "Hello."}]


def test_changes_of_a_chats_settings_can_be_undone(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Hello.", "Hi.")
    set_here(page, seed="7", temperature="1")
    opened(page)
    page.wait_for_selector("#settings input[value='chat']:checked", state="attached")
    page.click("#settings .button[data-t='settings.reset.chat']")
    assert page.input_value("#setting-seed") == ""
    page.click(".drawer-foot [data-t='undo']")
    assert page.input_value("#setting-seed") == "7"


def test_settings_of_a_chat_that_is_not_begun_outlive_a_reload(
    page: Any, ollama: ScriptedOllama
) -> None:
    set_here(page, system="Answer in rhymes.")
    page.reload()
    page.wait_for_selector(f"{OWN}:visible")
    assert exchange(page, ollama, "Hello.", "Mellow.").request["messages"][0] == SYSTEM
    new_chat(page)
    assert page.is_hidden(OWN)


def test_a_chat_goes_on_from_a_message_in_a_copy_with_its_settings(
    page: Any, ollama: ScriptedOllama
) -> None:
    set_here(page, system="Answer in rhymes.")
    exchange(page, ollama, "One.", "Fun.")
    exchange(page, ollama, "Two.", "Blue.")
    choose(page, "turn.fork", ".turn.assistant:nth-of-type(2)")
    page.wait_for_selector("#toast [data-t='turn.forked']")
    assert texts(page) == ["One.", "Fun."]
    assert page.is_visible(OWN)
    talk = exchange(page, ollama, "Three.", "Tree.")
    said = [message["content"] for message in talk.request["messages"]]
    assert said == ["Answer in rhymes.", "One.", "Fun.", "Three."]
    set_here(page, system="")
    page.go_back()
    page.wait_for_selector(f"{LAST} .body:has-text('Blue.')")
    assert "Answer in rhymes." in page.inner_text(OWN)
    page.click("#side-toggle")
    page.wait_for_function("() => document.querySelectorAll('.chat-row').length === 2")


def other_tab(page: Any, ollama: ScriptedOllama) -> Any:
    """Another tab with the chat that this one has begun."""
    exchange(page, ollama, "Hello.", "Hi.")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(f"{LAST} .body:has-text('Hi.')")
    return other


def test_another_tab_sees_the_settings_of_the_chat(page: Any, ollama: ScriptedOllama) -> None:
    other = other_tab(page, ollama)
    set_here(page, system="Answer in rhymes.")
    other.wait_for_selector(f"{OWN}:has-text('Answer in rhymes.')")
    exchange(other, ollama, "More.", "Score.")
    page.wait_for_selector(f"{LAST} .body:has-text('Score.')")
    assert "Answer in rhymes." in page.inner_text(OWN)


def test_two_tabs_set_one_chat_and_neither_overwrites_the_other(
    page: Any, ollama: ScriptedOllama
) -> None:
    other = other_tab(page, ollama)
    set_here(page, temperature="1.5")
    other.wait_for_selector(f"{OWN}:has-text('1.5')")
    set_here(other, top_k="7")
    page.wait_for_selector(f"{OWN}:has-text('7')")
    set_here(page, temperature="1.25")
    other.wait_for_selector(f"{OWN}:has-text('1.25')")
    for tab in (page, other):
        talk = exchange(tab, ollama, "More.", "More.")
        assert talk.request["options"] == {"temperature": 1.25, "top_k": 7}


def test_an_import_takes_the_settings_it_knows(
    page: Any, ollama: ScriptedOllama, tmp_path: Path
) -> None:
    chat = chat_of([{"content": "Hello."}, {"content": "Hi."}])
    chat["chat"]["settings"] = {
        "system": "Answer in rhymes.",
        "temperature": "hot",
        "num_ctx": "-5",
        "unknown": "1",
        "seed": 7,
    }
    bring_chat(page, tmp_path, chat)
    page.wait_for_selector(f"{OWN}:visible")
    talk = exchange(page, ollama, "More.", "Score.")
    assert talk.request["messages"][0] == SYSTEM
    assert "options" not in talk.request


def test_every_option_of_ollama_can_be_set(page: Any, ollama: ScriptedOllama) -> None:
    opened(page)
    page.click(".more-settings summary")
    wanted = {
        "repeat_penalty": 1.2,
        "repeat_last_n": -1,
        "presence_penalty": -0.5,
        "frequency_penalty": 0.5,
        "typical_p": 0.7,
        "num_keep": 8,
        "num_batch": 256,
        "num_gpu": 0,
        "main_gpu": 1,
        "num_thread": 2,
        "draft_num_predict": 3,
    }
    for name, value in wanted.items():
        change(page, name, str(value))
    for name in ("use_mmap", "shift", "truncate"):
        page.select_option(f"#setting-{name}", "false")
    change(page, "frequency_penalty", "9")
    assert page.is_visible("#setting-frequency_penalty-said")
    change(page, "frequency_penalty", "0.5")
    page.keyboard.press("Escape")
    request = exchange(page, ollama, "Hello.", "Hi.").request
    assert request["options"] == {**wanted, "use_mmap": False}
    assert (request["shift"], request["truncate"]) == (False, False)


def test_the_settings_of_a_chat_fit_a_phone_and_are_led_by_keyboard(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=740)
    page.wait_for_selector(".tries button")
    page.focus("#settings-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#settings[open]")
    page.focus("#settings input[name='scope']:checked")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "setting-system"
    page.keyboard.type("word" * 60)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{OWN}:visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("window.content.scrollWidth <= window.content.clientWidth")


def test_the_settings_of_a_chat_are_told_in_chinese(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(locale="zh-CN")
    page.wait_for_selector(".tries button")
    set_here(page, temperature="1")
    assert "此对话的设置" in page.inner_text(OWN)
    assert "温度\n1" in page.inner_text(OWN)
