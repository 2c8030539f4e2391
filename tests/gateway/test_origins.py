"""Which web pages may call, under which names the gateway answers.

The rules: docs/operations.md, Host names and CORS.
"""

from __future__ import annotations

from socket import gethostname
from typing import Any

import pytest

from tornado_ollama.access.routes import ROUTES, Requirement

from ..backend import Backend
from .keys import BOTH, GENERATE, SECURED, UNKNOWN, bearer

pytestmark = pytest.mark.gen_test

LOCAL = "http://localhost:3000"
FOREIGN = "https://evil.example"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"],
)
@pytest.mark.parametrize("path", ["/", "/api/tags", "/v1/models", "/health", "/nope"])
async def test_a_foreign_host_is_refused(
    connect: Any, backend: Backend, host: str, path: str
) -> None:
    response = await (await connect()).request("GET", path, [("Host", host)])
    assert response.status == 403
    assert not backend.exchanges


async def test_a_rebound_name_is_refused_though_its_origin_equals_its_host(
    connect: Any, backend: Backend
) -> None:
    headers = [("Host", "evil.example:8000"), ("Origin", "http://evil.example:8000")]
    response = await (await connect()).request("POST", "/api/chat", headers, b"{}")
    assert response.status == 403
    assert response.header("access-control-allow-origin") is None
    assert not backend.exchanges


ANONYMOUS = SECURED | {"auth": SECURED["auth"] | {"anonymous": True}}
REBOUND = [("Host", "evil.example:8000"), ("Origin", "http://evil.example:8000")]
CHAT = b'{"model":"smollm2","messages":[]}'


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
@pytest.mark.parametrize("host", ["gateway:8000", "mybox.lan:8000", "evil.example", "a_b", "x:y:z"])
async def test_where_a_credential_is_asked_for_any_name_will_do(
    connect: Any, backend: Backend, config: Any, host: str
) -> None:
    client, named = await connect(), ("Host", host)
    for path in ("/", "/static/nothing.css", "/health", "/health/live", "/nope"):
        assert (await client.request("GET", path, [named])).status != 403
    asked = len(backend.exchanges)
    for path in ("/api/tags", "/v1/models", "/ws"):
        answer = await client.request("GET", path, [named])
        assert answer.status in (400, 401)
    assert len(backend.exchanges) == asked
    assert (await client.request("GET", "/api/tags", [named, bearer(GENERATE)])).status == 200
    chat = await client.request("POST", "/api/chat", [named, bearer(GENERATE)], CHAT)
    assert chat.status == 200


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_rebound_page_gains_nothing_where_a_credential_is_asked_for(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    for route in ROUTES:
        if route.requirement is not Requirement.NOTHING and route.path != "/ws":
            for method in route.methods:
                path = route.path.replace("*", "x").replace("+", "x")
                assert (await client.request(method, path, REBOUND)).status == 401
    assert not backend.exchanges
    details = (await client.request("GET", "/health", REBOUND)).json()
    assert set(details) == {"status", "ollama", "api"}


@pytest.mark.parametrize("config", [{}, ANONYMOUS], ids=["open", "anonymous"])
async def test_a_rebound_page_gains_nothing_where_everybody_is_let_in(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    for headers in (REBOUND, [*REBOUND, bearer(UNKNOWN)], [*REBOUND, bearer("ollama")]):
        for route in ROUTES:
            for method in route.methods:
                path = route.path.replace("*", "x").replace("+", "x")
                assert (await client.request(method, path, headers)).status == 403
    assert not backend.exchanges


@pytest.mark.parametrize("config", [ANONYMOUS], ids=["anonymous"])
@pytest.mark.parametrize("path", ["/", "/health", "/api/tags", "/v1/models"])
async def test_a_credential_comes_in_under_any_name_where_everybody_is_let_in(
    connect: Any, config: Any, path: str
) -> None:
    for host in ("gateway:8000", "mybox.lan"):
        client = await connect()
        assert (await client.request("GET", path, [("Host", host)])).status == 403
        assert (await client.request("GET", path, [("Host", host), bearer(BOTH)])).status == 200


@pytest.mark.parametrize("config", [{}, ANONYMOUS], ids=["open", "anonymous"])
@pytest.mark.parametrize(
    "host", [gethostname(), "mybox.local:8000", "a.localhost", "host.docker.internal:8000"]
)
async def test_the_names_that_ollama_serves_are_served(
    connect: Any, config: Any, host: str
) -> None:
    client = await connect()
    assert (await client.request("GET", "/api/tags", [("Host", host)])).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "10.1.2.3"]
)
async def test_localhost_and_addresses_are_served(connect: Any, host: str) -> None:
    assert (await (await connect()).request("GET", "/api/tags", [("Host", host)])).status == 200


@pytest.mark.parametrize("config", [{"listen": {"allowed_hosts": ["ai.example"]}}])
async def test_a_listed_host_is_served_and_no_other(connect: Any, config: Any) -> None:
    client = await connect()
    assert (await client.request("GET", "/api/tags", [("Host", "AI.example:80")])).status == 200
    assert (await client.request("GET", "/api/tags", [("Host", "x.ai.example")])).status == 403


