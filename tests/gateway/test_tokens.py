"""`/admin/tokens` and the token store of a running gateway, which other processes change."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.access.credentials import from_frame
from tornado_ollama.access.principal import Scope
from tornado_ollama.handlers.in_flight import NO_LONGER_VALID
from tornado_ollama.identity import stored
from tornado_ollama.identity.token_admin import TokenAdmin
from tornado_ollama.stores.database import Database

from ..backend import Backend, NdjsonStream
from ..raw_client import RawConnection, RawResponse
from ..waiting import until
from .keys import BOTH, BOUND, GENERATE, MANAGE, SECURED, UNKNOWN, bearer, signed
from .sockets import reload, socket

pytestmark = pytest.mark.gen_test

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])

CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":true}'
HI = {"message": {"role": "assistant", "content": "Hi"}, "done": False}


@pytest.fixture(autouse=True)
def _watches_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "POLL_S", 0.01)


@pytest.fixture
def outside(settings: Any) -> Iterator[TokenAdmin]:
    """The token store as another process sees it."""

    async def nobody() -> None: ...

    with Database(Path(settings.state.directory)) as database:
        yield TokenAdmin(database, lambda: settings.auth.tokens, nobody)


Ask = Callable[..., Any]


@pytest.fixture
def ask(connect: Any) -> Ask:
    """One request of the administration: status and the JSON of the reply."""

    async def ask(method: str, path: str, body: Any = None, token: str = MANAGE) -> Any:
        client = await connect()
        text = None if body is None else json.dumps(body).encode()
        response = await client.request(method, f"/admin/{path}", [bearer(token)], text)
        return response.status, response.json()

    return ask


async def status(connect: Any, token: str, path: str = "/api/version") -> int:
    client = await connect()
    return int((await client.request("GET", path, [bearer(token)])).status)


@secured
async def test_a_token_made_over_http_works_at_once(connect: Any, ask: Ask, config: Any) -> None:
    code, made = await ask(
        "POST", "tokens", {"name": "a", "scopes": ["generate"], "models": ["smollm2*"]}
    )
    assert code == 201 and made.keys() == {"name", "token"}
    assert await status(connect, made["token"]) == 200
    assert await status(connect, made["token"], "/sys/tags") == 403
    code, listing = await ask("GET", "tokens")
    [entry] = [token for token in listing["tokens"] if token["source"] == "store"]
    assert (entry["name"], entry["models"], entry["status"]) == ("a", ["smollm2*"], "valid")
    assert made["token"] not in json.dumps(listing)
    code, newer = await ask("POST", "tokens/a", {"grace": 60})
    assert code == 201 and await status(connect, made["token"]) == 200
    code, newest = await ask("POST", "tokens/a")
    assert code == 201 and await status(connect, newer["token"]) == 401
    assert (await ask("DELETE", "tokens/a"))[0] == 200
    for token in (made, newer, newest):
        assert await status(connect, token["token"]) == 401


@secured
@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "tokens", {"scopes": ["generate"]}, 400),
        ("POST", "tokens", {"name": "a"}, 400),
        ("POST", "tokens", {"name": "a", "scopes": []}, 400),
        ("POST", "tokens", {"name": "a", "scopes": "generate"}, 400),
        ("POST", "tokens", {"name": "a", "scopes": ["root"]}, 400),
        ("POST", "tokens", {"name": "a", "scopes": [["generate"]]}, 400),
        ("POST", "tokens", {"name": "a", "scopes": ["generate"], "token": "mine"}, 400),
        ("POST", "tokens", {"name": "keeper", "scopes": ["generate"]}, 409),
        ("POST", "tokens", [], 400),
        ("POST", "tokens/keeper", {}, 404),
        ("POST", "tokens/nobody", {}, 404),
        ("POST", "tokens/nobody", {"grace": -1}, 400),
        ("POST", "tokens/nobody", {"garce": 60}, 400),
        ("POST", "tokens/nobody", {"grace": "1h"}, 400),
        ("DELETE", "tokens/nobody", None, 404),
        ("DELETE", "tokens/a/b", None, 404),
        ("DELETE", "tokens", None, 405),
        ("POST", "revocations", {}, 400),
        ("POST", "revocations", {"jti": "a", "sub": "b"}, 400),
        ("POST", "revocations", {"jti": 1}, 400),
        ("POST", "revocations", {"sub": "a" * 8193}, 400),
        ("POST", "revocations", {"credential": "0" * 64}, 400),
        ("DELETE", "revocations", {"sub": "nobody"}, 404),
    ],
)
async def test_a_wrong_request_changes_nothing(
    ask: Ask, settings: Any, config: Any, method: str, path: str, body: Any, code: int
) -> None:
    answered, reply = await ask(method, path, body)
    assert answered == code and reply["error"]
    tokens = (await ask("GET", "tokens"))[1]["tokens"]
    assert {token["source"] for token in tokens} == {"configuration"}
    assert (await ask("GET", "revocations"))[1] == {"revocations": []}


@secured
async def test_who_is_bound_to_models_administers_nothing(ask: Ask, config: Any) -> None:
    for method, path, body in (
        ("GET", "tokens", None),
        ("POST", "tokens", {"name": "a", "scopes": ["generate"]}),
        ("DELETE", "tokens/keeper", None),
        ("POST", "revocations", {"sub": "a"}),
    ):
        assert (await ask(method, path, body, token=BOUND))[0] == 403


async def test_an_anonymous_caller_leaves_no_token_behind(ask: Ask, settings: Any) -> None:
    assert (await ask("GET", "tokens"))[0] == 200
    assert (await ask("POST", "tokens", {"name": "a", "scopes": ["manage"]}))[0] == 403
    assert (await ask("POST", "revocations", {"sub": "a"}))[0] == 403
    assert not Path(settings.state.directory).exists()


@pytest.mark.parametrize("config", [SECURED | {"auth": {**SECURED["auth"], "token_store": False}}])
async def test_without_a_store_there_is_no_administration(ask: Ask, config: Any) -> None:
    assert (await ask("GET", "tokens"))[0] == 404
    assert (await ask("POST", "tokens", {"name": "a", "scopes": ["manage"]}))[0] == 404


async def test_the_first_token_closes_an_open_gateway(
    connect: Any, app: Any, outside: TokenAdmin, config_file: Path
) -> None:
    assert await status(connect, "anything") == 200
    made = await outside.create("a", [Scope.GENERATE], {})
    await until(lambda: not app.deps.access.authenticator.lets_everybody_in, "it is closed")
    assert await status(connect, "anything") == 401
    assert await status(connect, made.text) == 200
    await outside.revoke("a")
    await until(
        lambda: app.deps.access.authenticator.find(from_frame(made.text), time.time()) is None,
        "it is revoked",
    )
    reload(app, config_file, {})
    assert await status(connect, made.text) == 401
    assert await status(connect, "anything") == 401


@asynccontextmanager
async def streaming(
    connect: Any, backend: Backend, token: str, path: str = "/api/chat"
) -> AsyncIterator[tuple[RawConnection, RawResponse, Any]]:
    """A stream of which the first piece has been read, and its exchange at Ollama."""
    client: RawConnection = await connect()
    await client.send_request("POST", path, [bearer(token)], CHAT)
    response = await client.read_head()
    assert response.status == 200 and await client.read_chunk(response)
    yield client, response, await backend.next_request()


async def revoked_by_name(outside: TokenAdmin) -> None:
    await outside.revoke("writer")


async def revoked_by_jti(outside: TokenAdmin) -> None:
    await outside.add_revocation("jti", "one")


async def revoked_by_sub(outside: TokenAdmin) -> None:
    await outside.add_revocation("sub", "ann")


REVOKED = {
    "name": (revoked_by_name, GENERATE, BOTH),
    "jti": (revoked_by_jti, signed(sub="ann", jti="one"), signed(sub="ann", jti="two")),
    "sub": (revoked_by_sub, signed(sub="ann", jti="one"), signed(sub="bob", jti="one")),
}


@secured
@pytest.mark.parametrize(("revoke", "token", "other"), REVOKED.values(), ids=REVOKED)
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_revocation_ends_streams_and_leaves_others(
    connect: Any,
    backend: Backend,
    outside: TokenAdmin,
    config: Any,
    revoke: Any,
    token: str,
    other: str,
    path: str,
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", NdjsonStream(HI, gate, HI | {"done": True}))
    async with (
        streaming(connect, backend, token, path) as (client, response, exchange),
        streaming(connect, backend, other, path) as (stays, going_on, untouched),
    ):
        await revoke(outside)
        rest = await client.read_body(response)
        assert NO_LONGER_VALID.encode() in rest.body and not rest.complete
        await exchange.closed.wait()
        assert not untouched.closed.is_set()
        gate.set()
        assert (await stays.read_body(going_on)).complete
    assert await status(connect, token, "/v1/models") == 401
    assert await status(connect, other, "/v1/models") == 200


@secured
@pytest.mark.parametrize(("revoke", "token", "other"), REVOKED.values(), ids=REVOKED)
async def test_a_revocation_closes_sockets_and_leaves_others(
    http_server: Any,
    http_port: int,
    backend: Backend,
    outside: TokenAdmin,
    config: Any,
    revoke: Any,
    token: str,
    other: str,
) -> None:
    backend.on("/api/chat", NdjsonStream(HI, asyncio.Event()))
    async with (
        socket(http_port, headers=[bearer(token)]) as gone,
        socket(http_port, headers=[bearer(other)]) as stays,
    ):
        await gone.send({"type": "chat", "id": "a", "model": "smollm2", "messages": []})
        await gone.until("delta", "a")
        exchange = await backend.next_request()
        await revoke(outside)
        code, _ = await gone.closed()
        assert code == 4401 and gone.connection.close_reason == NO_LONGER_VALID
        await exchange.closed.wait()
        await stays.send({"type": "ping"})
        assert await stays.frame() == {"type": "pong"}


@secured
async def test_a_revocation_over_http_is_in_force_and_can_be_taken_back(
    connect: Any, ask: Ask, config: Any
) -> None:
    token = signed(sub="ann")
    assert await status(connect, token) == 200
    assert (await ask("POST", "revocations", {"sub": "ann"}))[0] == 201
    assert await status(connect, token) == 401
    [revoked] = (await ask("GET", "revocations"))[1]["revocations"]
    assert (revoked["kind"], revoked["value"]) == ("sub", "ann")
    assert (await ask("DELETE", "revocations", {"sub": "ann"}))[0] == 200
    assert await status(connect, token) == 200


@secured
async def test_a_refused_reload_leaves_stored_tokens_alone(
    connect: Any, app: Any, ask: Ask, config_file: Path, config: Any
) -> None:
    made = (await ask("POST", "tokens", {"name": "a", "scopes": ["generate"]}))[1]["token"]
    reload(app, config_file, {"auth": {"generate_tokens": [], "anonymous": False}})
    assert await status(connect, made) == 200 and await status(connect, MANAGE) == 401
    with pytest.raises(Exception, match="not a known key"):
        reload(app, config_file, {"nonsense": 1})
    assert await status(connect, made) == 200


@secured
async def test_a_store_that_fails_is_said_once_and_keeps_what_is_known(
    connect: Any,
    ask: Ask,
    config: Any,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = (await ask("POST", "tokens", {"name": "a", "scopes": ["generate"]}))[1]["token"]
    calls = []

    def broken(connection: sqlite3.Connection) -> int:
        calls.append(1)
        raise KeyError("broken")

    monkeypatch.setattr(stored, "_version", broken)
    await until(lambda: len(calls) > 3, "it is asked again")
    expect_log("tornado_ollama.identity", "stay in force")
    assert sum("stay in force" in record.message for record in caplog.records) == 1
    assert await status(connect, made) == 200
    monkeypatch.undo()


@secured
async def test_a_mistyped_token_is_told_apart_in_the_log_alone(
    connect: Any, ask: Ask, config: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made = (await ask("POST", "tokens", {"name": "a", "scopes": ["generate"]}))[1]["token"]
    answers = []
    with caplog.at_level("INFO"):
        for token in (made[:-1], UNKNOWN):
            client = await connect()
            answers.append(await client.request("GET", "/api/tags", [bearer(token)]))
    assert answers[0].body == answers[1].body and answers[0].status == 401
    lines = [str(record.__dict__) for record in caplog.records if "access" in record.name]
    outcomes = lines[-2:]
    assert "mistyped token" in outcomes[0] and "mistyped token" not in outcomes[1]
