"""`wire.default_model`: the list proposes, `/api/show` decides."""

from __future__ import annotations

import json

import pytest

from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.wire import default_model, native
from tornado_ollama.wire.default_model import KnownModels

from ..backend import load


def model(name: str, digest: str = "d") -> native.ModelEntry:
    return native.ModelEntry(name=name, digest=digest)


def test_the_recorded_list_proposes_an_embedding_model_too() -> None:
    listed = native.decode(native.TAGS, load("tags").body)
    assert "all-minilm:latest" in [entry.name for entry in default_model.candidates(listed)]


@pytest.mark.parametrize(
    ("capabilities", "proposed"),
    [(["completion"], 1), (None, 1), (["embedding"], 0), ([], 0)],
)
def test_what_the_list_rules_out_is_not_asked_about(
    capabilities: list[str] | None, proposed: int
) -> None:
    entry = {"name": "m"} | ({} if capabilities is None else {"capabilities": capabilities})
    listed = native.decode(native.TAGS, json.dumps({"models": [entry]}).encode())
    assert len(default_model.candidates(listed)) == proposed


@pytest.mark.parametrize(
    ("body", "chats"),
    [(load("show").body, True), (b'{"capabilities":["embedding"]}', False), (b"{}", True)],
    ids=["recorded", "embedding", "old Ollama"],
)
def test_the_account_of_one_model_decides(body: bytes, chats: bool) -> None:
    assert default_model.chats(body) is chats


def test_an_account_that_is_none_is_an_error() -> None:
    with pytest.raises(UpstreamBroken):
        default_model.chats(b"[]")


def test_an_answer_holds_for_the_digest_it_was_given_for() -> None:
    known = KnownModels()
    known.keep(model("m"), False)
    assert known.chats(model("m")) is False
    assert known.chats(model("m", "other")) is None
    assert known.chats(model("n")) is None


def test_a_model_without_a_digest_is_not_kept() -> None:
    known = KnownModels()
    known.keep(model("m", ""), True)
    assert known.chats(model("m", "")) is None


def test_what_is_kept_is_bounded() -> None:
    known = KnownModels()
    for number in range(default_model.MAX_KEPT + 5):
        known.keep(model(str(number)), True)
    assert len(known) == default_model.MAX_KEPT
    assert known.chats(model("4")) is None and known.chats(model("5")) is True
