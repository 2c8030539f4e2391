"""JWTs of issuers that publish their keys: rotation, outage, slowness and malice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tornado.ioloop import IOLoop

from tornado_ollama.config import load
from tornado_ollama.errors import ConfigError
from tornado_ollama.identity import key_sets

from ..access.keys import ec_key, rsa_key
from ..access.test_issuers import jwk
from ..access.test_issuers import signed as signed_by
from ..access.test_jwt import BAD as BAD_BY_SECRET
from ..backend import Backend, NdjsonStream
from ..gateway.keys import UNKNOWN, bearer
from ..gateway.sockets import reload, socket
from ..raw_client import RawConnection
from ..waiting import until
from .fake import FakeIssuer, ok

pytestmark = pytest.mark.gen_test

DESCRIBED = "/.well-known/openid-configuration"
CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"x"}],"stream":true}'
HI = {"message": {"role": "assistant", "content": "Hi"}, "done": False}


@pytest.fixture
def issuer(io_loop: IOLoop) -> Iterator[FakeIssuer]:
    issuer = FakeIssuer()
    io_loop.run_sync(issuer.start)
    issuer.publish(jwk(rsa_key()))
    yield issuer
    io_loop.run_sync(issuer.stop)


@pytest.fixture
def config(issuer: FakeIssuer) -> dict[str, Any]:
    return {
        "auth": {
            "failed_logins": 0,
            "jwt": {
                "discovery": issuer.url,
                "audience": "ollama",
                "private_addresses": True,
                "claims": {"scopes": "roles", "generate": ["user"], "manage": ["admin"]},
            },
        }
    }


@pytest.fixture
def signed(issuer: FakeIssuer) -> Callable[..., str]:
    """A token of the issuer that is valid now."""

    def signed(*arguments: Any, **over: Any) -> str:
        good: dict[str, Any] = {"iss": issuer.url, "exp": int(time.time()) + 600, "roles": ["user"]}
        return signed_by(*arguments, **(good | over))

    return signed


@pytest.fixture
def known(io_loop: IOLoop, app: Any, issuer: FakeIssuer) -> None:
    """The keys have been fetched."""
    io_loop.run_sync(lambda: until(lambda: keys_of(app, issuer) > 0, "its keys are there"))


def keys_of(app: Any, issuer: FakeIssuer) -> int:
    return len(app.deps.access.authenticator._issuers[issuer.url])


async def status(connect: Any, token: str, path: str = "/v1/models") -> int:
    client: RawConnection = await connect()
    return (await client.request("GET", path, [bearer(token)])).status


async def test_one_line_of_configuration_lets_its_tokens_in(
    connect: Any, issuer: FakeIssuer, signed: Any
) -> None:
    assert await status(connect, signed()) == 200
    assert await status(connect, signed(), "/sys/tags") == 403
    assert await status(connect, signed(roles=["admin"]), "/sys/tags") == 200
    assert await status(connect, signed(roles=[])) == 403
    assert issuer.asked == [DESCRIBED, "/keys"]


async def test_a_request_waits_for_a_key_that_is_new(
    connect: Any, known: None, issuer: FakeIssuer, signed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    issuer.publish(jwk(rsa_key()), jwk(ec_key(), kid="two"))
    before = len(issuer.asked)
    client: RawConnection = await connect()
    token = signed(ec_key(), "ES256", {"kid": "two"})
    answer = await client.request("POST", "/api/show", [bearer(token)], b'{"model":"smollm2"}')
    assert answer.status == 200
    assert await status(connect, signed()) == 200
    assert issuer.asked[before:] == [DESCRIBED, "/keys"]
    async with socket(client.port, headers=[bearer(token)]) as ws:
        await ws.send({"type": "ping"})
        assert await ws.frame() == {"type": "pong"}


async def test_unknown_keys_cost_the_issuer_one_fetch_in_a_while(
    connect: Any, known: None, issuer: FakeIssuer, signed: Any
) -> None:
    before = len(issuer.asked)
    made_up = [signed(headers={"kid": f"made-up-{n}"}) for n in range(20)]
    assert set(await asyncio.gather(*(status(connect, token) for token in made_up))) == {401}
    assert len(issuer.asked) == before  # the keys are a moment old
    assert await status(connect, signed()) == 200


async def test_many_requests_share_one_fetch(
    connect: Any, known: None, issuer: FakeIssuer, signed: Any, monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    monkeypatch.setattr(key_sets, "TOTAL_S", 0.3)
    expect_log("tornado_ollama.identity", "stay in force")
    issuer.answers["/keys"] = None
    before = len(issuer.asked)
    made_up = [signed(headers={"kid": f"made-up-{n}"}) for n in range(10)]
    assert set(await asyncio.gather(*(status(connect, token) for token in made_up))) == {401}
    assert len(issuer.asked) <= before + 4


HOSTILE: dict[str, dict[str, bytes | None]] = {
    "describes itself never": {DESCRIBED: None},
    "publishes never": {"/keys": None},
    "is down": {DESCRIBED: b""},
    "answers 500": {DESCRIBED: b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}"},
    "redirects": {"/keys": b"HTTP/1.1 302 F\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"},
    "is another": {DESCRIBED: ok(b'{"issuer":"https://evil.example","jwks_uri":"/keys"}')},
    "has no keys": {"/keys": ok(b'{"keys":[]}')},
    "has a secret for a key": {"/keys": ok(b'{"keys":[{"kty":"oct","k":"a2V5","kid":"one"}]}')},
    "answers in HTML": {"/keys": ok(b"<html>sign in</html>", "Content-Type: text/html")},
    "sends very much": {"/keys": ok(b" " * 400_000)},
    "sends a bomb": {"/keys": ok(b"\x1f\x8b" + b"\0" * 100, "Content-Encoding: gzip")},
    "nests deeply": {"/keys": ok(b"[" * 100_000)},
    "lies about the length": {"/keys": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}"},
    "sends garbage": {"/keys": b"\x00\xff" * 500 + b"\r\n\r\n"},
}


@pytest.mark.parametrize("answers", HOSTILE.values(), ids=HOSTILE)
async def test_an_issuer_that_fails_leaves_the_last_good_keys(
    connect: Any,
    app: Any,
    known: None,
    issuer: FakeIssuer,
    signed: Any,
    answers: dict[str, bytes | None],
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,
) -> None:
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    monkeypatch.setattr(key_sets, "TOTAL_S", 0.2)
    expect_log("tornado_ollama.identity", "stay in force")
    expect_log("tornado", "", optional=True)
    issuer.answers |= answers
    assert await status(connect, signed(headers={"kid": "new"})) == 401
    assert await status(connect, signed()) == 200
    assert "/other" not in issuer.asked
    issuer.publish(jwk(rsa_key(), kid="new"))
    assert await status(connect, signed(headers={"kid": "new"})) == 200


@pytest.mark.parametrize("answers", [{DESCRIBED: None}, {"/keys": ok(b"{}")}], ids=["slow", "bad"])
async def test_the_gateway_serves_others_while_an_issuer_is_away_from_the_start(
    connect: Any,
    app: Any,
    issuer: FakeIssuer,
    signed: Any,
    answers: dict[str, bytes | None],
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Any,
) -> None:
    monkeypatch.setattr(key_sets, "TOTAL_S", 0.2)
    monkeypatch.setattr(key_sets, "RETRY_S", 0.01)
    expect_log("tornado_ollama.identity", "its JWTs are refused", optional=True)
    issuer.answers |= answers
    assert await status(connect, UNKNOWN) == 401
    assert await status(connect, signed()) in (200, 401)  # the first fetch may have begun before
    issuer.publish(jwk(rsa_key()))
    await until(lambda: keys_of(app, issuer) > 0, "it is asked again")
    assert await status(connect, signed()) == 200


async def test_private_addresses_are_not_asked_unless_allowed(
    connect: Any,
    app: Any,
    known: None,
    issuer: FakeIssuer,
    config_file: Path,
    expect_log: Any,
) -> None:
    whole = json.loads(config_file.read_text(encoding="utf-8"))
    whole["auth"]["jwt"]["private_addresses"] = False
    config_file.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(ConfigError, match="an https:// URL"):
        load(config_file, {}, {})
    before = len(issuer.asked)
    port = issuer.url.rpartition(":")[2]
    jwt = {"jwks_url": f"https://localhost:{port}/keys", "issuer": issuer.url}
    reload(app, config_file, {"auth": {"jwt": jwt}})
    expect_log("tornado_ollama.identity", "not public")
    await until(lambda: app._credentials._key_sets._sets[issuer.url]._failing, "it is refused")
    assert len(issuer.asked) == before


async def test_a_withdrawn_key_ends_the_streams_that_it_signed(
    connect: Any,
    app: Any,
    known: None,
    backend: Backend,
    issuer: FakeIssuer,
    signed: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    backend.on("/api/chat", NdjsonStream(HI, asyncio.Event()))
    client: RawConnection = await connect()
    await client.send_request("POST", "/api/chat", [bearer(signed())], CHAT)
    response = await client.read_head()
    assert response.status == 200 and await client.read_chunk(response)
    exchange = await backend.next_request()
    issuer.publish(jwk(ec_key(), kid="two"))
    assert await status(connect, signed(ec_key(), "ES256", {"kid": "two"})) == 200
    assert not (await client.read_body(response)).complete
    await exchange.closed.wait()
    assert await status(connect, signed()) == 401


async def test_other_rules_of_an_issuer_leave_its_streams_alone(
    connect: Any, app: Any, known: None, issuer: FakeIssuer, signed: Any, config_file: Path,
    config: Any,
) -> None:  # fmt: skip
    before = len(issuer.asked)
    jwt = config["auth"]["jwt"] | {"claims": {"scopes": "roles", "manage": ["user"]}}
    reload(app, config_file, {"auth": {"jwt": jwt}})
    assert keys_of(app, issuer) == 1
    assert await status(connect, signed(), "/sys/tags") == 200
    await until(lambda: len(issuer.asked) == before + 2, "they are fetched under the new rules")


async def test_a_client_that_leaves_while_keys_are_fetched_costs_nothing(
    connect: Any, app: Any, known: None, issuer: FakeIssuer, signed: Any,
    monkeypatch: pytest.MonkeyPatch, expect_log: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    monkeypatch.setattr(key_sets, "TOTAL_S", 0.3)
    expect_log("tornado_ollama.identity", "stay in force")
    issuer.answers["/keys"] = None
    client: RawConnection = await connect()
    token = signed(headers={"kid": "new"})
    before = len(issuer.asked)
    await client.send_request("POST", "/api/chat", [bearer(token)], CHAT)
    await until(lambda: len(issuer.asked) > before, "the keys are fetched")
    client.leave()
    await until(lambda: not len(app.in_flight), "the request is over")
    await until(lambda: app._credentials._key_sets._sets[issuer.url]._failing, "it ends")


async def test_every_bad_token_gets_one_public_answer(
    connect: Any, known: None, issuer: FakeIssuer, signed: Any
) -> None:
    forged = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bad = {name: token for name, token in BAD_BY_SECRET.items() if _can_be_sent(token)}
    bad |= {
        "another key": signed(forged),
        "unknown kid": signed(headers={"kid": "nobody"}),
        "another audience": signed(aud="portal"),
        "another issuer": signed(iss=issuer.url + "/"),
        "expired": signed(exp=1),
        "no exp": signed(exp=None),
        "jku": signed(forged, headers={"jku": issuer.url + "/keys"}),
        "crit": signed(headers={"crit": ["exp"]}),
        "unknown token": UNKNOWN,
    }
    assert len(bad) >= 60
    answers = set()
    client: RawConnection = await connect()
    for token in bad.values():
        response = await client.request("GET", "/api/tags", [bearer(token)])
        kept = [pair for pair in response.headers if pair[0].lower() not in VARYING]
        answers.add((response.status, response.body, tuple(kept)))
    [(code, _, _)] = answers
    assert code == 401


VARYING = ("date", "x-request-id")


def _can_be_sent(token: str) -> bool:
    """Whether it is one word of a header, so that it is looked at as a token."""
    return token.isascii() and token.isprintable() and token.strip() == token != ""
