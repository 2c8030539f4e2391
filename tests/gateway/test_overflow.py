"""A prompt that does not fit into the model's window: what each API's client hears, streamed and
whole, and where Ollama cuts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..backend import Backend, Windowed, complaint, load
from .sockets import socket

pytestmark = pytest.mark.gen_test

LONG = "word " * 5000  # 6250 tokens of 4 bytes
SAID = [{"role": "user", "content": LONG}]
CHAT = ("/v1/chat/completions", {"messages": SAID})
COMPLETION = ("/v1/completions", {"prompt": LONG})
RESPONSE = ("/v1/responses", {"input": LONG})
MESSAGE = ("/v1/messages", {"messages": SAID, "max_tokens": 100})

ERRORS = {"models": {"defaults": {"*": {"overflow": "error"}}}}
CUT_AGAIN = {"models": {"defaults": {"*": {"overflow": "error"}, "m": {"overflow": "cut"}}}}

OPENAIS = "This model's maximum context length is 4096 tokens. However, your messages resulted in"


@pytest.fixture
def model(backend: Backend) -> Windowed:
    return Windowed().serve(backend)


async def ask(connect: Any, request: tuple[str, Any], **more: Any) -> Any:
    path, body = request
    sent = json.dumps({"model": "m"} | body | more).encode()
    return await (await connect()).request("POST", path, (), sent)


@pytest.mark.parametrize("name", ["chat-overflow", "chat-overflow-stream", "generate-overflow"])
def test_the_scripted_model_complains_as_a_real_one(name: str) -> None:
    recorded = load(name, "0.33")
    assert recorded.status == 400
    assert json.loads(recorded.body) == json.loads(complaint(4010, 2048).body)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
class TestTheError:
    @pytest.mark.parametrize("config", [ERRORS])
    @pytest.mark.parametrize(
        ("request_", "param"), [(CHAT, "messages"), (COMPLETION, "prompt")], ids=["chat", "text"]
    )
    async def test_of_openais_chats_is_the_operators_choice(
        self, connect: Any, model: Windowed, request_: Any, param: str, stream: bool
    ) -> None:
        response = await ask(connect, request_, stream=stream)
        error = response.json()["error"]
        assert response.status == 400 and error["message"].startswith(OPENAIS)
        assert (error["code"], error["param"]) == ("context_length_exceeded", param)
        assert (model.asked[0]["truncate"], model.asked[0]["shift"]) == (False, False)

    @pytest.mark.parametrize("config", [{}, {"models": {"defaults": {"*": {"overflow": "cut"}}}}])
    async def test_of_messages_holds_the_two_numbers(
        self, connect: Any, model: Windowed, stream: bool
    ) -> None:
        response = await ask(connect, MESSAGE, stream=stream)
        tokens = model.tokens(model.asked[0])
        assert response.status == 400 and response.json()["error"]["message"] == (
            f"prompt is too long: {tokens} tokens > 4096 maximum"
        )

    async def test_of_a_response_is_an_event_in_its_stream(
        self, connect: Any, model: Windowed, stream: bool
    ) -> None:
        response = await ask(connect, RESPONSE, stream=stream)
        if stream:
            last = json.loads(response.body.rstrip().rpartition(b"data: ")[2])
            assert (response.status, last["type"]) == (200, "response.failed")
            error = last["response"]["error"]
        else:
            assert response.status == 400
            error = response.json()["error"]
        assert error["code"] == "context_length_exceeded"
        assert error["message"].startswith(OPENAIS)


@pytest.mark.parametrize("config", [{}, CUT_AGAIN], ids=["unset", "later glob"])
@pytest.mark.parametrize("request_", [CHAT, COMPLETION], ids=["chat", "text"])
async def test_otherwise_ollama_cuts(connect: Any, model: Windowed, request_: Any) -> None:
    response = await ask(connect, request_)
    assert response.status == 200 and response.json()["usage"]["prompt_tokens"] == 2050
    assert "truncate" not in model.asked[0] and "shift" not in model.asked[0]


@pytest.mark.parametrize("config", [ERRORS])
@pytest.mark.parametrize(
    "request_",
    [CHAT, COMPLETION, (RESPONSE[0], RESPONSE[1] | {"truncation": "auto"})],
    ids=["chat", "text", "response"],
)
async def test_a_client_that_asks_for_a_cut_gets_it(
    connect: Any, model: Windowed, request_: Any
) -> None:
    more = {} if "truncation" in request_[1] else {"truncate": True}
    assert (await ask(connect, request_, **more)).status == 200
    assert model.asked[0]["truncate"] is True


@pytest.mark.parametrize("config", [ERRORS])
@pytest.mark.parametrize(
    "request_", [CHAT, COMPLETION, RESPONSE, MESSAGE], ids=["chat", "text", "response", "message"]
)
async def test_an_older_ollama_cuts_and_answers(
    connect: Any, backend: Backend, request_: Any
) -> None:
    model = Windowed(knows_flags=False).serve(backend)
    assert (await ask(connect, request_)).status == 200
    assert model.asked[0]["truncate"] is False


@pytest.mark.parametrize("config", [ERRORS])
async def test_a_chat_on_a_socket_is_told(
    http_server: Any, http_port: int, model: Windowed
) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", "model": "m", "messages": SAID})
        [*_, frame] = await ws.until("error")
    assert frame["status"] == 400 and "exceeds the available context size" in frame["message"]
    assert model.asked[0]["truncate"] is False
