"""What Ollama is told of a client, and what it is not (docs/native-api.md, Headers)."""

from __future__ import annotations

from typing import Any

import pytest

from ..backend import Backend, Exchange, Reply
from .keys import BOTH, BOUND, SECURED, api_key, basic, bearer

pytestmark = pytest.mark.gen_test

CHAT = b'{"model":"smollm2","messages":[]}'

DROPPED = [
    ("Origin", "http://localhost:3000"),
    ("Cookie", "session=1"),
    ("Referer", "http://localhost:3000/"),
    ("Connection", "X-Private, Keep-Alive"),
    ("X-Private", "1"),
    ("Keep-Alive", "timeout=5"),
    ("TE", "trailers"),
    ("Proxy-Authorization", "Basic eDp5"),
    ("Proxy-Connection", "keep-alive"),
    ("Forwarded", "for=1.2.3.4"),
    ("X-Real-IP", "1.2.3.4"),
]

KEPT = [
    ("Content-Type", "application/json"),
    ("Accept", "application/x-ndjson"),
    ("User-Agent", "ollama/0.24.0 (amd64 linux) Go/go1.26.8"),
    ("Accept-Language", "de"),
    ("X-Something", "a"),
    ("X-Something", "b"),
]


async def forwarded(connect: Any, backend: Backend, *headers: tuple[str, str]) -> Exchange:
    response = await (await connect()).request("POST", "/api/chat", headers, CHAT)
    assert response.status == 200
    return backend.requests("/api/chat")[-1]


@pytest.mark.parametrize("config", [{}, SECURED], ids=["open", "secured"])
async def test_what_is_the_clients_own_stays_here(
    connect: Any, backend: Backend, config: Any
) -> None:
    credentials = [bearer(BOTH), api_key(BOTH)] if config else [bearer("x")]
    seen = await forwarded(connect, backend, *DROPPED, *credentials)
    names = {name.lower() for name, _ in seen.headers}
    assert not names & {name.lower() for name, _ in DROPPED}
    assert not names & {"authorization", "x-api-key"}
    assert BOTH.encode() not in seen.raw_head


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_no_transport_of_a_credential_reaches_ollama(
    connect: Any, backend: Backend, config: Any
) -> None:
    for header in (bearer(BOTH), basic(BOTH), api_key(BOTH), ("Authorization", BOTH)):
        seen = await forwarded(connect, backend, header)
        assert header[1].encode() not in seen.raw_head


async def test_the_rest_passes(connect: Any, backend: Backend) -> None:
    seen = await forwarded(connect, backend, *KEPT)
    for name, value in KEPT:
        assert value in seen.get_list(name)
    assert seen.get_list("x-something") in (["a", "b"], ["a, b"])


@pytest.mark.parametrize("config", [{}, SECURED], ids=["open", "bound"])
async def test_the_tokens_of_a_long_context_pass(
    connect: Any, backend: Backend, config: Any
) -> None:
    body = b'{"model":"smollm2","prompt":"x","context":[%b1]}' % (b"12345," * 256_000)
    headers = [bearer(BOUND)] if config else []
    response = await (await connect()).request("POST", "/api/generate", headers, body)
    assert response.status == 200
    assert backend.requests("/api/generate")[-1].body == body


async def test_host_is_ollamas_own(connect: Any, backend: Backend) -> None:
    seen = await forwarded(connect, backend, ("Host", "localhost:9999"))
    assert seen.header("host") == f"127.0.0.1:{backend.port}"
    assert seen.header("x-forwarded-host") == "localhost:9999"


async def test_the_client_is_named(connect: Any, backend: Backend) -> None:
    seen = await forwarded(connect, backend)
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"


async def test_a_stranger_cannot_name_another_client(connect: Any, backend: Backend) -> None:
    headers = [("X-Forwarded-For", "8.8.8.8"), ("X-Forwarded-Proto", "https")]
    seen = await forwarded(connect, backend, *headers)
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"


@pytest.mark.parametrize("config", [{"listen": {"trusted_proxies": ["127.0.0.0/8"]}}])
async def test_a_trusted_proxy_can(connect: Any, backend: Backend, config: Any) -> None:
    headers = [("X-Forwarded-For", "6.6.6.6, 8.8.8.8"), ("X-Forwarded-Proto", "https")]
    seen = await forwarded(connect, backend, *headers)
    assert seen.header("x-forwarded-for") == "8.8.8.8, 127.0.0.1"
    assert seen.header("x-forwarded-proto") == "https"


