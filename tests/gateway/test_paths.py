"""No spelling of a path is decided as one route and arrives at Ollama as another.

CVE-2026-49468 is what happens otherwise. Sent raw: every library would repair these.
"""

from __future__ import annotations

from typing import Any

import pytest

from tornado_ollama.access.routes import (
    ROUTES,
    HandlerKind,
    Requirement,
    Route,
    path_at_ollama,
)

from ..backend import Backend
from .keys import BOTH, GENERATE, MANAGE, SECURED, bearer

pytestmark = [
    pytest.mark.gen_test,
    pytest.mark.parametrize(
        "config", [SECURED | {"service": {"web_search": True}}], ids=["secured"]
    ),
]

TRICKS = [
    b"/api/chat/../pull",
    b"/api/chat/..",
    b"/api/./pull",
    b"/api/../api/pull",
    b"/../api/pull",
    b"/static/../api/pull",
    b"/static/..%2fapi/pull",
    b"/v1/models/../../api/pull",
    b"/v1/models/..%2f..%2fapi%2fpull",
    b"/v1/models/%2e%2e/%2e%2e/api/pull",
    b"/api/chat/%2e%2e/pull",
    b"/api/chat/.%2e/pull",
    b"/api/chat/%252e%252e/pull",
    b"/api%2fpull",
    b"/api/chat%2f..%2fpull",
    b"/api%5cpull",
    b"/api\\pull",
    b"\\api\\pull",
    b"/api/chat\\..\\pull",
    b"/api/pull%00",
    b"/api/pull\x00",
    b"/api/chat%00/../pull",
    b"/api/pull%20",
    b"/api/pull%0a",
    b"/api/pull%0d%0aX:1",
    b"/api/pull;a=b",
    b"/API/PULL",
    b"/Api/chat",
    b"/api/Pull",
    b"/api/pull#x",
    b"/api/chat#/../pull",
    b"/api/p\xc3\xbcll",
    b"/api/pu\xffll",
    b"/api/%c0%afpull",
    b"/api/%u0070ull",
    b"/api/%",
    b"/api/%zz",
    b"http://localhost/api/pull",
    b"http://localhost/api/tags",
    b"http://evil.example/api/tags",
    b"HTTP://evil.example/api/tags",
    b"https://evil.example:443/",
    b"//evil.example/api/tags",
    b"@evil.example/api/tags",
    b"/@evil.example/../api/tags",
    b":80/api/tags",
    b"*",
    b"api/tags",
    b"?/api/tags",
    b"/api/tags/../pull?x",
    b"/sys/../api/pull",
    b"/sys/pull/../chat",
    b"//api/chat//..//pull",
    b"/api/chat//%2e%2e//pull",
    b"/api/chat/%2f/../pull",
    b"//..//api/pull",
    b"/api//./pull",
    b"/api/%2fpull",
    b"/api/pull/%2f",
    b"/v1/models/%2f%2f..%2fapi%2fpull",
    b"/api/blobs/../pull",
    b"/api/blobs/sha256:00/../../pull",
    b"/api/blobs/a/b",
    b"/api/user/keys/../../pull",
    b"/api/experimental/../pull",
    b"/api/experimental/%2e%2e/pull",
    b"/api/experimental/",
    b"/api/" + b"a/" * 5000,
]


def request(method: bytes, target: bytes, token: str) -> bytes:
    name, value = bearer(token)
    head = b"%b %b HTTP/1.1\r\nHost: localhost\r\n%b: %b\r\nContent-Length: 2\r\n\r\n{}"
    return head % (method, target, name.encode(), value.encode())


