"""Blobs go through as they come, and an early answer reaches a client that is still sending."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from tornado_ollama.handlers import native

from ..backend import Backend, EarlyAnswer, Exchange, Reply, Transcript, json_reply, load
from ..waiting import settled, until
from .keys import BOTH, BOUND, GENERATE, SECURED, bearer

pytestmark = pytest.mark.gen_test

AUDIO = "/v1/audio/transcriptions"
BLOB = "/api/blobs/sha256:" + "0" * 64
MIB = 1 << 20


@pytest.mark.parametrize("size", [0, 1, 1000, MIB, MIB + 1, 5 * MIB])
async def test_a_blob_arrives_whole(connect: Any, backend: Backend, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    response = await (await connect()).request("POST", BLOB, (), data[:size])
    assert response.status == 201
    assert backend.exchanges[0].header("content-length") == str(size)
    assert bytes(backend.exchanges[0].body) == data[:size]


async def test_a_chunked_blob_arrives_whole(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send_request("POST", BLOB, [("Transfer-Encoding", "chunked")])
    for _ in range(100):
        await client.send(b"8000\r\n" + b"y" * 0x8000 + b"\r\n")
    await client.send(b"0\r\n\r\n")
    assert (await client.read_response()).status == 201
    assert bytes(backend.exchanges[0].body) == b"y" * 0x8000 * 100


async def test_a_blob_is_passed_on_while_it_comes(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send_request("POST", BLOB, [("Content-Length", str(10 * MIB))])
    await client.send(b"a" * 1000)
    exchange = await backend.next_request()
    await until(lambda: exchange.received == 1000, "the first piece has arrived")
    await client.send(b"b" * (10 * MIB - 1000))
    assert (await client.read_response()).status == 201


async def test_a_blob_that_ollama_does_not_read_is_not_held(connect: Any, backend: Backend) -> None:
    go_on = asyncio.Event()
    total = 64 * MIB
    sent = 0
    taken = hashlib.sha256()

    async def late(exchange: Exchange) -> None:
        await go_on.wait()
        async for piece in exchange.body_pieces():
            taken.update(piece)
        await Reply(status=201)(exchange)

    backend.keep_bodies = False
    backend.on("*", late)
    client = await connect()
    await client.send_request("POST", BLOB, [("Content-Length", str(total))])

    async def upload() -> None:
        nonlocal sent
        for _ in range(total // 65536):
            await client.send(b"z" * 65536)
            sent += 65536

    task = asyncio.ensure_future(upload())
    assert await settled(lambda: sent) < 32 * MIB
    go_on.set()
    await task
    assert (await client.read_response()).status == 201
    assert taken.digest() == hashlib.sha256(b"z" * total).digest()


async def test_an_early_answer_reaches_a_client_that_still_sends(
    connect: Any, backend: Backend
) -> None:
    backend.on("*", EarlyAnswer(after=300_000))
    client = await connect()
    await client.send_request("POST", BLOB, [("Content-Length", "4000000000")])
    sending = True

    async def upload() -> None:
        try:
            while sending:
                await client.send(b"z" * 65536)
        except ConnectionError:
            pass

    task = asyncio.ensure_future(upload())
    response = await client.read_response()
    assert (response.status, response.json()) == (400, {"error": "digest mismatch"})
    assert not task.done()  # the answer came while the upload still ran
    sending = False
    client.leave()
    await task
    await backend.exchanges[0].closed.wait()


async def test_an_early_answer_reaches_a_client_that_waits(connect: Any, backend: Backend) -> None:
    backend.on("*", EarlyAnswer(after=1000))
    client = await connect()
    await client.send_request("POST", BLOB, [("Content-Length", "4000000")])
    await client.send(b"z" * 1000)
    assert (await client.read_response()).status == 400


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_blob_without_the_right_is_refused_before_it_is_sent(
    connect: Any, backend: Backend, config: Any
) -> None:
    for headers, status in (([], 401), ([bearer(GENERATE)], 403)):
        client = await connect()
        await client.send_request("POST", BLOB, [*headers, ("Content-Length", "4000000000")])
        assert (await client.read_response()).status == status
    assert not backend.exchanges


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_refusal_reaches_a_client_that_sends_all_the_same(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    await client.send_request("POST", BLOB, body=b"x" * 3_000_000)
    assert (await client.read_response()).status == 401
    assert not backend.exchanges


async def test_expect_continue_is_answered_before_the_body(connect: Any, backend: Backend) -> None:
    client = await connect()
    headers = [("Content-Length", "5"), ("Expect", "100-continue")]
    await client.send_request("POST", BLOB, headers)
    assert (await client.read_head()).status == 100
    await client.send(b"12345")
    assert (await client.read_response()).status == 201
    assert bytes(backend.exchanges[0].body) == b"12345"
    assert backend.exchanges[0].header("expect") is None


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_expect_continue_without_a_credential_is_refused_at_once(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    await client.send_request("POST", BLOB, [("Content-Length", "5"), ("Expect", "100-continue")])
    response = await client.read_head()
    if response.status == 100:  # Tornado says so before it asks us; then the refusal must follow
        response = await client.read_head()
    assert response.status == 401
    assert not backend.exchanges


async def test_an_audio_form_passes_unchanged(connect: Any, backend: Backend) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nx\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        + bytes(range(256)) * 10_000
        + b"\r\n--b--\r\n"
    )
    headers = [("Content-Type", "multipart/form-data; boundary=b")]
    backend.on("*", Transcript("v1-audio-not-found"))
    response = await (await connect()).request("POST", AUDIO, headers, form)
    record = load("v1-audio-not-found")
    assert (response.status, response.body) == (record.status, record.body)
    assert bytes(backend.exchanges[0].body) == form
    assert backend.exchanges[0].header("content-type") == headers[0][1]


NESTED = '{"error":{"code":400,"message":"Failed to load audio","type":"invalid_request_error"}}'


@pytest.mark.parametrize("size", [0, 2 * MIB], ids=["small", "large"])
@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [
        ({"error": NESTED}, 500, (400, "Failed to load audio", None, None)),
        ({"error": {"message": "x"}}, 400, (400, "x", None, None)),
        ({"error": 'model "x" not found'}, 404, (404, 'model "x" not found', "model",
                                               "model_not_found")),
        ({"error": "unauthorized"}, 401, (502, "unauthorized", None, "upstream_unauthorized")),
        ("404 page not found", 404, (502, "Ollama's server answered 404 without an error message.",
                                    None, "upstream_broken")),
    ],
    ids=["nested", "openai", "no model", "not signed in", "no such route"],
)  # fmt: skip
async def test_an_audio_form_that_is_refused_gets_openais_form(
    connect: Any, backend: Backend, said: Any, status: int, expected: Any, size: int
) -> None:
    backend.on("*", json_reply(said, status))
    headers = [("Content-Type", "multipart/form-data; boundary=b")]
    form = b"--b--\r\n" + b" " * size
    response = await (await connect()).request("POST", AUDIO, headers, form)
    error = response.json()["error"]
    found = (response.status, error["message"], error["param"], error["code"])
    assert found == expected
    assert response.header("content-type") == "application/json; charset=utf-8"


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_an_audio_form_names_its_model_too(
    connect: Any, backend: Backend, config: Any
) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%b\r\n--b--\r\n'
    content_type = ("Content-Type", "multipart/form-data; boundary=b")
    client = await connect()
    refused = await client.request("POST", AUDIO, [bearer(BOUND), content_type], form % b"other")
    assert refused.status == 403
    assert not backend.exchanges
    await client.request("POST", AUDIO, [bearer(BOUND), content_type], form % b"smollm2")
    await client.request("POST", AUDIO, [bearer(BOTH), content_type], form % b"other")
    assert len(backend.exchanges) == 2


@pytest.mark.parametrize(
    ("path", "clock"), [("/api/chat", "BODY_S"), (AUDIO, "UPLOAD_S")], ids=["json", "audio"]
)
async def test_a_body_that_takes_too_long_is_given_up_without_a_word(
    connect: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch, path: str, clock: str
) -> None:
    """By Tornado's own timeout."""
    monkeypatch.setattr(native, clock, 0.05)
    client = await connect()
    await client.send_request("POST", path, [("Content-Length", "1000")])
    await client.send(b" " * 100)
    assert await client.at_eof()
    assert not backend.exchanges


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize(
    ("target", "content_type", "before"),
    [
        (f"{AUDIO}?model=other", "multipart/form-data; boundary=b", b""),
        # Go lowers U+0130 to an i, and passes over what stands before the first boundary.
        (AUDIO, "mult\u0130part/form-data; boundary=b", b'{"model":"smollm2"}'),
        (AUDIO, "application/json", b'{"model":"smollm2"}'),
        # Ollama reads JSON here, whatever the type says, and only the first value.
        ("/api/generate", "multipart/form-data; boundary=b", b'{"model":"other"}'),
    ],
)
async def test_no_form_hides_a_model_by_its_type_or_query(
    connect: Any, backend: Backend, config: Any, target: str, content_type: str, before: bytes
) -> None:
    name = b"smollm2" if before != b'{"model":"smollm2"}' else b"other"
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%b\r\n--b--\r\n' % name
    client = await connect()
    headers = [bearer(BOUND), ("Content-Type", content_type.encode().decode("latin-1"))]
    response = await client.request("POST", target, headers, before + b"\r\n" * bool(before) + form)
    assert response.status in (400, 403)
    assert not backend.exchanges