async def test_a_request_id_is_made_and_told_to_both_sides(connect: Any, backend: Backend) -> None:
    client = await connect()
    ids = set()
    for _ in range(3):
        response = await client.request("POST", "/api/chat", (), CHAT)
        ids.add(response.header("x-request-id"))
        assert backend.exchanges[-1].header("x-request-id") == response.header("x-request-id")
    assert len(ids) == 3 and None not in ids


async def test_a_clients_request_id_is_kept(connect: Any, backend: Backend) -> None:
    headers = [("X-Request-Id", "abc-123")]
    response = await (await connect()).request("POST", "/api/chat", headers, CHAT)
    assert response.header("x-request-id") == "abc-123"
    assert backend.exchanges[0].header("x-request-id") == "abc-123"


@pytest.mark.parametrize("value", ["a b", 'x"y', "x" * 500, "\xe9", "a\tb"])
async def test_a_request_id_that_would_spoil_a_log_is_replaced(
    connect: Any, backend: Backend, value: str
) -> None:
    headers = [("X-Request-Id", value)]
    response = await (await connect()).request("POST", "/api/chat", headers, CHAT)
    given = response.header("x-request-id")
    assert given and given != value and given.isalnum()


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/nope"), ("GET", "/health/live")])
async def test_every_answer_has_a_request_id(connect: Any, method: str, path: str) -> None:
    assert (await (await connect()).request(method, path)).header("x-request-id")


async def test_the_body_is_framed_anew(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.send_request("POST", "/api/chat", [("Transfer-Encoding", "chunked")])
    await client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(CHAT), CHAT))
    assert (await client.read_response()).status == 200
    assert bytes(backend.exchanges[0].body) == CHAT


@pytest.mark.parametrize("body", [b"", b'{"name":"smollm2"}'])
async def test_delete_keeps_its_body(connect: Any, backend: Backend, body: bytes) -> None:
    response = await (await connect()).request("DELETE", "/api/delete", (), body)
    assert (response.status, response.body) == (200, b"")
    assert bytes(backend.exchanges[0].body) == body


async def test_head_passes_as_head(connect: Any, backend: Backend) -> None:
    client = await connect()
    for path in ("/api/tags", "/api/version", "/api/blobs/sha256:" + "0" * 64):
        response = await client.request("HEAD", path)
        assert response.status == 200
        assert backend.exchanges[-1].method == "HEAD"
    assert (await client.request("GET", "/api/version")).body  # nothing was left over


async def test_sys_is_forwarded_to_api(connect: Any, backend: Backend) -> None:
    client = await connect()
    await client.request("GET", "/sys/tags?x=1")
    await client.request("POST", "/sys/show", (), b'{"name":"smollm2"}')
    await client.request("DELETE", "/sys/delete", (), b'{"name":"smollm2"}')
    assert [(seen.method, seen.target) for seen in backend.exchanges] == [
        ("GET", "/api/tags?x=1"),
        ("POST", "/api/show"),
        ("DELETE", "/api/delete"),
    ]


class TestBehindAPathPrefix:
    @pytest.fixture
    def config(self, backend: Backend) -> Any:
        return {"service": {"base_url": backend.url + "/ollama/"}}

    async def test_the_prefix_is_put_before_every_path(
        self, connect: Any, backend: Backend
    ) -> None:
        backend.on("*", Reply(b"{}"))
        await (await connect()).request("GET", "/api/tags?x=1")
        assert backend.exchanges[0].target == "/ollama/api/tags?x=1"


async def test_hop_by_hop_headers_of_a_reply_stay_here(connect: Any, backend: Backend) -> None:
    headers = [
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("X-End", "2"),
    ]
    backend.on("/api/tags", Reply(b"{}", headers=headers))
    response = await (await connect()).request("GET", "/api/tags")
    assert response.header("x-end") == "2"
    assert response.header("x-hop") is None
    assert response.header("keep-alive") is None


async def test_a_stream_asks_proxies_not_to_hold_it_back(connect: Any) -> None:
    response = await (await connect()).request("POST", "/api/chat", (), CHAT)
    assert "no-transform" in (response.header("cache-control") or "")
    assert response.header("x-accel-buffering") == "no"
