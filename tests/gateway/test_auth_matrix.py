"""Every route, every method, every state of a credential, every way to send it.

Generated from the gateway's own route table, against the decisions written here a second time
from docs/authentication.md (Scopes): a route that is added without a decision fails.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tornado_ollama.access.routes import ROUTES, Route

from ..backend import Backend
from .keys import BOTH, EXPIRED, GENERATE, MANAGE, SECURED, TRANSPORTS, UNKNOWN, bearer, signed

PUBLIC, ANY, WRITES, MANAGES = "public", "any", "generate", "manage"

FORWARDED = ("X-Forwarded-For", "203.0.113.9")
"""Callers on this machine may ask for `/metrics` (test_metrics.py); this one is elsewhere."""

DECISIONS = {
    "/": PUBLIC,
    "/static/*": PUBLIC,
    "/health": PUBLIC,
    "/health/live": PUBLIC,
    "/health/stream": PUBLIC,
    "/api/hello": PUBLIC,
    "/queue": ANY,
    "/queue/+": ANY,
    "/admin/errors": MANAGES,
    "/api/version": ANY,
    "/api/tags": ANY,
    "/api/ps": ANY,
    "/api/show": ANY,
    "/api/chat": WRITES,
    "/api/generate": WRITES,
    "/api/embed": WRITES,
    "/api/embeddings": WRITES,
    "/api/pull": MANAGES,
    "/api/push": MANAGES,
    "/api/create": MANAGES,
    "/api/copy": MANAGES,
    "/api/delete": MANAGES,
    "/api/blobs/+": MANAGES,
    "/api/me": MANAGES,
    "/api/signout": MANAGES,
    "/api/user/keys/+": MANAGES,
    "/api/status": ANY,
    "/api/experimental/model-recommendations": ANY,
    "/api/experimental/web_search": MANAGES,
    "/api/experimental/web_fetch": MANAGES,
    "/api/experimental/*": MANAGES,
    "/sys/tags": MANAGES,
    "/sys/ps": MANAGES,
    "/sys/version": MANAGES,
    "/sys/show": MANAGES,
    "/sys/pull": MANAGES,
    "/sys/push": MANAGES,
    "/sys/create": MANAGES,
    "/sys/copy": MANAGES,
    "/sys/delete": MANAGES,
    "/v1/chat/completions": WRITES,
    "/v1/completions": WRITES,
    "/v1/embeddings": WRITES,
    "/v1/models": WRITES,
    "/v1/models/*": WRITES,
    "/v1/responses": WRITES,
    "/v1/responses/*": WRITES,
    "/v1/messages": WRITES,
    "/v1/messages/count_tokens": WRITES,
    "/v1/audio/transcriptions": WRITES,
    "/metrics": MANAGES,
    "/admin/tokens": MANAGES,
    "/admin/tokens/+": MANAGES,
    "/admin/revocations": MANAGES,
    "/usage": ANY,
    "/ws": WRITES,
}

SAMPLES = {
    "/static/*": "/static/nothing.css",
    "/api/blobs/+": "/api/blobs/sha256:" + "0" * 64,
    "/api/user/keys/+": "/api/user/keys/abc",
    "/api/experimental/*": "/api/experimental/something",
    "/v1/models/*": "/v1/models/smollm2",
    "/v1/responses/*": "/v1/responses/resp_0",
    "/queue/+": "/queue/0",
    "/admin/tokens/+": "/admin/tokens/nobody",
}

FOUND_MISSING = {"/v1/responses/*": {404}, "/queue/+": {404}, "/admin/tokens/+": {404}}
"""Let in, a caller is told that there is nothing of that name."""

BODY = (
    b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"prompt":"x","input":"x",'
    b'"max_tokens":9,"stream":false}'
)

CELLS = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for route in ROUTES
    for method in route.methods
    if route.path != "/ws"  # its door is a handshake: test_socket_auth.py
]

RIGHT = {ANY: (GENERATE, MANAGE, BOTH), WRITES: (GENERATE, BOTH), MANAGES: (MANAGE, BOTH)}
WRONG: dict[str, tuple[str, ...]] = {
    ANY: (),
    WRITES: (MANAGE,),
    MANAGES: (GENERATE,),
}


def test_every_route_has_a_decision_and_every_decision_a_route() -> None:
    assert {route.path for route in ROUTES} == set(DECISIONS)


def tokens(decision: str) -> list[tuple[str, int | None]]:
    """Each state of a credential, and the refusal that it must meet (None: it is let in)."""
    scope = {ANY: "generate", WRITES: "generate", MANAGES: "manage"}[decision]
    other = {"generate": "manage", "manage": "generate"}[scope]
    right = (*RIGHT[decision], signed(scope=scope))
    wrong = WRONG[decision] + ((signed(scope=other),) if decision != ANY else ())
    bad = (
        UNKNOWN,
        EXPIRED,
        signed(ttl_s=-3600, scope=scope),
        signed(secret="y" * 40, scope=scope),
        signed(exp=None, scope=scope),
    )
    return [
        *((token, None) for token in right),
        *((token, 403) for token in wrong),
        *((token, 401) for token in bad),
    ]


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED | {"service": {"web_search": True}}], ids=["secured"])
@pytest.mark.parametrize(("route", "method"), CELLS)
async def test_a_cell_of_the_matrix(
    connect: Any, backend: Backend, config: Any, route: Route, method: str
) -> None:
    decision = DECISIONS[route.path]
    path = SAMPLES.get(f"{method} {route.path}") or SAMPLES.get(route.path, route.path)
    body = BODY if method in ("POST", "DELETE") else None
    client = await connect()
    if decision == PUBLIC:
        for headers in ([], [("Authorization", f"Bearer {UNKNOWN}")]):
            response = await client.request(method, path, headers, body)
            assert response.status not in (401, 403)
        return

    assert (await client.request(method, path, [FORWARDED], body)).status == 401
    for (token, refusal), transport in itertools.product(tokens(decision), TRANSPORTS.values()):
        before = len(backend.exchanges)
        response = await client.request(method, path, [transport(token), FORWARDED], body)
        if refusal is None:
            refused = {401, 403, 404, 405} - FOUND_MISSING.get(route.path, set())
            assert response.status not in refused, response
        else:
            assert response.status == refusal
            assert len(backend.exchanges) == before


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize(
    "path",
    [
        SAMPLES.get(route.path, route.path)
        for route in ROUTES
        if "POST" in route.methods and DECISIONS.get(route.path) != PUBLIC
    ],
)
async def test_a_refusal_comes_before_the_body(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    decision = next(DECISIONS[r.path] for r in ROUTES if SAMPLES.get(r.path, r.path) == path)
    cases: list[tuple[str | None, int]] = [(None, 401), (UNKNOWN, 401)]
    cases += [(token, 403) for token in WRONG[decision]]
    for token, status in cases:
        client = await connect()
        headers = [("Content-Length", "50000000")]
        if token is not None:
            headers.append(("X-API-Key", token))
        await client.send_request("POST", path, headers)
        assert (await client.read_response()).status == status
    assert not backend.exchanges


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED, {}], ids=["secured", "open"])
@pytest.mark.parametrize("path", ["/api/experimental/web_search", "/api/experimental/web_fetch"])
async def test_nobody_spends_the_operators_account_without_his_consent(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    client, token = await connect(), bearer(BOTH)
    for spelling in (path, f"/{path}/", path.replace("_", "%5f")):
        refused = await client.request("POST", spelling, [token], b"{}")
        assert refused.status == 403
        assert "service.web_search" in refused.json()["error"]
    assert not backend.exchanges
