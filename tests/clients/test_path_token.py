"""Clients that can send no header, or only one that says nothing, with a token in their URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import ollama
import pytest

from ..gateway.keys import PATH_CONFIG, PATH_GENERATE, PATH_MANAGE, UNKNOWN
from ..later import later

if TYPE_CHECKING:
    import openai
else:
    openai = later("openai")

pytestmark = [
    pytest.mark.gen_test(timeout=120),
    pytest.mark.parametrize("config", [PATH_CONFIG], ids=["allowed"]),
]

MESSAGES: Any = [{"role": "user", "content": "Say hello."}]


@pytest.mark.parametrize("behind", ["", "/"])
async def test_ollamas_library_takes_it_from_ollama_host(
    http_server: Any, http_port: int, config: Any, monkeypatch: pytest.MonkeyPatch, behind: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"http://localhost:{http_port}/k/{PATH_GENERATE}{behind}")
    client = ollama.AsyncClient()
    async with client._client:
        assert (await client.list()).models
        assert (await client.show("smollm2")).details
        assert (await client.chat("smollm2", MESSAGES)).message.content
        assert [part async for part in await client.chat("smollm2", MESSAGES, stream=True)]
        with pytest.raises(ollama.ResponseError) as refused:
            await client.pull("smollm2")
    assert refused.value.status_code == 403


@pytest.mark.parametrize("behind", ["/v1", "/v1/", "//v1"])
async def test_openais_library_takes_it_in_its_base_url(
    http_server: Any, http_port: int, config: Any, behind: str
) -> None:
    base_url = f"http://localhost:{http_port}/k/{PATH_GENERATE}{behind}"

    def calls() -> None:
        with openai.OpenAI(base_url=base_url, api_key="ollama", max_retries=0) as client:
            assert list(client.models.list())
            chat = client.chat.completions.create(model="smollm2", messages=MESSAGES, stream=True)
            assert "".join(str(chunk.choices[0].delta.content or "") for chunk in chat)

    await asyncio.to_thread(calls)


COMMAND = [("User-Agent", "ollama/0.33.0 (amd64 linux) Go/go1.24.1"), ("Accept-Encoding", "gzip")]
CALLS = [
    ("HEAD", "/", None),
    ("GET", "/api/version", None),
    ("GET", "/api/tags", None),
    ("GET", "/api/ps", None),
    ("GET", "/api/status", None),
    ("GET", "/api/experimental/model-recommendations", None),
    ("POST", "/api/me", b"null"),
    ("POST", "/api/show", b'{"model":"smollm2","system":"","template":"","verbose":false}'),
    ("POST", "/api/generate", b'{"model":"smollm2","prompt":"","options":{}}'),
    ("POST", "/api/chat", b'{"model":"smollm2","messages":[{"role":"user","content":"hi"}]}'),
    ("POST", "/api/pull", b'{"model":"smollm2","insecure":false,"name":"smollm2"}'),
    ("DELETE", "/api/delete", b'{"model":"smollm2","name":"smollm2"}'),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_call_of_ollamas_command(
    connect: Any, config: Any, method: str, path: str, body: bytes | None
) -> None:
    client = await connect()
    for token in (PATH_GENERATE, PATH_MANAGE):
        answer = await client.request(method, f"/k/{token}{path}", COMMAND, body)
        assert answer.status in (200, 403)
        if answer.status == 200:
            break
    assert answer.status == 200
    told = await client.request(method, f"/k/{UNKNOWN}{path}", COMMAND, body)
    assert told.status == 401
    without = await client.request(method, path, COMMAND, body)
    if path != "/":
        assert without.status == 401
        assert "/k/TOKEN" in without.json()["status"]
