"""The mixin that lets requests in stands beside a handler's class, and needs little of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders
from tornado.web import RequestHandler

from tornado_ollama.access.authenticator import build_authenticator
from tornado_ollama.access.fingerprint import digest
from tornado_ollama.access.origins import HostPolicy, OriginPolicy
from tornado_ollama.access.principal import Scope
from tornado_ollama.access.proxies import Client
from tornado_ollama.access.routes import find
from tornado_ollama.access.tokens import StaticToken
from tornado_ollama.errors import Forbidden, Unauthorized
from tornado_ollama.handler_table import HANDLERS
from tornado_ollama.handlers.auth_mixin import AuthMixin
from tornado_ollama.handlers.base import BaseHandler

TOKEN = StaticToken("ann", digest("ann-token"), frozenset({Scope.GENERATE}), ("smollm2",))
AUTH: Any = SimpleNamespace(tokens=(TOKEN,), jwt_keys=(), path_tokens=False)
ACCESS = SimpleNamespace(
    hosts=HostPolicy(()),
    origins=OriginPolicy(("https://page.example",)),
    authenticator=build_authenticator(AUTH, frozenset()),
)


def standing(path: str, method: str = "POST", **headers: str) -> Any:
    """The mixin before a class that has what the mixin declares, and nothing else."""
    answers: list[tuple[int, dict[str, str]]] = []
    has: dict[str, Any] = {
        "request": SimpleNamespace(
            method=method,
            host="localhost",
            remote_ip="192.0.2.1",
            headers=HTTPHeaders({name.replace("_", "-"): text for name, text in headers.items()}),
        ),
        "deps": SimpleNamespace(access=ACCESS, in_flight=SimpleNamespace(draining=False)),
        "route": find(path),
        "url_path": path,
        "query": "",
        "problem": None,
        "path_token": None,
        "client": Client("192.0.2.1", "", "http"),
        "principal": None,
        "cross_origin": {},
        "set_default_headers": lambda: None,
        "answer_head": lambda status, headers: answers.append((status, headers)),
    }
    assert has.keys() == AuthMixin.__annotations__.keys()
    handler = type("Standing", (AuthMixin,), {})()
    for name, value in has.items():
        setattr(handler, name, value)
    handler.answers = answers
    return handler


def test_it_is_no_handler_itself() -> None:
    assert AuthMixin.__bases__ == (object,)


@pytest.mark.parametrize(
    "handler", dict.fromkeys(HANDLERS.values()), ids=lambda handler: handler.__name__
)
def test_every_handler_has_it_before_the_base_of_requests(handler: type[RequestHandler]) -> None:
    line = handler.__mro__
    assert line.index(AuthMixin) < line.index(BaseHandler)
    assert handler.admit is AuthMixin.admit  # type: ignore[attr-defined]


def test_a_handler_without_it_lets_nobody_in() -> None:
    with pytest.raises(NotImplementedError):
        BaseHandler.admit(object())  # type: ignore[arg-type]


def test_what_it_declares_is_all_that_it_needs() -> None:
    handler = standing("/api/chat", Authorization="Bearer ann-token")
    handler.admit()
    assert handler.principal.name == "ann"
    handler.check_model("smollm2")
    with pytest.raises(Forbidden):
        handler.check_model("llama3")
    with pytest.raises(Unauthorized):
        standing("/api/chat").admit()
    with pytest.raises(Forbidden):
        standing("/api/pull", Authorization="Bearer ann-token").admit()


def test_a_preflight_is_answered_in_the_handlers_place() -> None:
    handler = standing("/api/chat", "OPTIONS", Origin="https://page.example")
    handler.admit()
    assert handler.cross_origin["Access-Control-Allow-Origin"] == "https://page.example"
    [(status, headers)] = handler.answers
    assert status == 204
    assert headers["Access-Control-Allow-Methods"] == headers["Allow"] == "POST, OPTIONS"
    assert handler.principal is None