@pytest.mark.parametrize("config", [{"listen": {"allowed_hosts": ["*"]}}])
async def test_a_star_turns_the_host_check_off(connect: Any, config: Any) -> None:
    client = await connect()
    assert (await client.request("GET", "/api/tags", [("Host", "any.example")])).status == 200


@pytest.mark.parametrize("path", ["/api/tags", "/v1/models", "/health", "/"])
@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "http://localhost.evil.example", "http://127.0.0.1.evil.example"]
)
async def test_a_foreign_origin_is_refused(
    connect: Any, backend: Backend, path: str, origin: str
) -> None:
    response = await (await connect()).request("GET", path, [("Origin", origin)])
    assert response.status == 403
    assert response.header("access-control-allow-origin") is None
    assert not backend.exchanges


@pytest.mark.parametrize(
    "origin",
    [LOCAL, "http://127.0.0.1", "https://localhost", "app://page", "vscode-webview://abc"]
    + ["http://tauri.localhost", "https://tauri.localhost", "capacitor://localhost"],
)
async def test_an_allowed_origin_reads_the_answer(
    connect: Any, backend: Backend, origin: str
) -> None:
    client = await connect()
    headers = [("Host", "127.0.0.1:8000"), ("Origin", origin)]
    response = await client.request("GET", "/api/tags", headers)
    assert response.status == 200
    assert response.header("access-control-allow-origin") == origin
    assert "origin" in (response.header("vary") or "").lower()
    assert response.header("access-control-allow-credentials") is None
    assert backend.exchanges[0].header("origin") is None


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/api/nope"])
async def test_errors_can_be_read_by_an_allowed_origin_too(connect: Any, path: str) -> None:
    response = await (await connect()).request("POST", path, [("Origin", LOCAL)], b"not json")
    assert response.header("access-control-allow-origin") == LOCAL


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_401_can_be_read_by_an_allowed_origin(connect: Any, config: Any) -> None:
    response = await (await connect()).request("GET", "/api/tags", [("Origin", LOCAL)])
    assert response.status == 401
    assert response.header("access-control-allow-origin") == LOCAL


async def test_the_pages_own_origin_needs_no_cors(connect: Any, http_port: int) -> None:
    host = f"localhost:{http_port}"
    headers = [("Host", host), ("Origin", f"http://{host}")]
    response = await (await connect()).request("GET", "/api/tags", headers)
    assert response.status == 200


PREFLIGHT = [
    ("Origin", LOCAL),
    ("Access-Control-Request-Method", "POST"),
    (
        "Access-Control-Request-Headers",
        "authorization,content-type,x-api-key,anthropic-version,x-stainless-os",
    ),
]


@pytest.mark.parametrize("config", [{}, SECURED], ids=["open", "secured"])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/sys/pull"])
async def test_a_preflight_is_answered_without_a_credential(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    response = await (await connect()).request("OPTIONS", path, PREFLIGHT)
    assert response.status == 204
    assert response.header("access-control-allow-origin") == LOCAL
    assert "POST" in (response.header("access-control-allow-methods") or "")
    allowed = (response.header("access-control-allow-headers") or "").lower()
    for name in PREFLIGHT[2][1].split(","):
        assert name in allowed
    assert int(response.header("access-control-max-age") or 0) > 0
    assert not backend.exchanges


async def test_a_foreign_preflight_is_refused(connect: Any, backend: Backend) -> None:
    headers = [("Origin", FOREIGN), *PREFLIGHT[1:]]
    response = await (await connect()).request("OPTIONS", "/api/chat", headers)
    assert response.status == 403
    assert response.header("access-control-allow-origin") is None
    assert response.header("access-control-allow-methods") is None


async def test_a_preflight_cannot_inject_a_header(connect: Any) -> None:
    headers = [*PREFLIGHT[:2], ("Access-Control-Request-Headers", "a, b<script>\x01")]
    response = await (await connect()).request("OPTIONS", "/api/chat", headers)
    assert "script" not in (response.header("access-control-allow-headers") or "")


@pytest.mark.parametrize("config", [{"cors": {"origins": ["https://*.example.org"]}}])
async def test_a_configured_wildcard(connect: Any, config: Any) -> None:
    client = await connect()
    for origin, status in (
        ("https://chat.example.org", 200),
        ("http://chat.example.org", 403),
        ("https://chat.example.org.evil.example", 403),
        ("https://example.org", 403),
    ):
        assert (await client.request("GET", "/api/tags", [("Origin", origin)])).status == status


@pytest.mark.parametrize("config", [SECURED | {"cors": {"origins": ["*"]}}], ids=["star"])
async def test_a_star_lets_every_origin_in_that_has_a_token(connect: Any, config: Any) -> None:
    client = await connect()
    headers = [("Origin", FOREIGN), bearer(BOTH)]
    response = await client.request("GET", "/api/tags", headers)
    assert response.status == 200
    assert response.header("access-control-allow-origin") in (FOREIGN, "*")
