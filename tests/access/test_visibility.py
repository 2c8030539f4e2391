"""`access.visibility`: a bound credential sees its own models and no others."""

from __future__ import annotations

import json

import pytest

from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.visibility import only_visible
from tornado_ollama.errors import UpstreamBroken

BOUND = Principal("p", "token", frozenset({Scope.GENERATE}), ("small", "team/*"))


def names(listing: object) -> list[str]:
    return [
        m["name"] for m in json.loads(only_visible(json.dumps(listing).encode(), BOUND))["models"]
    ]


def test_other_models_are_left_out() -> None:
    models = ["small:latest", "small:70b", "team/x:latest", "other:latest"]
    assert names({"models": [{"name": name} for name in models]}) == [
        "small:latest",
        "team/x:latest",
    ]


def test_what_a_model_says_of_itself_is_kept() -> None:
    model = {"name": "small:latest", "size": 5, "details": {"families": ["ä"]}}
    kept = json.loads(only_visible(json.dumps({"models": [model]}).encode(), BOUND))
    assert kept == {"models": [model]}


def test_an_empty_list_may_be_null() -> None:
    assert names({"models": None}) == []


def test_half_a_surrogate_is_passed_on_as_it_came() -> None:
    kept = only_visible(b'{"models":[{"name":"small","x":"\\ud800"}],"y":"\\udfff"}', BOUND)
    assert b'"\\ud800"' in kept and b'"\\udfff"' in kept
    kept.decode()


@pytest.mark.parametrize(
    "listing",
    [
        *(b"", b"[]", b"{}", b'{"models":[1]}', b"[" * 100_000, b'{"models":"small"}'),
        *(b'{"models":[{"name":["small"]}]}', b'{"models":[{"name":{}}]}'),
        *(b'{"models":[{"name":null}]}', b'{"models":[{"name":"small","x":"\xff"}]}'),
    ],
)
def test_a_reply_that_is_no_list_is_not_passed_on(listing: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        only_visible(listing, BOUND)
