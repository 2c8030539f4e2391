"""The signatures of the `ollama` command, as a real one made them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.authenticator import UNKNOWN, UNPROTECTED, build_authenticator
from tornado_ollama.access.credentials import extract
from tornado_ollama.access.ollama_keys import (
    WINDOW_S,
    Request,
    key_digest,
    key_fingerprint,
    parse_public_key,
    with_signatures,
)
from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.stored import Revocations, Stored
from tornado_ollama.access.tokens import StaticToken, TokenTable
from tornado_ollama.errors import Unauthorized

from .headers import Headers
from .test_authenticator import Auth

RECORDED = json.loads(
    (Path(__file__).parents[1] / "transcripts" / "ollama-cli-signature.json").read_text()
)
LINE = RECORDED["public_key_line"]
VECTORS = {f"{n} {v['signed_text']}": v for n, v in enumerate(RECORDED["vectors"])}
KEY = key_digest(parse_public_key(LINE)[0])
LAPTOP = StaticToken("laptop", KEY, frozenset((Scope.GENERATE,)), ("smollm2*",))
AUTH = build_authenticator(Auth((), ()), frozenset(), ollama_keys=[LAPTOP])


def told(vector: dict[str, Any], **over: Any) -> tuple[Headers, Request, float]:
    path, _, query = vector["target"].partition("?")
    given = {"method": vector["method"], "path": path, "query": query, "protected": True} | over
    return (
        Headers(("Authorization", vector["authorization"])),
        Request(**given),
        float(query.removeprefix("ts=")),
    )


def principal(headers: Headers, request: Request, now: float, auth: Any = AUTH) -> Principal:
    found = auth.authenticate(with_signatures(extract(headers), lambda: request), now)
    assert isinstance(found, Principal)
    return found


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
@pytest.mark.parametrize("late", [-WINDOW_S, 0, WINDOW_S])
def test_a_recorded_signature_is_accepted_for_a_while(vector: Any, late: float) -> None:
    headers, request, at = told(vector)
    who = principal(headers, request, at + late)
    assert (who.name, who.kind, who.scopes, who.models) == (
        "laptop", "key", LAPTOP.scopes, LAPTOP.models,
    )  # fmt: skip
    assert who.key == "key laptop" and who.key_id == key_fingerprint(KEY)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
@pytest.mark.parametrize(
    "over",
    [
        {"method": "PUT"},
        {"method": "get"},
        {"path": "/api/push"},
        {"path": "/sys/tags"},
        {"path": "/api/tags/"},
        {"query": "ts=1795233714"},
        {"query": ""},
        {"query": "ts=1795233715&x=1"},
        {"query": "x=1&ts=1795233715"},
        {"query": "ts=1795233715&ts=1795233715"},
        {"query": "TS=1795233715"},
        {"query": "ts=+1795233715"},
        {"query": "ts=9" * 20},
    ],
    ids=repr,
)
def test_a_signature_of_another_request_is_refused(vector: Any, over: dict[str, Any]) -> None:
    headers, _, at = told(vector)
    _, request, _ = told(vector, **over)
    with pytest.raises(Unauthorized, match=UNKNOWN):
        principal(headers, request, at)


VECTOR = RECORDED["vectors"][1]


@pytest.mark.parametrize("late", [WINDOW_S + 1, -WINDOW_S - 1, 86400, -1e9, 1e9])
def test_an_old_signature_is_refused(late: float) -> None:
    headers, request, at = told(VECTOR)
    with pytest.raises(Unauthorized, match=UNKNOWN):
        principal(headers, request, at + late)


def test_a_signature_that_others_could_read_is_refused_and_says_why() -> None:
    headers, request, at = told(VECTOR, protected=False)
    with pytest.raises(Unauthorized) as caught:
        principal(headers, request, at)
    assert caught.value.message == UNPROTECTED


@given(st.integers(0, len(VECTOR["authorization"]) - 1), st.integers(1, 127))
def test_any_byte_flipped_refuses_it(place: int, mask: int) -> None:
    _, request, at = told(VECTOR)
    flipped = bytearray(VECTOR["authorization"].encode())
    flipped[place] ^= mask
    headers = Headers(("Authorization", flipped.decode("latin-1")))
    with pytest.raises(Unauthorized):
        principal(headers, request, at)


def test_another_key_is_refused() -> None:
    headers, request, at = told(VECTOR)
    other = StaticToken("other", bytes(32), LAPTOP.scopes)
    auth = build_authenticator(Auth((), ()), frozenset(), ollama_keys=[other])
    with pytest.raises(Unauthorized, match=UNKNOWN):
        principal(headers, request, at, auth)


def test_the_public_key_alone_is_no_credential() -> None:
    _, request, at = told(VECTOR)
    key, signature = VECTOR["authorization"].split(":")
    raw = base64.b64decode(key).decode("latin-1")
    for text in (key, f"{key}:", f":{signature}", LINE, raw, key_fingerprint(KEY), KEY.hex()):
        with pytest.raises(Unauthorized):
            principal(Headers(("X-API-Key", text)), request, at)


def test_a_key_is_no_token_and_a_token_no_key() -> None:
    headers, request, at = told(VECTOR)
    with pytest.raises(Unauthorized):
        principal(headers, request, at, build_authenticator(Auth((LAPTOP,), ()), frozenset()))


def test_a_key_stays_good_until_it_is_revoked_or_gone() -> None:
    headers, request, at = told(VECTOR)
    who = principal(headers, request, at)
    assert AUTH.still_valid(who, at + 3600) == who
    revoked = Stored(TokenTable((), bytes(32)), Revocations(keys=frozenset({key_fingerprint(KEY)})))
    assert AUTH.with_stored(revoked, frozenset()).still_valid(who, at) is None
    assert build_authenticator(Auth((), ()), frozenset()).still_valid(who, at) is None


def test_a_stranger_with_a_bad_signature_does_not_become_the_key() -> None:
    headers, request, at = told(VECTOR, path="/api/ps")
    everybody = frozenset((Scope.GENERATE,))
    open_to_all = build_authenticator(Auth((), ()), everybody, ollama_keys=[LAPTOP])
    stranger = principal(headers, request, at, open_to_all)
    assert stranger.is_anonymous
    assert AUTH.still_valid(stranger, at) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        LINE.replace("ed25519 ", "rsa "),
        LINE[:-4],
        "x " + LINE,
    ],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="id_ed25519.pub"):
        parse_public_key(line)


def test_a_comment_names_a_key() -> None:
    assert parse_public_key(f"{LINE} ann@laptop\n")[1] == "ann@laptop"
