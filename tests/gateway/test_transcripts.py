"""What Ollama said is what the client gets: status, body and content type, to the byte.

Every recorded exchange of the native API passes through the gateway: whole, with and without a
credential configured, and in single bytes. Answers that are the gateway's own (unknown routes,
CORS, Host, `/v1`) have tests of their own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, Transcript, load, names
from ..backend.transcripts import VERSIONS
from ..raw_client import RawConnection
from .keys import BOTH, SECURED, bearer

OWN_ANSWERS = ("cors-", "host-header-", "not-found", "method-not-allowed", "v1-")
PASSED = {"v1-audio-not-found"}

RECORDS = {
    version: [name for name in names(version) if name in PASSED or not name.startswith(OWN_ANSWERS)]
    for version in VERSIONS
}


def test_both_versions_are_there_in_number() -> None:
    assert all(len(found) > 60 for found in RECORDS.values())
    assert sum(map(len, RECORDS.values())) > 160


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [{}, SECURED], ids=["open", "secured"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_recorded_exchanges_pass(
    connect: Any, backend: Backend, config: dict[str, Any], version: str
) -> None:
    for name in RECORDS[version]:
        backend.forget()
        try:
            await passes(await connect(), backend, config, version, name)
        except BaseException as failure:
            failure.add_note(f"It is {name} of {version}.")
            raise


async def passes(
    client: RawConnection, backend: Backend, config: dict[str, Any], version: str, name: str
) -> None:
    record = load(name, version)
    headers = [bearer(BOTH)] if config else []
    for one_byte in (False,) if config else (False, True):  # who asks changes no byte
        backend.on("*", Transcript(name, version, one_byte))
        response = await client.request(
            record.method, record.path, headers, record.request_body or None
        )
        assert response.status == record.status
        assert response.reason == record.reason
        assert response.body == record.body
        assert response.header("content-type") == record.content_type
        assert response.complete
    if record.path == "/":  # answered by the gateway, like Ollama
        return
    for seen in backend.exchanges:
        assert (seen.method, seen.target) == (record.method, record.path)
        assert bytes(seen.body) == record.request_body


@pytest.mark.gen_test
async def test_a_length_that_ollama_named_is_named(connect: Any, backend: Backend) -> None:
    client = await connect()
    for name in ("tags", "tags-head", "delete", "chat-missing-model"):
        record = load(name)
        backend.on("*", Transcript(name))
        response = await client.request(record.method, record.path, (), record.request_body)
        assert response.header("content-length") == dict(record.headers)["Content-Length"]
        assert response.header("transfer-encoding") is None


@pytest.mark.gen_test
async def test_a_chunk_of_ollamas_is_passed_on_at_once(connect: Any, backend: Backend) -> None:
    """With a gate after each line, every line must reach the client before the next exists."""
    record = load("chat-stream")
    gates = [asyncio.Event() for _ in record.chunks]
    pieces = [piece for pair in zip(record.chunks, gates, strict=True) for piece in pair]
    backend.on("/api/chat", NdjsonStream(*pieces))
    client = await connect()
    await client.send_request("POST", "/api/chat", body=record.request_body)
    response = await client.read_head()
    for line, gate in zip(record.chunks, gates, strict=True):
        assert await client.read_chunk(response) == line
        gate.set()
    assert await client.read_chunk(response) == b""
    assert response.complete
