"""What the gateway answers itself on native routes: unknown paths, wrong methods, errors' form."""

from __future__ import annotations

from typing import Any

import pytest

from ..backend import Backend
from .keys import BOTH, EXPIRED, GENERATE, PATH_CONFIG, SECURED, UNKNOWN, bearer, signed

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])


@pytest.mark.parametrize("path", ["/api/nope", "/nope", "/sys/chat", "/sys/generate", "/api"])
async def test_an_unknown_path_is_a_404_of_our_own(
    connect: Any, backend: Backend, path: str
) -> None:
    response = await (await connect()).request("GET", path)
    assert response.status == 404
    assert list(response.json()) == ["error"]
    assert not backend.exchanges


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nope", "/%761"])
async def test_an_unknown_path_under_v1_is_one_in_openais_form(
    connect: Any, backend: Backend, path: str
) -> None:
    response = await (await connect()).request("GET", path)
    error = response.json()["error"]
    assert response.status in (400, 404)
    assert (error["type"], list(error)) == (
        "invalid_request_error",
        ["message", "type", "param", "code"],
    )
    assert not backend.exchanges


@secured
async def test_an_unknown_path_is_a_404_with_and_without_a_credential(
    connect: Any, backend: Backend
) -> None:
    client = await connect()
    assert (await client.request("POST", "/api/nope", (), b"{}")).status == 404
    assert (await client.request("POST", "/api/nope", [bearer(BOTH)], b"{}")).status == 404
    assert not backend.exchanges


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/chat", {"POST"}),
        ("PUT", "/api/tags", {"GET", "HEAD"}),
        ("POST", "/api/delete", {"DELETE"}),
        ("GET", "/api/blobs/sha256:00", {"HEAD", "POST"}),
        ("DELETE", "/v1/models", {"GET"}),
        ("POST", "/health", {"GET", "HEAD"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    connect: Any, backend: Backend, method: str, path: str, allow: set[str]
) -> None:
    response = await (await connect()).request(method, path)
    assert response.status == 405
    assert allow <= {name.strip() for name in (response.header("allow") or "").split(",")}
    assert not backend.exchanges


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "get"])
async def test_a_method_nobody_knows(connect: Any, backend: Backend, method: str) -> None:
    response = await (await connect()).request(method, "/api/tags")
    assert response.status in (400, 405, 501)
    assert not backend.exchanges


@secured
async def test_a_401_names_the_scheme_and_speaks_to_ollamas_own_client(connect: Any) -> None:
    response = await (await connect()).request("POST", "/api/chat", [bearer(UNKNOWN)], b"{}")
    assert response.status == 401
    assert response.header("www-authenticate") == 'Bearer realm="ollama"'
    assert response.header("content-type") == "application/json; charset=utf-8"
    body = response.json()
    assert set(body) == {"error", "status"} and body["error"] == body["status"]


@pytest.mark.parametrize("config", [PATH_CONFIG], ids=["allowed"])
@pytest.mark.parametrize("path", ["/api/show", "/api/pull"])
async def test_ollamas_own_command_is_told_how_it_sends_a_token(
    connect: Any, config: Any, path: str
) -> None:
    """It prints the key `status` of an answer, and the status line of what should be a stream."""
    response = await (await connect()).request("POST", path, (), b"{}")
    assert response.status == 401
    for told in (response.reason, response.json()["status"]):
        assert "OLLAMA_HOST=http://HOST:PORT/k/TOKEN" in told


@pytest.mark.parametrize(
    ("config", "path"),
    [(SECURED, "/api/show"), (SECURED, "/v1/responses"), (PATH_CONFIG, "/v1/messages")],
)
async def test_others_are_not_told_of_tokens_in_the_url(
    connect: Any, config: Any, path: str
) -> None:
    response = await (await connect()).request("POST", path, (), b"{}")
    assert (response.status, response.reason) == (401, "Unauthorized")
    assert b"/k/" not in response.body


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_token_in_the_url_is_told_that_it_may_not_be_there(
    connect: Any, config: Any
) -> None:
    client = await connect()
    told = await client.request("GET", "/k/a-token/api/tags")
    assert told.status == 404 and "off here (auth.path_tokens)" in told.json()["error"]
    told = await client.request("GET", "/k/a-token/v1/models")
    assert told.status == 404 and "(auth.path_tokens)" in told.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/chat/completions", "/v1/chat/completions: the base URL ends in /v1."),
        ("/v1/v1/models", "/v1/models: the base URL ends in /v1."),
        ("/v1/v1/messages", "/v1/messages: check the base URL."),
    ],
)
async def test_a_wrong_base_url_is_told_in_the_clients_form(
    connect: Any, path: str, at: str
) -> None:
    response = await (await connect()).request("POST", path, (), b"{}")
    assert response.status == 404
    message = f"There is nothing at {path}, but at {at}"
    assert response.json()["error"]["message"] == message


