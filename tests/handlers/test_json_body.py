from __future__ import annotations

import gc

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.handlers.json_body import JsonBodyHandler
from tornado_ollama.wire.checks import Json


class Handler(JsonBodyHandler):
    """A handler without a request, whose body is `{"a":1}`."""

    def __init__(self) -> None:
        pass

    def whole_body(self) -> bytes:
        return b'{"a":1}'


def test_no_collection_runs_while_a_body_is_parsed() -> None:
    def parse(body: Json) -> bool:
        assert body == {"a": 1}
        return gc.isenabled()

    assert Handler().parsed(parse) is False
    assert gc.isenabled()


def test_collections_go_on_after_a_refusal() -> None:
    def refuse(body: Json) -> None:
        raise BadRequest("No.")

    with pytest.raises(BadRequest):
        Handler().parsed(refuse)
    assert gc.isenabled()


def test_collections_stay_off_where_they_were() -> None:
    gc.disable()
    try:
        Handler().parsed(len)
        assert not gc.isenabled()
    finally:
        gc.enable()
