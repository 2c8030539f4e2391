"""Each failure says what happened and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..backend import Reply, Reset, json_reply
from .conftest import TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, case, new_chat, texts
from .test_connection import watched
from .test_token import give


def failed(page: Any) -> str:
    page.wait_for_selector(f"{LAST} .failure")
    return str(page.inner_text(f"{LAST} .failure"))


def test_what_ollama_refuses_is_said_with_its_own_sentence(
    page: Any, ollama: ScriptedOllama
) -> None:
    for status, message, what, next in (
        (404, "model 'talker:3b' not found", "does not have talker:3b", "ollama pull talker:3b"),
        (400, "invalid think value", "did not accept the request", "Change the message"),
        (503, "server busy, please try again.", "The server is busy", "Wait a moment"),
        (500, "llama runner process no longer running", "failed (status 500)", "Try again"),
    ):
        with case(status):
            ollama.on("/api/chat", json_reply({"error": message}, status))
            ask(page, "Hello.")
            said = failed(page)
            assert what in said and next in said and message in said
            new_chat(page)


def test_a_failed_question_is_asked_again_with_one_click(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/chat", json_reply({"error": "no luck"}, 500))
    ask(page, "Hello.")
    failed(page)
    (talk,) = ollama.talk()
    page.click(f"{LAST} .failure .button:has-text('Try again')")
    assert talk.asked.wait(10)
    talk.say("Better now.")
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Better now."
    assert page.locator(".failure").count() == 0


def test_ollama_that_dies_before_it_answers(page: Any, ollama: ScriptedOllama) -> None:
    ollama.on("/api/chat", Reset())
    ask(page, "Hello.")
    assert "Ollama broke off." in failed(page)


def test_an_answer_that_breaks_off_keeps_its_beginning(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.say("Half an ans")
    talk.break_off()
    assert "broke off" in failed(page)
    assert texts(page)[-1] == "Half an ans"


def test_an_error_in_the_middle_of_an_answer(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.say("So far")
    talk.fail("model runner has unexpectedly stopped")
    assert "model runner has unexpectedly stopped" in failed(page)
    assert texts(page)[-1] == "So far"


def test_an_empty_answer_is_not_passed_over(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Hello.")
    assert talk.asked.wait(10)
    talk.end()
    assert "answered with nothing" in failed(page)


def test_too_many_requests_count_down_to_the_next_try(page: Any, ollama: ScriptedOllama) -> None:
    limited = json_reply({"error": "rate limit reached, retry in 2 s"}, 429)
    ollama.on("/api/chat", limited)
    ask(page, "Hello.")
    assert "Too many requests." in failed(page)
    press = page.locator(f"{LAST} .failure .button")
    assert press.is_disabled()
    assert press.inner_text() in ("Try again in 2 s", "Try again in 1 s")
    page.wait_for_selector(f"{LAST} .failure .button:enabled:text-is('Try again')")


FRAMES: list[tuple[dict[str, Any], str]] = [
    ({"status": 503, "code": "queue_full", "message": "?"}, "fail.busy.what"),
    ({"status": 504, "code": "queue_timeout", "message": "?"}, "fail.busy.what"),
    ({"status": 503, "code": "shutting_down", "message": "?"}, "fail.restart.what"),
    ({"status": 503, "code": "upstream_unavailable", "message": ""}, "fail.unavailable.what"),
    ({"status": 503, "message": "Ollama is busy and the queue is full"}, "fail.busy.what"),
    ({"status": 503, "message": "The gateway is shutting down"}, "fail.restart.what"),
    ({"status": 503, "message": "Ollama cannot be reached: refused"}, "fail.unavailable.what"),
    *(
        ({"status": 500, "message": message}, f"fail.{kind}.what")
        for kind, message in (
            ("memory", "model requires more system memory (5.5 GiB) than is available"),
            ("memory", "llama runner process has terminated: cudaMalloc failed: out of memory"),
            ("image", "this model does not support image input"),
            ("image", "Failed to load image or audio file"),
            ("image", "image: unknown format"),
            ("context", "the request exceeds the available context size (4096 tokens)"),
            ("context", "input length exceeds the context length"),
            ("server", "llama runner process has terminated: exit status 2"),
        )
    ),
    ({"status": 400, "message": "prompt is too long; exceeds context"}, "fail.context.what"),
    ({"status": 400, "message": "invalid option provided"}, "fail.request.what"),
]
"""Failures as the gateway tells of them, and the sentence that the page says."""


def test_busy_closing_and_away_are_told_apart(page: Any) -> None:
    find = "(frame) => import('/static/js/net/failure.js').then((it) => it.failureOf(frame).what)"
    for frame, what in FRAMES:
        assert page.evaluate(find, frame) == what, frame


@pytest.fixture
def small_queue(_ollama: ScriptedOllama, tmp_path: Path) -> Iterator[Gateway]:
    """One chat at a time, one in the queue."""
    limits = {"max_parallel": 1, "max_queued": 1}
    config = {"service": {"base_url": _ollama.url}, "limits": limits}
    gateway = Gateway(tmp_path, config, "--embedded", "never")
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("socket", [True, False])
def test_a_full_queue_counts_down_and_a_reload_does_not_begin_anew(
    open_page: Callable[..., Any], ollama: ScriptedOllama, small_queue: Gateway, socket: bool
) -> None:
    def before(page: Any) -> None:
        watched(page)
        if not socket:
            page.add_init_script("window.noSockets = true")

    talks = ollama.talk(2)
    pages = [open_page(gateway=small_queue, before=before) for _ in range(3)]
    for page in pages:
        page.wait_for_selector(".tries button")
    ask(pages[0], "First.")
    assert talks[0].asked.wait(10)
    ask(pages[1], "Second.")
    if socket:
        pages[1].wait_for_selector(f"{LAST} .state:has-text('In the queue')")
    else:
        pages[1].wait_for_timeout(500)
    page = pages[2]
    ask(page, "Third.")
    assert "The server is busy." in failed(page)
    press = page.locator(f"{LAST} .failure .button")
    assert press.inner_text() in ("Try again in 5 s", "Try again in 4 s")
    page.wait_for_selector(f"{LAST} .failure .button:has-text('in 2 s')")
    page.reload()
    page.wait_for_selector(f"{LAST} .failure .button")
    assert press.inner_text() in ("Try again in 2 s", "Try again in 1 s", "Try again")
    page.wait_for_selector(f"{LAST} .failure .button:enabled:text-is('Try again')")
    for talk in talks:
        talk.end()


MISSING = json_reply({"error": "model 'talker:3b' not found"}, 404)


def test_a_model_that_is_missing_is_fetched_by_those_who_may(
    page: Any, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/chat", MISSING)
    page.wait_for_selector("#models-entry:not([hidden])", state="attached")
    ask(page, "Hello.")
    failed(page)
    page.click(f"{LAST} .failure .button:has-text('Download it')")
    page.wait_for_selector("#models-view[open]")
    assert page.input_value(".pull-form input") == "talker:3b"


def test_who_may_not_fetch_a_missing_model_is_not_offered_to(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    ollama.on("/api/chat", MISSING)
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    ask(page, "Hello.")
    failed(page)
    assert page.locator(f"{LAST} .failure .button").all_inner_texts() == [
        "Choose another model",
        "Try again",
    ]


def test_the_first_model_is_fetched_by_those_who_may(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    ollama.on("/api/tags", json_reply({"models": []}))
    page = open_page()
    page.click("#welcome .button:has-text('Download it')")
    page.wait_for_selector("#models-view[open]")
    assert page.input_value(".pull-form input") == "llama3.2"


def test_a_backend_that_is_away_is_noticed_and_so_is_its_return(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(
        before=lambda page: page.route(
            "**/api/tags", lambda route: route.fulfill(status=503, body='{"error": "away"}')
        )
    )
    page.wait_for_selector("#notice:has-text('Ollama cannot be reached.')")
    assert page.locator(".tries").is_hidden()
    page.unroute("**/api/tags")
    page.click("#notice .button:has-text('Try again')")
    page.wait_for_selector(".tries button")
    assert page.locator("#notice").is_hidden()


def test_a_server_without_a_model_says_how_to_get_one(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    ollama.on("/api/tags", json_reply({"models": []}))
    page = open_page()
    page.wait_for_selector(".who:has-text('ollama pull')")
    assert page.inner_text("#model-name") == "No model"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>", content_type="text/html"),
        json_reply({}),
        json_reply({"models": None}),
        json_reply([]),
    ],
)
def test_an_answer_of_another_form_is_not_taken_for_models(
    open_page: Callable[..., Any], ollama: ScriptedOllama, reply: Reply
) -> None:
    ollama.on("/api/tags", reply)
    page = open_page()
    page.wait_for_selector("#notice:has-text('Ollama broke off.')")
