from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.credentials import (
    MAX_CREDENTIALS,
    Bearer,
    extract,
    from_subprotocols,
)
from tornado_ollama.errors import BadRequest

from .headers import headers


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        "Bearer tok",
        "bearer tok",
        "BEARER   tok  ",
        "tok",
        "  tok ",
        "Basic " + b64("user:tok"),
        "basic " + b64(":tok"),
        "Basic " + b64("tok:"),
        "Basic " + b64("user:tok").rstrip("="),
    ],
)
def test_authorization_gives_the_token_in_every_form(value: str) -> None:
    assert extract(headers(("Authorization", value))) == (Bearer("tok"),)


def test_a_password_may_hold_colons() -> None:
    assert extract(headers(("Authorization", "Basic " + b64("u:a:b:c")))) == (Bearer("a:b:c"),)


def test_x_api_key_gives_the_token() -> None:
    assert extract(headers(("x-api-key", " tok "))) == (Bearer("tok"),)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "   ")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer  ")],
        [("Authorization", "Basic")],
        [("Authorization", "Basic " + b64(":"))],
        [("X-API-Key", "")],
        [("Authorization", ""), ("X-API-Key", " ")],
    ],
)
def test_nothing_sent_is_no_credential(pairs: list[tuple[str, str]]) -> None:
    assert extract(headers(*pairs)) == ()


@pytest.mark.parametrize(
    "value",
    [
        "Token tok",
        "Bearer to k",
        "Digest username=x",
        "Basic !!!!",
        "Basic " + b64("no colon"),
        "Basic " + b64("nocolon"),
        "Basic " + base64.b64encode(b"u:\xff\xfe").decode(),
        "Basic a",
    ],
)
def test_a_malformed_credential_stays_one_that_nobody_can_have(value: str) -> None:
    [credential] = extract(headers(("Authorization", value)))
    assert " " in credential.text


@pytest.mark.parametrize(
    ("pairs", "texts"),
    [
        ([("X-API-Key", "b"), ("Authorization", "Bearer a")], "a b"),
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "a b"),
        ([("X-API-Key", "b"), ("X-API-Key", "a"), ("X-API-Key", "b")], "b a"),
        ([("Authorization", "Basic " + b64("u:a")), ("X-API-Key", "b")], "a b"),
    ],
)
def test_all_that_differ_are_found_in_order(pairs: list[tuple[str, str]], texts: str) -> None:
    assert [credential.text for credential in extract(headers(*pairs))] == texts.split()


def test_nobody_tries_any_number_of_credentials_in_one_request() -> None:
    extract(headers(*(("X-API-Key", str(n % MAX_CREDENTIALS)) for n in range(100))))
    with pytest.raises(BadRequest, match="too many"):
        extract(headers(*(("X-API-Key", str(n)) for n in range(MAX_CREDENTIALS + 1))))


@pytest.mark.parametrize("text", ["ollama", "Ollama", "not-needed", "EMPTY", "sk-no-key-required"])
def test_what_clients_send_that_must_send_something_is_a_placeholder(text: str) -> None:
    assert Bearer(text).is_placeholder
    assert not Bearer(text + "1").is_placeholder


def test_the_same_credential_twice_is_one() -> None:
    both = headers(
        ("Authorization", "Bearer tok"),
        ("Authorization", "tok"),
        ("X-API-Key", "tok"),
        ("Authorization", "Basic " + b64("u:tok")),
        ("X-API-Key", ""),
    )
    assert extract(both) == (Bearer("tok"),)


@given(st.text(max_size=60) | st.text().map(lambda text: "basic " + text))
def test_any_value_gives_a_text_or_nothing(value: str) -> None:
    assert all(found.text.strip() for found in extract(headers(("Authorization", value))))


def test_the_subprotocol_after_the_marker_is_the_token() -> None:
    assert from_subprotocols(["ollama.bearer", b64url(b"tok?>~")]) == (Bearer("tok?>~"),)
    assert from_subprotocols(["chat", " ollama.bearer", b64url(b"t") + " "]) == (Bearer("t"),)


@pytest.mark.parametrize(
    "offered", [[], ["ollama.bearer"], ["chat", "dG9r"], ["ollama.bearer", ""]]
)
def test_no_token_among_the_subprotocols_is_no_credential(offered: list[str]) -> None:
    assert from_subprotocols(offered) == ()


@pytest.mark.parametrize("token", ["to.k", "a", b64url(b"\xff\xfe"), "%%%"])
def test_a_subprotocol_that_is_no_base64url_text_is_unknown(token: str) -> None:
    [credential] = from_subprotocols(["ollama.bearer", token])
    assert " " in credential.text


def test_several_subprotocol_tokens_are_all_found() -> None:
    offered = ["ollama.bearer", b64url(b"a"), "ollama.bearer", b64url(b"b")]
    assert from_subprotocols(offered) == (Bearer("a"), Bearer("b"))
