"""A token in the URL, `/k/TOKEN/...`: whom it lets in, where to, and that nobody else sees it."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

import pytest

from tornado_ollama.access.guesses import MAX_WRONG
from tornado_ollama.access.routes import ROUTES, Requirement, Route, path_at_ollama
from tornado_ollama.logs import JsonFormatter

from ..backend import Backend, CutMidLine, Reply
from ..waiting import until
from .keys import (
    BOTH,
    EXPIRED,
    GENERATE,
    MANAGE,
    PATH_CONFIG,
    PATH_GENERATE,
    PATH_MANAGE,
    SECURED,
    UNKNOWN,
    api_key,
    bearer,
    signed,
)
from .sockets import reload, socket

pytestmark = pytest.mark.gen_test

allowed = pytest.mark.parametrize("config", [PATH_CONFIG], ids=["allowed"])

CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":false}'
BELOW = ("/api/", "/v1/")


def sample(route: Route) -> str:
    return route.path.replace("*", "x").replace("+", "x")


@pytest.mark.parametrize(
    "config", [PATH_CONFIG | {"service": {"web_search": True}}], ids=["allowed"]
)
@pytest.mark.parametrize(
    ("route", "method"),
    [
        pytest.param(route, method, id=f"{method} {route.path}")
        for route in ROUTES
        for method in route.methods
    ],
)
async def test_every_route_below_a_token_in_the_url(
    connect: Any, backend: Backend, config: Any, route: Route, method: str
) -> None:
    client, path = await connect(), sample(route)
    body = CHAT if method in ("POST", "DELETE") else None
    if route.path != "/" and not route.path.startswith(BELOW):
        for token in (PATH_GENERATE, PATH_MANAGE, UNKNOWN):
            assert (await client.request(method, f"/k/{token}{path}", (), body)).status == 404
        assert not backend.exchanges
        return
    right, wrong = {
        Requirement.GENERATE: ((PATH_GENERATE,), (PATH_MANAGE,)),
        Requirement.MANAGE: ((PATH_MANAGE,), (PATH_GENERATE,)),
    }.get(route.requirement, ((PATH_GENERATE, PATH_MANAGE), ()))
    bad = (UNKNOWN, GENERATE, EXPIRED, signed(), PATH_GENERATE.upper(), quote(PATH_GENERATE + " "))
    for token in bad[:MAX_WRONG]:
        answer = await client.request(method, f"/k/{token}{path}", (), body)
        assert answer.status in ((400, 401) if "%" in token else (401,))
    for token in wrong:
        assert (await client.request(method, f"/k/{token}{path}", (), body)).status == 403
    assert not backend.exchanges
    for token in right:
        answer = await client.request(method, f"/k/{token}{path}", (), body)
        assert answer.status not in (401, 403, 405)
        assert answer.header("referrer-policy") == "no-referrer"
        assert answer.header("location") is None
    if "+" not in route.path and "*" not in route.path and path.startswith("/api/"):
        own = route.requirement is Requirement.NOTHING  # the gateway's own answer
        asked = set() if own else {path_at_ollama(route, path)}
        assert {seen.path for seen in backend.exchanges} == asked


@allowed
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("behind", ["", "/", "//"])
async def test_the_greeting_is_below_a_token_and_the_page_is_not(
    connect: Any, config: Any, method: str, behind: str
) -> None:
    client, html = await connect(), [("Accept", "text/html")]
    answer = await client.request(method, f"/k/{PATH_GENERATE}{behind}", html)
    assert answer.status == 200
    assert answer.body == (b"Ollama is running" if method == "GET" else b"")
    assert (await client.request(method, f"/k/{UNKNOWN}{behind}", html)).status == 401


@allowed
@pytest.mark.parametrize("path", ["/k", "/k/", "/k//", "/k/../api/tags", "/k/%2f/api/tags"])
async def test_what_cannot_be_a_token_leads_nowhere(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    answer = await (await connect()).request("GET", path, [bearer(BOTH)])
    assert answer.status in (400, 404)
    assert not backend.exchanges


@pytest.mark.parametrize(
    "config",
    [SECURED, {"auth": {**PATH_CONFIG["auth"], "path_tokens": False}}],
    ids=["default", "off"],
)
async def test_without_the_setting_there_is_nothing_below_a_token(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    for path in ("", "/", "/api/tags", "/v1/models"):
        answer = await client.request("GET", f"/k/{PATH_GENERATE}{path}", [bearer(BOTH)])
        assert answer.status == 404
        assert PATH_GENERATE.encode() not in answer.body
    assert not backend.exchanges


@allowed
@pytest.mark.parametrize("other", [bearer("ollama"), bearer(UNKNOWN), api_key("not-needed")])
async def test_what_a_client_must_send_does_not_override_the_token(
    connect: Any, config: Any, other: tuple[str, str]
) -> None:
    client, path = await connect(), f"/k/{PATH_GENERATE}/api/chat"
    assert (await client.request("POST", path, [other], CHAT)).status == 200
    assert (await client.request("POST", path, [bearer(PATH_GENERATE)], CHAT)).status == 200
    assert (await client.request("POST", path, [bearer(GENERATE)], CHAT)).status == 400
    wrong = f"/k/{UNKNOWN}/api/chat"
    assert (await client.request("POST", wrong, [bearer(GENERATE)], CHAT)).status == 200


@allowed
async def test_a_browser_is_told_what_it_may_send_before_the_token_is_looked_at(
    connect: Any, backend: Backend, config: Any
) -> None:
    headers = [("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST")]
    for token in (PATH_GENERATE, *[UNKNOWN] * (MAX_WRONG + 2)):
        answer = await (await connect()).request("OPTIONS", f"/k/{token}/api/chat", headers)
        assert answer.status == 204
    foreign = [("Origin", "https://evil.example")]
    path = f"/k/{PATH_GENERATE}/api/tags"
    assert (await (await connect()).request("GET", path, foreign)).status == 403


@allowed
async def test_the_eleventh_wrong_token_waits_and_a_good_one_does_not(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    for number in range(MAX_WRONG):
        answer = await client.request("GET", f"/k/{UNKNOWN}{number}/api/tags")
        assert answer.status == 401
    for path in ("/api/tags", "/v1/models", "/"):
        answer = await client.request("GET", f"/k/{UNKNOWN}{path}")
        assert answer.status == 429
        assert 1 <= int(answer.header("retry-after") or 0) <= 60
    assert not backend.exchanges
    for headers in ([], [bearer(UNKNOWN)]):
        answer = await client.request("GET", f"/k/{PATH_GENERATE}/api/tags", headers)
        assert answer.status == 200
    assert (await client.request("GET", "/api/tags", [bearer(GENERATE)])).status == 200
    assert (await client.request("GET", "/api/tags", [bearer(UNKNOWN)])).status == 401


@allowed
async def test_a_reload_forgets_no_wrong_token(
    connect: Any, app: Any, config_file: Any, config: Any
) -> None:
    client = await connect()
    for _ in range(MAX_WRONG):
        assert (await client.request("GET", f"/k/{UNKNOWN}/api/tags")).status == 401
    reload(app, config_file, PATH_CONFIG)
    assert (await client.request("GET", f"/k/{UNKNOWN}/api/tags")).status == 429


@allowed
async def test_nobody_else_sees_the_token(
    connect: Any, backend: Backend, caplog: Any, config: Any, expect_log: Any
) -> None:
    """Not the log, not Ollama, and not whoever reads an answer."""
    caplog.set_level(logging.DEBUG)
    client = await connect()
    encoded = "".join(f"%{ord(char):02X}" for char in PATH_GENERATE)
    telling = [
        ("Referer", f"http://localhost/k/{PATH_GENERATE}/"),
        ("X-Original-URI", f"/k/{PATH_GENERATE}/api/chat"),
        ("X-Forwarded-Prefix", f"/k/{PATH_GENERATE}"),
        ("X-Rewrite-Url", f"/k/{encoded}/api/chat"),
        ("X-Request-Start", "t=1"),
    ]
    below = ("/api/chat", "/v1/chat/completions", "/api/nope", "/api/pull", "/v1/nope", "/ws", "/")
    for start in ("/k", "//k", "/%6b", "/K", "/api/k", "/v1/k", "/x/k"):
        for path in below:
            for spelt in (PATH_GENERATE, encoded):
                for method in ("POST", "GET"):
                    target = f"{start}/{spelt}{path}"
                    answer = await client.request(method, target, telling, CHAT)
                    assert PATH_GENERATE not in str(answer)
    backend.on("/api/chat", Reply(b"{}", headers=[("Referrer-Policy", "unsafe-url")]))
    answer = await client.request("POST", f"/k/{PATH_GENERATE}/api/chat", (), CHAT)
    assert answer.header("referrer-policy") == "no-referrer"
    backend.on("/api/chat", CutMidLine())
    stream = CHAT.replace(b"false", b"true")
    await (await connect()).request("POST", f"/k/{PATH_GENERATE}/api/chat", telling, stream)
    backend.on("/api/tags", Reply(b"{", status=500))
    answer = await client.request("GET", f"/k/{PATH_GENERATE}/v1/models", telling)
    assert answer.status >= 500
    for refused in (f"http://localhost/k/{PATH_GENERATE}/api/tags", f"/k/{PATH_GENERATE}/../x"):
        await client.request("GET", refused, telling)
    assert (await client.request("GET", "/api/tags", [bearer(BOTH)])).status
    await until(lambda: "GET /api/tags" in caplog.text, "the last line is written")
    forms = (logging.Formatter(), JsonFormatter())
    logged = "\n".join(form.format(record) for form in forms for record in caplog.records)
    seen = "\n".join(f"{each.target} {each.headers} {each.body!r}" for each in backend.exchanges)
    assert " phone POST /api/chat 200 " in logged and "/api/chat" in seen
    for text in (PATH_GENERATE, encoded):
        assert text not in logged and text not in seen


@allowed
async def test_an_exception_shows_no_token(
    connect: Any, app: Any, caplog: Any, config: Any, expect_log: Any, monkeypatch: Any
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("as foreseen by nobody")

    monkeypatch.setattr("tornado_ollama.handlers.native.path_at_ollama", fail)
    target = f"/k/{PATH_GENERATE}/api/tags?x={PATH_GENERATE}"
    assert (await (await connect()).request("GET", target)).status == 500
    expect_log("tornado_ollama.handlers.answers", "failed")
    assert PATH_GENERATE not in caplog.text


@allowed
async def test_a_token_that_is_withdrawn_is_gone_from_the_url_too(
    connect: Any, app: Any, config_file: Any, config: Any
) -> None:
    client, path = await connect(), f"/k/{PATH_GENERATE}/api/tags"
    assert (await client.request("GET", path)).status == 200
    entry = {"name": "phone", "token": PATH_GENERATE}
    reload(app, config_file, {"auth": {"path_tokens": True, "generate_tokens": [entry]}})
    assert (await client.request("GET", path)).status == 401
    assert (await client.request("GET", "/api/tags", [bearer(PATH_GENERATE)])).status == 200


@allowed
async def test_a_socket_takes_no_token_from_the_url(
    connect: Any, http_server: Any, http_port: int, config: Any
) -> None:
    async with socket(http_port, headers=[bearer(PATH_GENERATE)]) as ws:
        path = f"/k/{PATH_GENERATE}/api/tags"
        await ws.send({"type": "request", "id": "a", "path": path})
        error = await ws.frame()
        assert (error["status"], PATH_GENERATE in str(error)) == (404, False)


@pytest.mark.parametrize(
    "config",
    [{"auth": {**PATH_CONFIG["auth"], "anonymous": True}}],
    ids=["anonymous"],
)
async def test_a_wrong_token_in_the_url_is_refused_though_everybody_is_let_in(
    connect: Any, backend: Backend, config: Any
) -> None:
    client = await connect()
    assert (await client.request("POST", "/api/chat", [bearer("ollama")], CHAT)).status == 200
    backend.exchanges.clear()
    for token in (UNKNOWN, "ollama", GENERATE, MANAGE):
        answer = await client.request("POST", f"/k/{token}/api/chat", [bearer("ollama")], CHAT)
        assert answer.status == 401
    assert not backend.exchanges
    rebound = [("Host", "evil.example")]
    assert (await client.request("GET", f"/k/{UNKNOWN}/", rebound)).status == 403
    path = f"/k/{PATH_GENERATE}/api/tags"
    assert (await client.request("GET", path, rebound)).status == 200
