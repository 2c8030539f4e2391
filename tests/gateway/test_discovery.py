"""`auth.public`: what programs ask that look for models before they have a key."""

from __future__ import annotations

from typing import Any

import pytest

from tornado_ollama.access.route_table import DISCOVERY
from tornado_ollama.access.routes import ROUTES, Requirement

from ..backend import Backend
from .keys import BOTH, BOUND, EXPIRED, GENERATE, PATH_CONFIG, SECURED, UNKNOWN, bearer
from .sockets import reload, socket

pytestmark = pytest.mark.gen_test

SHOW = b'{"model":"smollm2"}'


def opened(*names: str, **auth: Any) -> dict[str, Any]:
    return {"auth": {**SECURED["auth"], "public": list(names), **auth}}


everything = pytest.mark.parametrize("config", [opened(*DISCOVERY)], ids=["all three"])


async def ask(client: Any, name: str, headers: Any = ()) -> Any:
    method, body = ("POST", SHOW) if name == "show" else ("GET", None)
    return await client.request(method, f"/api/{name}", headers, body)


@pytest.mark.parametrize(
    "config",
    [opened(), opened("version"), opened("tags", "show"), opened(*DISCOVERY)],
    ids=["nothing", "one", "two", "all"],
)
async def test_what_is_public_may_be_asked_by_anybody_and_nothing_else(
    connect: Any, backend: Backend, config: Any
) -> None:
    client, public = await connect(), set(config["auth"]["public"])
    for name in DISCOVERY:
        for headers in ((), [bearer("ollama")], [bearer("undefined"), ("X-API-Key", "")]):
            wanted = 200 if name in public else 401
            assert (await ask(client, name, headers)).status == wanted
        for token in (UNKNOWN, EXPIRED):  # many programs try their key here
            assert (await ask(client, name, [bearer(token)])).status == 401
    backend.exchanges.clear()
    for route in ROUTES:
        if route.requirement is Requirement.NOTHING or route.path in DISCOVERY.values():
            continue
        for method in route.methods:
            path = route.path.replace("*", "x").replace("+", "x")
            asked = await client.request(method, path, [("X-Forwarded-For", "203.0.113.9")])
            assert asked.status in (400, 401)
    assert not backend.exchanges


@everything
async def test_a_credential_still_is_somebody(connect: Any, config: Any, caplog: Any) -> None:
    client = await connect()
    mine = (await ask(client, "tags", [bearer(BOUND)])).json()["models"]
    assert mine and all(model["name"].startswith("smollm2") for model in mine)
    everybodys = (await ask(client, "tags")).json()["models"]
    assert len(everybodys) > len(mine)
    body = b'{"model":"other"}'
    shown = await client.request("POST", "/api/show", [bearer(BOUND)], body)
    assert shown.status == 403
    two = [bearer(GENERATE), ("X-API-Key", BOTH)]
    assert (await ask(client, "tags", two)).status == 400


@everything
async def test_a_rebound_page_discovers_nothing(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    rebound = [("Host", "evil.example"), ("Origin", "http://evil.example")]
    for name in DISCOVERY:
        for headers in (rebound, [*rebound, bearer("ollama")]):
            assert (await ask(client, name, headers)).status == 403
        assert (await ask(client, name, [*rebound, bearer(UNKNOWN)])).status == 401
    assert not backend.exchanges
    for name in DISCOVERY:
        for host in ("mybox.local", "gateway.docker.internal:8000", "127.0.0.1"):
            assert (await ask(client, name, [("Host", host)])).status == 200
        assert (await ask(client, name, [("Host", "gateway:8000"), bearer(BOTH)])).status == 200
    assert (await client.request("GET", "/health", rebound)).status == 200


@everything
async def test_a_foreign_page_discovers_nothing(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    for name in DISCOVERY:
        assert (await ask(client, name, [("Origin", "https://evil.example")])).status == 403
    assert not backend.exchanges


@pytest.mark.parametrize(
    "config", [{"auth": {**PATH_CONFIG["auth"], "public": ["tags"]}}], ids=["paths"]
)
async def test_a_wrong_token_in_the_url_is_told_so(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    assert (await client.request("GET", f"/k/{UNKNOWN}/api/tags")).status == 401
    assert (await client.request("GET", "/api/tags")).status == 200


@pytest.mark.parametrize(
    "path", ["/sys/tags", "/sys/version", "/api/tags/x", "/v1/models", "/api/ps", "/API/tags"]
)
@everything
async def test_what_leads_to_the_same_place_is_not_public(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    assert (await (await connect()).request("GET", path)).status in (401, 404)
    assert not backend.exchanges


@everything
async def test_a_reload_closes_what_was_public(
    connect: Any, app: Any, config_file: Any, config: Any
) -> None:
    client = await connect()
    assert (await ask(client, "tags")).status == 200
    reload(app, config_file, opened("version"))
    assert (await ask(client, "tags")).status == 401
    assert (await ask(client, "version")).status == 200


@everything
async def test_an_editor_finds_the_models_without_a_key_and_chats_with_one(
    connect: Any, config: Any
) -> None:
    """The calls of VS Code's built-in provider for Ollama."""
    client = await connect()
    assert (await client.request("GET", "/api/version")).json()["version"]
    models = (await client.request("GET", "/api/tags")).json()["models"]
    for model in models:
        body = b'{"model":"%s"}' % model["name"].encode()
        shown = (await client.request("POST", "/api/show", (), body)).json()
        assert shown["model_info"]["general.architecture"] and shown["capabilities"]
    chat = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":false}'
    path = "/v1/chat/completions"
    assert (await client.request("POST", path, (), chat)).status == 401
    assert (await client.request("POST", path, [bearer(GENERATE)], chat)).status == 200


@everything
async def test_nobody_comes_in_by_a_socket(
    connect: Any, http_server: Any, http_port: int, config: Any
) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "request", "id": "a", "path": "/api/tags"})
        assert (await ws.closed())[0] == 4401
    async with socket(http_port, headers=[bearer(BOUND)]) as ws:
        await ws.send({"type": "request", "id": "a", "path": "/api/tags"})
        frames = await ws.until("end")
        assert all(m["name"].startswith("smollm2") for m in frames[1]["data"]["models"])
