"""`num_ctx: auto`: the windows that Ollama is asked for, by every API that is translated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, Reply, Windowed, json_reply
from .sockets import socket

pytestmark = pytest.mark.gen_test

AUTO: dict[str, Any] = {"models": {"defaults": {"*": {"num_ctx": "auto"}}}}
BOUNDED: dict[str, Any] = {"models": AUTO["models"] | {"max_num_ctx": 16384}}

CHAT = "/v1/chat/completions"


@pytest.fixture
def config() -> dict[str, Any]:
    return AUTO


@pytest.fixture
def model(backend: Backend) -> Windowed:
    return Windowed().serve(backend)


def windows(model: Windowed) -> list[int | None]:
    return [asked.get("options", {}).get("num_ctx") for asked in model.asked]


def said(size: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": "x" * size}]


async def ask(connect: Any, path: str = CHAT, **body: Any) -> Any:
    sent = json.dumps({"model": "m"} | body).encode()
    return await (await connect()).request("POST", path, (), sent)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"messages": said(30000)}),
        ("/v1/completions", {"prompt": "x" * 30000}),
        ("/v1/responses", {"input": "x" * 30000}),
        ("/v1/messages", {"messages": said(30000), "max_tokens": 32000}),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_every_api_gets_the_window_that_it_needs(
    connect: Any, model: Windowed, path: str, body: dict[str, Any], stream: bool
) -> None:
    assert (await ask(connect, path, **body, stream=stream)).status == 200
    assert windows(model) == [16384]  # 9000 tokens and 4096 for the reply


async def test_a_chat_on_a_socket_gets_it_too(
    http_server: Any, http_port: int, model: Windowed
) -> None:
    model.bytes_per_token = 2.0
    async with socket(http_port) as ws:
        frame = {"type": "chat", "id": "1", "model": "m", "messages": said(38000)}
        await ws.send(frame)
        await ws.until("done")
        await ws.send(frame | {"options": {"num_ctx": 4096}, "id": "2"})
        await ws.until("done")
    assert windows(model) == [16384, 32768, 4096]
    assert [asked.get("truncate") for asked in model.asked] == [False, False, None]


async def test_embeddings_get_the_window_of_their_longest_input(
    connect: Any, backend: Backend, model: Windowed
) -> None:
    backend.on("/api/embed", json_reply({"embeddings": [[1.0], [1.0]], "prompt_eval_count": 9}))
    body = {"input": ["x" * 30000, "x" * 20000]}
    assert (await ask(connect, "/v1/embeddings", **body)).status == 200
    [request] = backend.requests("/api/embed")
    assert request.json()["options"]["num_ctx"] == 16384


@pytest.mark.parametrize(
    ("more", "window"),
    [
        ({"num_ctx": 5000}, 5000), ({"options": {"num_ctx": 5000}}, 5000),
        ({"max_tokens": 100}, 8192), ({}, 16384),
    ],
)  # fmt: skip
async def test_the_client_has_its_say(
    connect: Any, model: Windowed, more: dict[str, Any], window: int
) -> None:
    await ask(connect, messages=said(20000), **more)
    assert windows(model) == [window]


async def test_a_growing_session_reloads_the_model_a_few_times(
    connect: Any, model: Windowed
) -> None:
    for turn in range(24):
        await ask(connect, messages=said(2000 + turn * 8000))
    assert model.loads == [8192, 16384, 32768, 65536]
    model.unload()
    await ask(connect, messages=said(100))
    assert model.loads[-1] == 65536, "a request ended a moment ago: it may be loaded still"


async def test_tokens_are_estimated_as_the_model_was_measured(
    connect: Any, model: Windowed
) -> None:
    model.bytes_per_token = 2.0
    await ask(connect, messages=said(16000))  # 8000 tokens; 4800 were estimated
    await ask(connect, messages=said(30000))
    assert windows(model) == [16384, 32768] and model.loads == [16384, 32768]


async def test_what_was_measured_is_also_what_a_count_is_estimated_by(
    connect: Any, model: Windowed
) -> None:
    model.bytes_per_token = 2.0
    counted = []
    for _ in range(2):
        body: dict[str, Any] = {"messages": said(30000)}
        response = await ask(connect, "/v1/messages/count_tokens", **body)
        assert response.header("x-token-count") == "estimate"
        counted.append(response.json()["input_tokens"])
        await ask(connect, **body)
    assert 9000 < counted[0] < 9100 and 14000 < counted[1] < 15100


async def test_an_estimate_that_was_too_low_is_mended(connect: Any, model: Windowed) -> None:
    model.bytes_per_token = 1.0
    response = await ask(connect, "/v1/messages", messages=said(12000), max_tokens=9)
    assert response.status == 200 and response.json()["usage"]["input_tokens"] > 12000
    assert windows(model) == [8192, 16384]
    await ask(connect, messages=said(12000), max_tokens=9)
    assert windows(model)[-1] == 16384


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_every_choice_and_every_prompt_is_mended(
    connect: Any, model: Windowed, stream: bool
) -> None:
    model.bytes_per_token = 1.0
    prompts = ["x" * 12000, "y" * 100, "z" * 14000]
    body = {"prompt": prompts, "n": 2, "max_tokens": 9, "stream": stream}
    response = await ask(connect, "/v1/completions", **body)
    assert response.status == 200 and model.window == 16384
    if stream:
        assert response.body.count(b'"finish_reason":"stop"') == 6
        assert response.body.endswith(b"data: [DONE]\n\n")
    else:
        assert len(response.json()["choices"]) == 6


@pytest.mark.parametrize("config", [BOUNDED])
class TestTheLargestWindow:
    async def test_is_the_operators(self, connect: Any, model: Windowed) -> None:
        response = await ask(connect, "/v1/messages", messages=said(80000), max_tokens=9)
        assert response.status == 400 and "> 16384 maximum" in response.json()["error"]["message"]
        assert windows(model) == [16384]

    async def test_is_where_ollama_cuts(self, connect: Any, model: Windowed) -> None:
        response = await ask(connect, messages=said(80000))
        assert response.status == 200
        assert response.json()["usage"]["prompt_tokens"] == 8194
        assert windows(model) == [16384, 16384]
        assert [asked.get("truncate") for asked in model.asked] == [False, None]

    async def test_is_the_models_own(self, connect: Any, model: Windowed) -> None:
        model.own = 2048
        assert (await ask(connect, messages=said(1000))).status == 200
        assert windows(model) == [2048]


async def test_what_others_have_loaded_is_kept(connect: Any, model: Windowed) -> None:
    native = {"model": "m", "messages": said(9), "stream": False, "options": {"num_ctx": 40000}}
    await (await connect()).request("POST", "/api/chat", (), json.dumps(native).encode())
    await ask(connect, messages=said(100))
    assert model.loads == [40000]


@pytest.mark.parametrize("path", ["/api/ps", "/api/show"])
async def test_an_ollama_that_does_not_say_what_it_has_still_answers(
    connect: Any, backend: Backend, model: Windowed, path: str
) -> None:
    backend.on(path, Reply(b"{", 500))
    for size in (100, 20000, 100):
        assert (await ask(connect, messages=said(size))).status == 200
    assert windows(model) == [8192, 16384, 16384]


@pytest.mark.parametrize("config", [BOUNDED])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/m"])
async def test_models_tell_the_largest_window(connect: Any, model: Windowed, path: str) -> None:
    async def told(*headers: tuple[str, str]) -> dict[str, Any]:
        reply = (await (await connect()).request("GET", path, headers)).json()
        entry: dict[str, Any] = reply["data"][0] if "data" in reply else reply
        return entry

    openais = await told()
    assert (openais["context_length"], openais["max_context_length"]) == (16384, 131072)
    assert (await told(("anthropic-version", "2023-06-01")))["max_input_tokens"] == 16384


async def test_an_older_ollama_complains_without_numbers(
    connect: Any, backend: Backend, model: Windowed
) -> None:
    refusal = json_reply({"error": "the input length exceeds the context length"}, 400)
    backend.on("/api/chat", refusal, refusal, model.run)
    assert (await ask(connect, messages=said(100))).status == 200
    assert windows(model) == [32768]


async def test_a_complaint_about_a_window_nobody_asked_for_is_not_argued_with(
    connect: Any, backend: Backend, model: Windowed
) -> None:
    model.own, model.lists_length = 4096, False
    backend.on("/api/show", json_reply({}))
    response = await ask(connect, "/v1/messages", messages=said(30000), max_tokens=9)
    assert response.status == 400 and "> 4096 maximum" in response.json()["error"]["message"]
    assert len(model.asked) == 1
