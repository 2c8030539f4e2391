"""`ollama` from PyPI, as its users write it: synchronous and not, streamed and not."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import pytest

from ..backend import Backend, CutBetweenLines, StallMidLine, Transcript, load
from .conftest import Door

pytestmark = pytest.mark.gen_test(timeout=240)

MESSAGES = [{"role": "user", "content": "Say hello."}]
OPTIONS = {"num_predict": 16, "temperature": 0}


def text(name: str) -> str:
    lines = [json.loads(line) for line in load(name).chunks]
    return "".join(line["message"]["content"] for line in lines)


@pytest.fixture
def client(door: Door) -> Iterator[ollama.Client]:
    client = ollama.Client(host=door.url, headers={"Authorization": f"Bearer {door.token}"})
    yield client
    client._client.close()


async def test_it_chats(client: ollama.Client, door: Door) -> None:
    def calls() -> tuple[str, str]:
        whole = client.chat(door.model, MESSAGES, options=OPTIONS)
        parts = list(client.chat(door.model, MESSAGES, options=OPTIONS, stream=True))
        assert parts[-1].done and parts[-1].eval_count
        return str(whole.message.content), "".join(str(part.message.content) for part in parts)

    whole, streamed = await asyncio.to_thread(calls)
    if door.real:
        assert whole == streamed != ""
    else:
        assert (whole, streamed) == (text("chat-nostream"), text("chat-stream"))


async def test_it_generates_and_embeds(client: ollama.Client, door: Door) -> None:
    def calls() -> None:
        assert client.generate(door.model, "The sky is", options=OPTIONS).response
        parts = client.generate(door.model, "The sky is", options=OPTIONS, stream=True)
        assert "".join(str(part.response) for part in parts)
        assert client.embed(door.model, "hello").embeddings[0]

    await asyncio.to_thread(calls)


async def test_it_looks_around(client: ollama.Client, door: Door) -> None:
    def calls() -> None:
        names = [str(model.model) for model in client.list().models]
        assert any(name.startswith(door.model) for name in names)
        assert client.show(door.model).details
        assert client.ps().models is not None

    await asyncio.to_thread(calls)


async def test_it_chats_without_blocking(door: Door) -> None:
    client = ollama.AsyncClient(host=door.url, headers={"X-API-Key": door.token})
    async with client._client:
        parts = [
            part.message.content or ""
            async for part in await client.chat(door.model, MESSAGES, options=OPTIONS, stream=True)
        ]
    assert "".join(parts)


async def test_a_wrong_token_is_an_error_with_its_status(door: Door) -> None:
    client = ollama.AsyncClient(host=door.url, headers={"Authorization": "Bearer wrong"})
    async with client._client:
        with pytest.raises(ollama.ResponseError) as caught:
            await client.chat(door.model, MESSAGES)
    assert caught.value.status_code == 401
    assert caught.value.error


@pytest.mark.parametrize("door", ["scripted"], indirect=True)
async def test_it_manages_models(client: ollama.Client, door: Door, tmp_path: Path) -> None:
    blob = tmp_path / "model.gguf"
    blob.write_bytes(b"GGUF" * 1_000_000)

    def calls() -> list[str | None]:
        client.copy("smollm2", "smollm2-copy")
        client.delete("smollm2-copy")
        client.push("smollm2")
        list(client.create("mario", from_="smollm2", stream=True))
        digest = client.create_blob(blob)
        assert digest == "sha256:" + hashlib.sha256(blob.read_bytes()).hexdigest()
        return [progress.status for progress in client.pull("smollm2", stream=True)]

    assert (await asyncio.to_thread(calls))[-1] == "success"


@pytest.mark.parametrize("door", ["scripted"], indirect=True)
async def test_an_error_of_ollamas_arrives_as_one(
    client: ollama.Client, door: Door, backend: Backend
) -> None:
    backend.on("/api/chat", Transcript("chat-missing-model"))
    with pytest.raises(ollama.ResponseError, match="not found") as caught:
        await asyncio.to_thread(client.chat, "nope", MESSAGES)
    assert caught.value.status_code == 404


@pytest.mark.parametrize("door", ["scripted"], indirect=True)
async def test_a_stream_that_broke_off_is_an_error(
    client: ollama.Client, door: Door, backend: Backend
) -> None:
    backend.on("/api/chat", CutBetweenLines())
    with pytest.raises(ollama.ResponseError, match="broke off"):
        await asyncio.to_thread(lambda: list(client.chat("m", MESSAGES, stream=True)))


@pytest.mark.parametrize("door", ["scripted"], indirect=True)
async def test_a_stream_that_is_no_longer_wanted_stops_ollama(door: Door, backend: Backend) -> None:
    backend.on("/api/chat", StallMidLine())
    client = ollama.AsyncClient(host=door.url, headers={"X-API-Key": door.token})
    async with client._client:
        stream: Any = await client.chat(door.model, MESSAGES, stream=True)
        await anext(stream)
        exchange = await backend.next_request("/api/chat")
        await stream.aclose()
        await exchange.closed.wait()
