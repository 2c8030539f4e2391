from __future__ import annotations

from dataclasses import replace

import pytest

from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.route_table import DISCOVERY, RouteTable
from tornado_ollama.access.routes import (
    GREETING,
    ROUTES,
    UNKNOWN_API,
    HandlerKind,
    Requirement,
    find,
)

CHIEF = Principal("chief", "token", frozenset(Scope))
SPENDING = ("/api/experimental/web_search", "/api/experimental/web_fetch")


def test_by_default_all_but_what_spends_is_as_the_routes_say() -> None:
    table = RouteTable()
    for route in ROUTES:
        path = route.path.replace("*", "x").replace("+", "x")
        if route.path not in SPENDING:
            assert table.find(path) is find(path)
    assert {route.path for route in ROUTES if route.spends} == set(SPENDING)


@pytest.mark.parametrize("path", SPENDING)
def test_what_spends_needs_consent_and_the_scope(path: str) -> None:
    assert not RouteTable().find(path).requirement.met_by(CHIEF)
    consented = RouteTable(web_search=True).find(path).requirement
    assert consented is Requirement.MANAGE and consented.met_by(CHIEF)


@pytest.mark.parametrize("name", DISCOVERY)
def test_only_what_is_named_is_public(name: str) -> None:
    table = RouteTable(public=[name])
    for path in DISCOVERY.values():
        opened = table.find(path).requirement is Requirement.DISCOVERY
        assert opened == (path == DISCOVERY[name])
        assert table.find(path.replace("/api/", "/sys/")).requirement is Requirement.MANAGE


def test_unknown_paths_are_forwarded_where_the_operator_wants_it() -> None:
    assert RouteTable(forward_unknown=True).find("/api/new") is UNKNOWN_API
    assert RouteTable().find("/api/new").kind is HandlerKind.NOT_FOUND


def test_below_a_token_are_the_greeting_and_the_apis() -> None:
    table = RouteTable(web_search=True)
    assert table.find_below_token("/") is GREETING
    for route in ROUTES:
        path = route.path.replace("*", "x").replace("+", "x")
        found = table.find_below_token(path)
        if path.startswith(("/api/", "/v1/")):
            public = route.requirement is Requirement.NOTHING  # elsewhere; a wrong token is told
            needs = Requirement.CREDENTIAL if public else route.requirement
            assert found == replace(table.find(path), requirement=needs)
        elif path != "/":
            assert found.kind is HandlerKind.NOT_FOUND
    assert table.find_below_token("/v1").dialect is find("/v1").dialect
