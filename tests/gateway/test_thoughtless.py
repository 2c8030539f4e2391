"""A model that cannot think is asked to once, whatever its clients send."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.upstream import thoughtless
from tornado_ollama.upstream.thoughtless import REFUSAL, Thoughtless

from ..backend import Backend, Exchange, Transcript
from ..backend.ollama_like import ollama_like
from .sockets import socket

pytestmark = pytest.mark.gen_test

MESSAGES = [{"role": "user", "content": "x"}]
REQUESTS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"reasoning_effort": "high"},
    "/v1/responses": {"input": "x", "reasoning": {"effort": "high"}},
    "/v1/messages": {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}},
}


async def cannot_think(exchange: Exchange) -> None:
    await exchange.read_body()
    if exchange.json().get("think"):
        await Transcript("chat-think-unsupported")(exchange)
    else:
        await ollama_like(exchange)


@pytest.fixture
def ask(connect: Any, backend: Backend) -> Any:
    backend.on("/api/chat", cannot_think)

    async def ask(path: str, stream: bool = False, model: str = "smollm2") -> tuple[int, str]:
        """How many requests that took, and the fields that are said to be ignored."""
        before = len(backend.requests("/api/chat"))
        asked = {"model": model, "messages": MESSAGES, "stream": stream} | REQUESTS[path]
        if path == "/v1/responses":
            del asked["messages"]
        response = await (await connect()).request("POST", path, (), json.dumps(asked).encode())
        assert response.status == 200
        ignored = response.header("x-ignored-fields") or ""
        return len(backend.requests("/api/chat")) - before, ignored

    return ask


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", REQUESTS)
async def test_a_refusal_is_remembered(ask: Any, backend: Backend, path: str, stream: bool) -> None:
    count, ignored = await ask(path, stream)
    assert count == 2 and ignored
    assert await ask(path, stream) == (1, ignored)
    assert "think" not in backend.requests("/api/chat")[-1].json()
    assert (await ask(path, stream, "another"))[0] == 2


async def test_sockets_and_requests_know_the_same(
    ask: Any, backend: Backend, http_port: int
) -> None:
    await ask("/v1/chat/completions")
    async with socket(http_port) as ws:
        for think in (True, None):
            backend.exchanges.clear()
            chat = {"type": "chat", "id": "1", "model": "smollm2", "messages": MESSAGES}
            await ws.send(chat | ({} if think is None else {"think": think}))
            [*_, done] = await ws.until("done", "1")
            assert done.get("ignored") == (["think"] if think else None)
            assert len(backend.requests("/api/chat")) == 1


async def test_a_model_that_was_changed_is_asked_again(
    ask: Any, backend: Backend, connect: Any
) -> None:
    await ask("/v1/chat/completions")
    await (await connect()).request("POST", "/api/pull", (), b'{"model":"smollm2"}')
    assert (await ask("/v1/chat/completions"))[0] == 2


async def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    known, loop = Thoughtless(), asyncio.get_running_loop()
    known.note("http://a", "m", BadRequest("no", param="think"))
    assert not known.knows("http://a", "m")
    known.note("http://a", "m", REFUSAL)
    assert known.knows("http://a", "m") and not known.knows("http://b", "m")
    monkeypatch.setattr(thoughtless, "MAX_MODELS", 3)
    for number in range(3):
        known.note("http://a", str(number), REFUSAL)
    assert not known.knows("http://a", "m") and known.knows("http://a", "2")
    later = loop.time() + thoughtless.REMEMBERED_S
    monkeypatch.setattr(loop, "time", lambda: later)
    assert not known.knows("http://a", "2")