@secured
async def test_no_unknown_and_expired_are_answered_alike(connect: Any) -> None:
    client = await connect()
    bodies = set()
    for token in (UNKNOWN, EXPIRED, signed(ttl_s=-3600), signed(secret="x" * 40)):
        response = await client.request("GET", "/api/tags", [bearer(token)])
        assert response.status == 401
        bodies.add(response.body)
    assert len(bodies) == 1


@secured
async def test_a_401_on_v1_has_openais_form(connect: Any) -> None:
    response = await (await connect()).request("GET", "/v1/models", [bearer(UNKNOWN)])
    assert response.status == 401
    assert response.header("www-authenticate") == 'Bearer realm="ollama"'
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@secured
async def test_a_403_says_what_is_missing(connect: Any, backend: Backend) -> None:
    response = await (await connect()).request("POST", "/api/pull", [bearer(GENERATE)], b"{}")
    assert response.status == 403
    assert "manage" in response.json()["error"]
    assert not backend.exchanges


@pytest.mark.parametrize("path", ["/v1/nope", "/v1/chat", "/v1/moderations", "/v1/files"])
async def test_an_unknown_v1_path_is_a_404_in_openais_form(
    connect: Any, backend: Backend, path: str
) -> None:
    response = await (await connect()).request("POST", path, (), b"{}")
    assert response.status == 404
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert not backend.exchanges


async def test_the_root_greets_ollamas_clients(connect: Any, backend: Backend) -> None:
    client = await connect()
    response = await client.request("GET", "/")
    assert (response.status, response.body) == (200, b"Ollama is running")
    assert (await client.request("HEAD", "/")).status == 200
    assert not backend.exchanges


@pytest.mark.parametrize("config", [{"service": {"forward_unknown": True}} | SECURED])
async def test_unknown_api_routes_are_forwarded_with_manage_if_the_operator_says_so(
    connect: Any, backend: Backend, config: dict[str, Any]
) -> None:
    client = await connect()
    assert (await client.request("GET", "/api/new", [bearer(BOTH)])).status == 404
    assert [seen.target for seen in backend.exchanges] == ["/api/new"]
    assert (await client.request("GET", "/api/new", [bearer(GENERATE)])).status == 403
    assert (await client.request("GET", "/api/new")).status == 401
    assert (await client.request("GET", "/new", [bearer(BOTH)])).status == 404
    assert len(backend.exchanges) == 1


@pytest.mark.parametrize("config", [{"limits": {"max_body_bytes": 1024}}])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_body_over_its_limit_is_a_413(
    connect: Any, backend: Backend, config: dict[str, Any], path: str
) -> None:
    announced = await connect()
    await announced.send_request("POST", path, [("Content-Length", "1025")])
    response = await announced.read_response()
    assert response.status == 413
    assert "limits.max_body_bytes" in response.body.decode()

    unannounced = await connect()
    chunk = b"%x\r\n%b\r\n" % (1025, b"x" * 1025)
    await unannounced.send_request("POST", path, [("Transfer-Encoding", "chunked")])
    await unannounced.send(chunk)
    assert (await unannounced.read_response()).status == 413
    assert not backend.exchanges


@pytest.mark.parametrize("config", [{"limits": {"max_body_bytes": 1024}}])
async def test_a_body_at_its_limit_passes(
    connect: Any, backend: Backend, config: dict[str, Any]
) -> None:
    body = b'{"model":"smollm2","messages":[]}'.ljust(1024)
    response = await (await connect()).request("POST", "/api/chat", (), body)
    assert response.status == 200
    assert bytes(backend.exchanges[0].body) == body