@pytest.mark.parametrize("target", TRICKS, ids=lambda target: repr(target[:50]))
async def test_a_tricky_path_reaches_nothing(connect: Any, backend: Backend, target: bytes) -> None:
    for method in (b"POST", b"GET", b"DELETE"):
        for token in (GENERATE, BOTH):
            client = await connect()
            await client.send(request(method, target, token))
            response = await client.read_head()
            assert response.status in (400, 403, 404)
            client.leave()
    assert not backend.exchanges


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        (b"/api/%63hat", "/api/chat"),
        (b"/api/ch%61t?x=%2f..", "/api/chat?x=%2f.."),
        (b"/%61pi/chat", "/api/chat"),
        (b"/api/chat?/../pull", "/api/chat?/../pull"),
        (b"/api/chat?", "/api/chat"),
    ],
)
async def test_another_spelling_of_the_same_path_arrives_in_the_plain_one(
    connect: Any, backend: Backend, target: bytes, meant: str
) -> None:
    client = await connect()
    await client.send(request(b"POST", target, GENERATE))
    response = await client.read_response()
    if response.status == 400:  # refusing an odd spelling is as good
        assert not backend.exchanges
    else:
        assert {seen.target.rstrip("?") for seen in backend.exchanges} == {meant}


@pytest.mark.parametrize("target", [b"/api/%70ull", b"/%61pi/pull", b"/sys/%74ags"])
async def test_another_spelling_needs_the_same_scope(
    connect: Any, backend: Backend, target: bytes
) -> None:
    client = await connect()
    await client.send(request(b"POST", target, GENERATE))
    assert (await client.read_response()).status in (400, 403, 405)
    assert not backend.exchanges


def with_slashes(path: str) -> list[str]:
    """The path with slashes too many: before, after, and at each place within."""
    inside = [f"{path[:at]}//{path[at:]}" for at, char in enumerate(path) if char == "/" and at]
    return [f"/{path}", f"//{path}", f"{path}/", f"{path}//", f"/{path}/", *inside]


NATIVE = [
    route for route in ROUTES if route.kind is HandlerKind.NATIVE and "/" not in route.path[-2:]
]


@pytest.mark.parametrize("route", NATIVE, ids=lambda route: str(route.path))
async def test_slashes_too_many_change_neither_the_scope_nor_the_path_at_ollama(
    connect: Any, backend: Backend, route: Route
) -> None:
    client, method, plain = await connect(), route.methods[-1], path_at_ollama(route, route.path)
    body = b'{"model":"smollm2"}' if method in ("POST", "DELETE") else None
    refused = MANAGE if route.requirement is Requirement.GENERATE else GENERATE
    for spelling in with_slashes(route.path):
        if route.requirement is not Requirement.CREDENTIAL:
            answer = await client.request(method, spelling, [bearer(refused)], body)
            assert answer.status == 403
        assert (await client.request(method, spelling, (), body)).status == 401
        assert not backend.exchanges
        answer = await client.request(method, spelling, [bearer(BOTH)], body)
        assert answer.status not in (301, 302, 307, 308, 401, 403, 405)
        assert [seen.target for seen in backend.exchanges] == [plain]
        backend.exchanges.clear()


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/smollm2", "/health", "/"])
async def test_slashes_too_many_lead_to_the_gateways_own_routes(connect: Any, path: str) -> None:
    client = await connect()
    for spelling in with_slashes(path):
        assert (await client.request("GET", spelling, [bearer(BOTH)])).status == 200
        assert (await client.request("GET", f"{spelling}?a//b", [bearer(BOTH)])).status == 200


async def test_the_query_passes_as_it_is(connect: Any, backend: Backend) -> None:
    client = await connect()
    target = "/api/tags?a=1&a=2&b=%2F%2e&c=%00&&d"
    assert (await client.request("GET", target, [bearer(BOTH)])).status == 200
    assert backend.exchanges[0].target == target


async def test_a_request_line_without_a_plain_target_is_refused(
    connect: Any, backend: Backend, expect_log: Any
) -> None:
    for line in (b"GET  /api/tags HTTP/1.1", b"GET /api/tags", b"GET /api/ta gs HTTP/1.1"):
        client = await connect()
        await client.send(line + b"\r\nHost: localhost\r\n\r\n")
        try:
            assert (await client.read_head()).status == 400
        except EOFError:
            pass
        client.leave()
    assert not backend.exchanges
