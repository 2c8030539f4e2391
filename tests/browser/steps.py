"""What a reader does on the page, in the words of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .ollama import ScriptedOllama, Talk

BOX = "#message"
LAST = ".turn.assistant:last-of-type"


@contextmanager
def case(name: object) -> Iterator[None]:
    """One of several that a test tries in the same page, named where it fails."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case {name!r}")
        raise


def new_chat(page: Any) -> None:
    """What was said before is not on the page."""
    page.click("#new-chat")
    page.wait_for_selector(".turn", state="detached")
    page.wait_for_selector(".tries button")


def clear_toast(page: Any) -> None:
    """What is said in the toast from now on was not said before."""
    page.evaluate("document.querySelector('#toast').replaceChildren()")


def ask(page: Any, text: str) -> None:
    """Sends it: by the button where Enter makes a line."""
    page.fill(BOX, text)
    if page.get_attribute(BOX, "enterkeyhint") == "send":
        page.press(BOX, "Enter")
    else:
        page.click("#send", force=True)


def choose_model(page: Any, name: str) -> None:
    """Chooses the first model whose name holds `name`."""
    page.click("#model-button")
    page.wait_for_selector("#model-options .option")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def answered(page: Any) -> None:
    """Waits until nothing is being written."""
    page.wait_for_selector("#send[data-t-label='composer.send']")


def answering(page: Any, ollama: ScriptedOllama, question: str, words: str) -> Talk:
    """An answer under way, of which `words` are on the screen."""
    (talk,) = ollama.talk()
    ask(page, question)
    assert talk.asked.wait(10)
    talk.say(words)
    page.wait_for_selector(f"{LAST} .body:has-text('{words}')")
    return talk


def exchange(page: Any, ollama: ScriptedOllama, question: str, answer: str) -> Talk:
    """One question and its whole answer."""
    (talk,) = ollama.talk()
    ask(page, question)
    assert talk.asked.wait(10)
    talk.say(answer)
    talk.end()
    answered(page)
    return talk


def texts(page: Any) -> list[str]:
    """What is said in each turn, from the first."""
    return [text.strip() for text in page.locator(".turn .body:visible").all_inner_texts()]
