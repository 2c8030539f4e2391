"""Every legal framing of a reply is read to its end, and no further."""

from __future__ import annotations

import pytest
from tornado.httpclient import AsyncHTTPClient

from tornado_ollama.upstream.client import UpstreamClient
from tornado_ollama.upstream.request import ResponseHead, UpstreamRequest

from ..backend import (
    Backend,
    ChunkExtensions,
    Exchange,
    Informational,
    Reply,
    Stream,
    Transcript,
    UntilClose,
    load,
)
from .conftest import Fetch

pytestmark = pytest.mark.gen_test


async def test_a_reply_with_a_length(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/tags", Reply(b'{"models":[]}'))
    response = await fetch("/api/tags", "GET")
    assert (response.code, response.body) == (200, b'{"models":[]}')


async def test_a_chunked_reply_reaches_the_streaming_callback(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/chat", Stream(b"one\n", b"two\n", b"three\n"))
    pieces: list[bytes] = []
    response = await fetch(streaming_callback=pieces.append)
    assert b"".join(pieces) == b"one\ntwo\nthree\n"
    assert response.body == b""


async def test_a_reply_in_single_bytes_is_whole(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", Transcript("chat-unicode", one_byte=True))
    response = await fetch()
    assert response.body == load("chat-unicode").body


async def test_an_empty_reply(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/copy", Transcript("copy"))
    response = await fetch("/api/copy")
    assert (response.code, response.body) == (200, b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_needs_no_length(
    fetch: Fetch, backend: Backend, status: int
) -> None:
    backend.on("/api/chat", Reply(status=status, content_type=None))
    assert (await fetch()).code == status
    assert (await fetch()).code == status
    assert len(backend.connections) == 1


async def test_a_reply_to_head_has_a_length_and_no_body(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/tags", Reply(b"x" * 1000))
    for _ in range(2):
        response = await fetch("/api/tags", "HEAD")
        assert (response.code, response.body) == (200, b"")
        assert response.headers["Content-Length"] == "1000"
    assert len(backend.connections) == 1


async def test_a_chunked_reply_to_head_does_not_wait_for_chunks(
    fetch: Fetch, backend: Backend
) -> None:
    async def head_only(exchange: Exchange) -> None:
        exchange.write_head(200, [("Transfer-Encoding", "chunked")])

    backend.on("/api/tags", head_only)
    assert (await fetch("/api/tags", "HEAD")).code == 200


async def test_a_close_ends_a_reply_without_a_length(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/chat", UntilClose(b"one\n", b"two\n"))
    assert (await fetch()).body == b"one\ntwo\n"


@pytest.mark.parametrize("count", [1, 10])
async def test_informational_replies_are_skipped(
    fetch: Fetch, backend: Backend, count: int
) -> None:
    backend.on("/api/chat", Informational(Reply(b"{}"), count))
    heads: list[ResponseHead] = []
    response = await fetch(head_callback=heads.append)
    assert (response.code, response.body) == (200, b"{}")
    assert [head.status for head in heads] == [200]
    assert "link" not in {name.lower() for name, _ in heads[0].headers}


async def test_chunk_extensions_and_trailers_are_not_part_of_the_body(
    fetch: Fetch, backend: Backend
) -> None:
    backend.on("/api/chat", ChunkExtensions(b"one\n", b"two\n"))
    for _ in range(2):
        response = await fetch()
        assert response.body == b"one\ntwo\n"
        assert "X-Trailer" not in response.headers
    assert len(backend.connections) == 1


async def test_headers_keep_order_spelling_and_repetition(fetch: Fetch, backend: Backend) -> None:
    sent = [("X-One", "1"), ("x-two", "a"), ("X-TWO", "b"), ("X-Three", "\xe9")]
    backend.on("/api/chat", Reply(b"{}", headers=sent))
    heads: list[ResponseHead] = []
    await fetch(head_callback=heads.append)
    assert [pair for pair in heads[0].headers if pair[0].lower().startswith("x-")] == sent


@pytest.mark.parametrize("name", ["chat-missing-model", "not-found", "generate-bad-option"])
async def test_a_refusal_of_ollama_is_a_result(fetch: Fetch, backend: Backend, name: str) -> None:
    record = load(name)
    backend.on(record.path, Transcript(name))
    response = await fetch(record.path)
    assert (response.code, response.reason) == (record.status, record.reason)
    assert response.body == record.body


async def test_a_redirect_is_not_followed(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/tags", Reply(b"", 301, headers=[("Location", "http://127.0.0.1:1/")]))
    assert (await fetch("/api/tags", "GET")).code == 301
    assert len(backend.exchanges) == 1


async def test_a_compressed_reply_passes_as_it_is(fetch: Fetch, backend: Backend) -> None:
    backend.on("/api/tags", Reply(b"\x1f\x8b\x08", headers=[("Content-Encoding", "gzip")]))
    response = await fetch("/api/tags", "GET")
    assert response.body == b"\x1f\x8b\x08"
    assert "Accept-Encoding" not in dict(backend.exchanges[0].headers)


async def test_the_request_is_written_once_and_framed(fetch: Fetch, backend: Backend) -> None:
    await fetch("/api/delete", "DELETE", body=b'{"model":"x"}', headers={"X-A": "1"})
    seen = backend.exchanges[0]
    assert seen.raw_head.startswith(b"DELETE /api/delete HTTP/1.1\r\n")
    assert seen.header("host") == f"127.0.0.1:{backend.port}"
    assert seen.header("content-length") == "13"
    assert seen.header("x-a") == "1"
    assert bytes(seen.body) == b'{"model":"x"}'


async def test_a_get_is_sent_without_a_length(fetch: Fetch, backend: Backend) -> None:
    await fetch("/api/tags", "GET")
    assert backend.exchanges[0].header("content-length") is None


async def test_a_header_that_would_begin_another_one_is_never_sent(
    fetch: Fetch, backend: Backend
) -> None:
    with pytest.raises(ValueError):
        await fetch(headers={"X-A": "1\r\nX-B: 2"})
    assert not backend.exchanges


async def test_tornados_own_client_stays_what_it_is(client: UpstreamClient) -> None:
    assert not isinstance(AsyncHTTPClient(), UpstreamClient)
    AsyncHTTPClient().close()


async def test_a_request_that_was_answered_holds_no_body(
    client: UpstreamClient, backend: Backend
) -> None:
    """It may live on until the garbage collector runs, and a body may have megabytes."""
    request = UpstreamRequest(f"{backend.url}/api/chat", "POST", body=b"{}")
    await client.fetch(request)
    assert [exchange.body for exchange in backend.requests("/api/chat")] == [b"{}"]
    assert request.body is None
