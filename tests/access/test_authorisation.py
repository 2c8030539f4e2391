"""The verdicts that HTTP and the socket share (docs/authentication.md, Scopes)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tornado_ollama.access.authorisation import (
    refuse_method,
    refuse_models,
    refuse_scope,
    refuse_unknown,
)
from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.routes import find
from tornado_ollama.errors import Forbidden, GatewayError, MethodNotAllowed

WRITER = Principal("w", "token", frozenset({Scope.GENERATE}), ("smollm2*",))


def test_a_method_of_the_route_passes_and_another_names_those() -> None:
    route = find("/api/delete")
    refuse_method(route, "/api/delete", "DELETE")
    with pytest.raises(MethodNotAllowed, match="/api/delete takes DELETE") as caught:
        refuse_method(route, "/api/delete", "POST")
    assert caught.value.allow == ("DELETE", "OPTIONS")


def test_the_scope_of_the_route_decides() -> None:
    refuse_scope(find("/api/chat"), "/api/chat", WRITER)
    with pytest.raises(Forbidden, match="/sys/tags: it needs scope manage"):
        refuse_scope(find("/sys/tags"), "/sys/tags", WRITER)


def test_each_model_must_be_one_of_the_bound() -> None:
    refuse_models(WRITER, ["smollm2", "smollm2:135m"])
    refuse_models(Principal("a", "token", frozenset()), ["anything"])
    with pytest.raises(Forbidden, match="'other'") as caught:
        refuse_models(WRITER, ["smollm2", "other"])
    assert caught.value.param == "model"


def test_no_sentence_holds_what_may_be_a_token() -> None:
    path, none = "/v1/models/k/secret", Principal("a", "token", frozenset(), ("x",))
    refusals: list[Callable[[], None]] = [
        lambda: refuse_method(find(path), path, "POST"),
        lambda: refuse_scope(find("/api/chat"), path, none),
        lambda: refuse_models(none, ["k/secret"]),
        lambda: refuse_unknown(find("/v1/x"), "/v1/k/secret"),
    ]
    for refuse in refusals:
        with pytest.raises(GatewayError) as caught:
            refuse()
        assert "secret" not in caught.value.message and "k/***" in caught.value.message
