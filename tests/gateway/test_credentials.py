"""How a credential may be sent, beyond the matrix: spellings, two at once, anonymous access."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ..backend import Backend, Reply
from .keys import (
    BOTH,
    BOUND,
    EXPIRED,
    GENERATE,
    JWT_SECRET,
    MANAGE,
    SECURED,
    UNKNOWN,
    bearer,
    signed,
)
from .sockets import socket

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", f"bearer {GENERATE}")],
        [("AUTHORIZATION", f"BEARER  {GENERATE}")],
        [("x-api-key", GENERATE)],
        [("Authorization", f"Bearer {GENERATE}"), ("X-API-Key", GENERATE)],
        [("Authorization", "Basic " + base64.b64encode(f"me:{GENERATE}".encode()).decode())],
    ],
    ids=str,
)
async def test_spellings_that_are_understood(connect: Any, headers: list[tuple[str, str]]) -> None:
    assert (await (await connect()).request("GET", "/api/tags", headers)).status == 200


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"Bearer {GENERATE}x")],
        [("Authorization", f"Bearer {GENERATE[:-1]}")],
        [("Authorization", f"Bearer {GENERATE.upper()}")],
        [("Authorization", f"Token {GENERATE}")],
        [("Authorization", f"Bearer {GENERATE} {GENERATE}")],
        [("Authorization", f"Bearer,{GENERATE}")],
        [("Authorization", "Bearer")],
        [("Authorization", "")],
        [("Authorization", "Basic !!!")],
        [("Authorization", "Basic " + base64.b64encode(b"\xff\xfe").decode())],
        [("Authorization", "Basic " + base64.b64encode(f"{GENERATE}:x".encode()).decode())],
        [("X-API-Key", f"Bearer {GENERATE}")],
        [("Cookie", f"token={GENERATE}")],
        [("X-Auth-Token", GENERATE)],
        [("Proxy-Authorization", f"Bearer {GENERATE}")],
        [bearer(JWT_SECRET)],
        [bearer("e30.e30.")],
        [bearer("x" * 20_000)],
    ],
    ids=lambda headers: str(headers)[:60],
)
async def test_spellings_that_are_not(
    connect: Any, backend: Backend, headers: list[tuple[str, str]]
) -> None:
    response = await (await connect()).request("GET", "/api/tags", headers)
    assert response.status == 401
    assert not backend.exchanges


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize("query", ["token", "access_token", "api_key", "key"])
async def test_a_token_in_the_query_counts_for_nothing(connect: Any, query: str) -> None:
    response = await (await connect()).request("GET", f"/api/tags?{query}={BOTH}")
    assert response.status == 401


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize(
    "headers",
    [
        [bearer(GENERATE), bearer(MANAGE)],
        [bearer(GENERATE), ("X-API-Key", MANAGE)],
        [("X-API-Key", GENERATE), ("X-API-Key", BOTH)],
        [bearer(signed()), ("X-API-Key", GENERATE)],
        [bearer(UNKNOWN), bearer(BOTH), ("X-API-Key", GENERATE)],
    ],
    ids=["headers", "transports", "keys", "jwt-and-token", "bad-and-two-good"],
)
async def test_valid_credentials_of_two_principals_are_refused(
    connect: Any, backend: Backend, headers: list[tuple[str, str]]
) -> None:
    response = await (await connect()).request("POST", "/api/chat", headers, b"{}")
    assert response.status == 400
    assert not backend.exchanges


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize(
    "other",
    [
        bearer("ollama"),
        ("Authorization", "Basic !!!"),
        ("Authorization", "Digest username=x"),
        bearer(UNKNOWN),
        bearer(EXPIRED),
        bearer(signed(ttl_s=-3600)),
        ("X-API-Key", "not-needed"),
        ("X-API-Key", UNKNOWN),
    ],
    ids=lambda header: str(header)[:50],
)
async def test_a_credential_that_is_not_valid_does_not_spoil_one_that_is(
    connect: Any, http_server: Any, http_port: int, other: tuple[str, str]
) -> None:
    client, body = await connect(), b'{"model":"smollm2","messages":[]}'
    for good in (bearer(GENERATE), ("X-API-Key", GENERATE), bearer(signed())):
        for headers in ([good, other], [other, good]):
            assert (await client.request("POST", "/api/chat", headers, body)).status == 200
            assert (await client.request("POST", "/api/pull", headers, body)).status == 403
            assert (await client.request("GET", "/v1/models", headers)).status == 200
            async with socket(http_port, headers=headers) as ws:
                await ws.send({"type": "ping"})
                assert await ws.frame() == {"type": "pong"}


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize("text", ["ollama", "not-needed", "undefined", "EMPTY"])
async def test_a_placeholder_is_told_what_nobody_is_told(connect: Any, text: str) -> None:
    client = await connect()
    nobody = await client.request("GET", "/api/tags")
    for headers in ([bearer(text)], [("X-API-Key", text), ("Authorization", "Basic Og==")]):
        answer = await client.request("GET", "/api/tags", headers)
        assert (answer.status, answer.body) == (401, nobody.body)


@pytest.mark.gen_test
@secured
async def test_a_token_listed_in_both_tiers_has_both_scopes(connect: Any) -> None:
    client = await connect()
    body = b'{"model":"smollm2","messages":[]}'
    assert (await client.request("POST", "/api/chat", [bearer(BOTH)], body)).status == 200
    assert (await client.request("GET", "/sys/tags", [bearer(BOTH)])).status == 200


@pytest.mark.gen_test
@secured
async def test_a_jwt_without_a_scope_has_the_default_one(connect: Any) -> None:
    client = await connect()
    body = b'{"model":"smollm2","messages":[]}'
    headers = [bearer(signed())]
    assert (await client.request("POST", "/api/chat", headers, body)).status == 200
    assert (await client.request("GET", "/sys/tags", headers)).status == 403


@pytest.mark.gen_test
@pytest.mark.parametrize("headers", [[], [bearer("not-needed")], [bearer("ollama")]], ids=str)
async def test_an_open_gateway_ignores_what_clients_must_send(
    connect: Any, headers: list[tuple[str, str]]
) -> None:
    client = await connect()
    assert (await client.request("GET", "/v1/models", headers)).status == 200
    assert (await client.request("GET", "/sys/tags", headers)).status == 200


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [{"auth": {"anonymous": False}}])
async def test_a_closed_gateway_without_tokens_lets_nobody_in(connect: Any, config: Any) -> None:
    client = await connect()
    assert (await client.request("GET", "/api/tags")).status == 401
    assert (await client.request("GET", "/health/live")).status == 200


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "config", [SECURED | {"auth": SECURED["auth"] | {"anonymous": True}}], ids=["anonymous"]
)
async def test_anonymous_access_beside_tokens_has_generate_only(connect: Any, config: Any) -> None:
    client = await connect()
    body = b'{"model":"smollm2","messages":[]}'
    assert (await client.request("POST", "/api/chat", (), body)).status == 200
    assert (await client.request("GET", "/sys/tags")).status in (401, 403)
    assert (await client.request("GET", "/sys/tags", [bearer(MANAGE)])).status == 200


OTHERS = [
    b'{"model":"other"}',
    b'{"MODEL":"other"}',
    b'{"model":"smollm2","model":"other"}',
    b'{"model":"other","model":"smollm2"}',
    b'{"model":"smollm2","Model":"other"}',
    b'{"\\u006dodel":"other"}',
    b'{"model":"smollm2","name":"other"}',
    b'{"mode\\u006c":"other"} {"model":"smollm2"}',
    b'{"model":"registry.ollama.ai/library/other:latest"}',
    '{"model":"smollm2","\u017fource":"other"}'.encode(),
]


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/show", "/api/pull"])
@pytest.mark.parametrize("body", OTHERS, ids=str)
async def test_a_credential_bound_to_models_names_no_other(
    connect: Any, backend: Backend, path: str, body: bytes
) -> None:
    response = await (await connect()).request("POST", path, [bearer(BOUND)], body)
    assert response.status in (400, 403)
    assert not backend.exchanges


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", b'{"model":"other","messages":[{"role":"user","content":"x"}]}'),
        ("/v1/completions", b'{"model":"other","prompt":"x"}'),
        ("/v1/embeddings", b'{"model":"other","input":"x"}'),
        ("/api/copy", b'{"source":"smollm2","destination":"other"}'),
        ("/api/copy", b'{"source":"other","destination":"smollm2"}'),
        ("/api/create", b'{"model":"smollm2-x","from":"other"}'),
        ("/sys/pull", b'{"name":"other"}'),
    ],
)
async def test_every_place_that_names_a_model_is_bound(
    connect: Any, backend: Backend, path: str, body: bytes
) -> None:
    response = await (await connect()).request("POST", path, [bearer(BOUND)], body)
    assert response.status == 403
    assert not backend.exchanges


@pytest.mark.gen_test
@secured
async def test_a_bound_credential_uses_and_sees_its_models(connect: Any, backend: Backend) -> None:
    client = await connect()
    headers = [bearer(BOUND)]
    body = b'{"model":"smollm2","messages":[]}'
    assert (await client.request("POST", "/api/chat", headers, body)).status == 200
    for path in ("/api/tags", "/api/ps", "/sys/tags"):
        models = (await client.request("GET", path, headers)).json()["models"]
        names = [model["name"] for model in models]
        assert all(name.startswith("smollm2") for name in names)
    everything = (await client.request("GET", "/api/tags", [bearer(BOTH)])).json()["models"]
    assert any(not model["name"].startswith("smollm2") for model in everything)
    listed = (await client.request("GET", "/v1/models", headers)).json()["data"]
    assert listed and all(model["id"].startswith("smollm2") for model in listed)
    assert (await client.request("GET", "/v1/models/all-minilm", headers)).status in (403, 404)


@pytest.mark.gen_test
@secured
@pytest.mark.parametrize("path", ["/api/tags", "/v1/models"])
@pytest.mark.parametrize(
    "listing",
    [
        *(b'{"models":[{"name":["smollm2"]}]}', b'{"models":[{"name":{}}]}', b'{"models":[5]}'),
        *(b'{"models":[{"name":"smollm2","details":{"x":"\xff"}}]}', b"\xff", b"[]"),
    ],
)
async def test_a_list_that_cannot_be_read_is_502_for_a_bound_credential(
    connect: Any, backend: Backend, path: str, listing: bytes
) -> None:
    backend.on("/api/tags", Reply(listing))
    response = await (await connect()).request("GET", path, [bearer(BOUND)])
    assert response.status == 502
    assert isinstance(response.json()["error"], dict if path.startswith("/v1") else str)


@pytest.mark.gen_test
@secured
async def test_a_list_is_filtered_over_a_socket_whatever_it_calls_itself(
    http_server: Any, http_port: int, backend: Backend
) -> None:
    listing = b'{"models":[{"name":"smollm2"},{"name":"secret"}]}\n'
    for content_type in ("application/x-ndjson", "application/json", None):
        backend.on("/api/tags", Reply(listing, content_type=content_type))
        async with socket(http_port, headers=[bearer(BOUND)]) as ws:
            await ws.send({"type": "request", "id": "r", "path": "/api/tags"})
            frames = await ws.until("end")
        assert [frame["data"] for frame in frames if frame["type"] == "chunk"] == [
            {"models": [{"name": "smollm2"}]}
        ]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "config",
    [SECURED | {"models": {"aliases": {"smollm2-alias": "other", "gpt-4": "smollm2"}}}],
    ids=["aliases"],
)
async def test_aliases_are_resolved_before_the_binding(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    chat = b'{"model":"%s","messages":[{"role":"user","content":"x"}],"stream":false}'
    refused = await client.request(
        "POST", "/v1/chat/completions", [bearer(BOUND)], chat % b"smollm2-alias"
    )
    assert refused.status == 403
    assert not backend.exchanges
    allowed = await client.request("POST", "/v1/chat/completions", [bearer(BOUND)], chat % b"gpt-4")
    assert allowed.status == 200
    assert backend.requests("/api/chat")[0].json()["model"] == "smollm2"
