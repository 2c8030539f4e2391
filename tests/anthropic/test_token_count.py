"""`/v1/messages/count_tokens`: an estimate that costs nothing, and says what it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.backend import Backend, json_reply

from .exchanges import HEADERS, body
from .test_recorded import of, request
from .test_sdk import ASKED, TOOLS

if TYPE_CHECKING:
    import anthropic

pytestmark = pytest.mark.gen_test

COUNT = "/v1/messages/count_tokens"


async def test_the_sdk_counts_without_a_run_of_the_model(
    client: anthropic.AsyncAnthropic,
    backend: Backend,
) -> None:
    asked = {key: value for key, value in ASKED.items() if key != "max_tokens"}
    few = await client.messages.count_tokens(**asked)
    more = await client.messages.count_tokens(**asked, tools=TOOLS, system="Be brief. " * 50)
    assert 0 < few.input_tokens < 60 < more.input_tokens
    assert {exchange.path for exchange in backend.exchanges} == {"/api/version"}


async def test_the_header_says_that_it_is_an_estimate(connect: Any, backend: Backend) -> None:
    response = await (await connect()).request("POST", COUNT, HEADERS, body())
    assert response.header("x-token-count") == "estimate"
    assert response.json().keys() == {"input_tokens"}


async def test_an_image_counts_as_one_whatever_its_size(connect: Any, backend: Backend) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA" * 100_000}
    messages = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    response = await (await connect()).request("POST", COUNT, HEADERS, body(messages=messages))
    assert 1000 <= response.json()["input_tokens"] < 1100


async def test_the_embedded_backend_counts_exactly(connect: Any, backend: Backend) -> None:
    backend.on("/api/version", json_reply({"version": "0.32.15+embedded"}))
    backend.on("/api/count_tokens", json_reply({"prompt_tokens": 31}))
    asked = body(thinking={"type": "adaptive"})
    response = await (await connect()).request("POST", f"{COUNT}?beta=true", HEADERS, asked)
    assert (response.json(), response.header("x-token-count")) == ({"input_tokens": 31}, "exact")
    [exchange] = backend.requests("/api/count_tokens")
    assert exchange.json()["messages"] == [{"role": "user", "content": "x"}]
    assert "think" not in exchange.json()


async def test_what_it_cannot_count_is_an_error(connect: Any, backend: Backend) -> None:
    backend.on("/api/version", json_reply({"version": "0.32.15+embedded"}))
    backend.on("/api/count_tokens", json_reply({"error": "model 'm' not found"}, 404))
    response = await (await connect()).request("POST", COUNT, HEADERS, body())
    assert (response.status, response.json()["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize(
    ("sent", "named"), [(b"{", "JSON"), (b"[]", "object"), (body(messages=[]), "messages")]
)
async def test_a_body_that_is_none(connect: Any, sent: bytes, named: str) -> None:
    response = await (await connect()).request("POST", COUNT, HEADERS, sent)
    assert response.status == 400 and named in response.json()["error"]["message"]


@of(COUNT)
async def test_what_agents_ask(connect: Any, backend: Backend, row: dict[str, Any]) -> None:
    sent = json.dumps(request(row)).encode()
    response = await (await connect()).request("POST", f"{COUNT}?beta=true", HEADERS, sent)
    assert response.status == 200 and response.json()["input_tokens"] > 0
