"""Choosing a model, and what is known of the server's memory."""

from __future__ import annotations

from typing import Any

from ..backend import json_reply
from .ollama import MODELS, ScriptedOllama, model
from .steps import LAST, ask, exchange

MANY = [model(f"model-{number:03}", "completion") for number in range(101)]
SCROLLED = "document.getElementById('model-options').scrollTop"


def opened(page: Any) -> None:
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")


def many(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/tags", json_reply({"models": MANY}))
    page.reload()
    page.wait_for_selector(".tries button")


def test_the_list_stays_where_it_was_scrolled_while_a_model_loads(
    page: Any, ollama: ScriptedOllama
) -> None:
    many(page, ollama)
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    page.wait_for_selector(f"{LAST} .state:has-text('Loading')")
    opened(page)
    page.evaluate("document.getElementById('model-options').scrollTop = 2500")
    ollama.on("/api/ps", json_reply({"models": [{"name": "model-050"}]}))
    page.wait_for_selector(".option:has-text('model-050') .in-memory")
    with page.expect_response("**/api/ps"):
        pass  # and once more
    assert page.evaluate(SCROLLED) == 2500
    talk.end()


def test_the_arrow_keys_bring_the_option_into_sight(page: Any, ollama: ScriptedOllama) -> None:
    many(page, ollama)
    opened(page)
    page.keyboard.press("ArrowUp")
    assert page.evaluate(SCROLLED) > 2500
    page.keyboard.press("ArrowUp")
    active = page.get_attribute("#model-panel input", "aria-activedescendant")
    assert page.inner_text(f"#{active} .option-name") == "model-099"
    page.keyboard.press("Enter")
    page.wait_for_selector("#model-name:text-is('model-099')")


def test_a_model_that_was_unloaded_meanwhile_is_said_to_load(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/ps", json_reply({"models": [{"name": "talker:3b"}]}))
    with page.expect_response("**/api/ps"):  # the last look, after an answer
        exchange(page, ollama, "Hello.", "Hi.")
    ollama.on("/api/ps", json_reply({"models": []}))
    (talk,) = ollama.talk()
    ask(page, "And now?")
    page.wait_for_selector(f"{LAST} .state:has-text('Loading the model')")
    ollama.on("/api/ps", json_reply({"models": [{"name": "talker:3b"}]}))
    page.wait_for_selector(f"{LAST} .state:has-text('Reading the prompt')")
    assert talk.asked.wait(10)
    talk.say("Here.")
    talk.end()


def encoder(name: str, family: str) -> dict[str, Any]:
    """A model that Ollama's list takes for one that chats."""
    entry = model(name, "completion")
    return {**entry, "details": {**entry["details"], "family": family, "families": [family]}}


def listed(page: Any, ollama: ScriptedOllama, *models: dict[str, Any]) -> list[str]:
    """What is offered of these; the page is opened anew."""
    ollama.on("/api/tags", json_reply({"models": list(models)}))
    page.reload()
    page.wait_for_selector(".tries button")
    opened(page)
    names: list[str] = page.locator("#model-options .option-name").all_inner_texts()
    return names


def test_an_encoder_is_not_offered_though_the_list_says_that_it_chats(
    page: Any, ollama: ScriptedOllama
) -> None:
    families = ["bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "t5encoder"]
    encoders = [encoder(f"reader-{family}", family) for family in families]
    assert listed(page, ollama, *encoders, model("talker:3b", "completion")) == ["talker:3b"]
    page.keyboard.press("Escape")
    assert exchange(page, ollama, "Hello.", "Hi.").request["model"] == "talker:3b"


def test_of_a_model_whose_name_speaks_of_embeddings_its_file_decides(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/show", json_reply({"capabilities": ["embedding"]}))
    gemma = encoder("embeddinggemma:300m", "gemma3")
    assert listed(page, ollama, gemma, model("talker:3b", "completion")) == ["talker:3b"]
    ollama.on("/api/show", json_reply({"capabilities": ["completion"]}))
    assert listed(page, ollama, gemma) == ["embeddinggemma:300m"]


def test_a_model_that_turns_out_not_to_chat_leaves_the_list(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/show", json_reply({"capabilities": ["embedding"]}))
    secret = encoder("secret:latest", "gemma3")
    assert listed(page, ollama, secret, model("talker:3b", "completion")) == [
        "secret:latest",
        "talker:3b",
    ]
    page.keyboard.press("Escape")
    page.click("#settings-button")  # asks what the model's own defaults are
    page.wait_for_selector("#model-name:text-is('talker:3b')")


def test_a_model_that_was_pulled_elsewhere_is_there_when_the_list_opens(
    page: Any, ollama: ScriptedOllama
) -> None:
    page.wait_for_selector("#model-name:has-text('talker:3b')")
    pulled = model("newcomer:1b", "completion")
    ollama.on("/api/tags", json_reply({"models": [*MODELS, pulled]}))
    page.click("#model-button")
    page.wait_for_selector("#model-options .option:has-text('newcomer:1b')")
