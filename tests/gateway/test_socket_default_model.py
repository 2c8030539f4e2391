"""Which model a chat on `/ws` goes to that names none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.wire.default_model import MAX_QUESTIONS

from ..backend import Backend, Behaviour, Exchange, Reply, Reset, StallBeforeHeaders, json_reply
from ..backend.replies import Transcript
from .keys import BOUND, SECURED, bearer
from .sockets import socket

pytestmark = pytest.mark.gen_test


def lists(*names: str) -> Reply:
    """All of them say `completion`, as Ollama's list says of some that only embed."""
    models = [
        {"name": name, "digest": f"of {name}", "capabilities": ["completion"]} for name in names
    ]
    return json_reply({"models": models})


async def shows(exchange: Exchange) -> None:
    """What Ollama says of a model on its own is true."""
    name = json.loads(await exchange.read_body())["model"]
    capability = "embedding" if "minilm" in name else "completion"
    await json_reply({"capabilities": [capability]})(exchange)


async def default(port: int, backend: Backend, **options: Any) -> str:
    """The model that the next chat goes to."""
    async with socket(port, **options) as ws:
        await ws.send({"text": "x"})
        await ws.until("done")
    return str(backend.requests("/api/chat")[-1].json()["model"])


async def test_a_model_that_only_embeds_is_passed_over(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/tags", lists("all-minilm:latest", "smollm2:latest", "other:latest"))
    backend.on("/api/show", shows)
    assert await default(http_port, backend) == "smollm2:latest"
    assert len(backend.requests("/api/show")) == 2


async def test_what_is_known_is_not_asked_again(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/tags", lists("all-minilm:latest", "smollm2:latest"))
    backend.on("/api/show", shows)
    for _ in range(3):
        assert await default(http_port, backend) == "smollm2:latest"
    assert len(backend.requests("/api/show")) == 2


async def test_the_questions_are_bounded_and_go_on_the_next_time(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    embedding = [f"all-minilm:{number}" for number in range(MAX_QUESTIONS + 1)]
    backend.on("/api/tags", lists(*embedding, "smollm2:latest"))
    backend.on("/api/show", shows)
    assert await default(http_port, backend) == embedding[-1]
    assert len(backend.requests("/api/show")) == MAX_QUESTIONS
    assert await default(http_port, backend) == "smollm2:latest"
    assert len(backend.requests("/api/show")) == MAX_QUESTIONS + 2


@pytest.mark.parametrize(
    "answer",
    [Reply(b"[]"), Reset(), StallBeforeHeaders(), Transcript("not-found")],
    ids=["nonsense", "cut", "silence", "no such route"],
)
async def test_where_it_is_not_told_the_list_is_believed(
    http_server: Any,
    http_port: int,
    backend: Backend,
    answer: Behaviour,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tornado_ollama.socket.chat_job.LIST_TIMEOUT_S", 0.2)
    backend.on("/api/tags", lists("first", "second"))
    backend.on("/api/show", answer)
    assert await default(http_port, backend) == "first"


async def test_a_list_that_ollama_refuses_is_its_own_error(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/tags", json_reply({"error": "out of order"}, 500))
    async with socket(http_port) as ws:
        await ws.send({"text": "x"})
        error = (await ws.until("error"))[-1]
    assert (error["status"], error["message"]) == (500, "out of order")


@pytest.mark.parametrize("config", [{"chat": {"default_model": "all-minilm"}}], ids=["chosen"])
async def test_the_operators_choice_is_not_questioned(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    assert await default(http_port, backend) == "all-minilm"
    assert not backend.requests("/api/tags") and not backend.requests("/api/show")


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_bound_credential_asks_only_about_its_own(
    http_server: Any, http_port: int, backend: Backend, config: Any
) -> None:
    backend.on("/api/tags", lists("all-minilm:latest", "other:latest", "smollm2:latest"))
    backend.on("/api/show", shows)
    assert await default(http_port, backend, headers=[bearer(BOUND)]) == "smollm2:latest"
    assert [exchange.json() for exchange in backend.requests("/api/show")] == [
        {"model": "smollm2:latest"}
    ]


async def test_a_question_about_a_model_can_be_cancelled(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    backend.on("/api/show", StallBeforeHeaders())
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "a", "messages": [{"role": "user", "content": "x"}]})
        exchange = await backend.next_request("/api/show")
        await ws.send({"type": "cancel", "id": "a"})
        assert (await ws.until("done"))[-1]["reason"] == "cancelled"
        await exchange.until_closed()
    assert not backend.requests("/api/chat")
