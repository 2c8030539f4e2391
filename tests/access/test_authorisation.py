"""The verdicts that HTTP and the socket share (docs/authentication.md, Scopes)."""

from __future__ import annotations

import pytest

from tornado_ollama.access.authorisation import refuse_method, refuse_models, refuse_scope
from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.routes import find
from tornado_ollama.errors import Forbidden, MethodNotAllowed

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
