"""`wire.anthropic.models`: the list of models in pages, every model with its keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.anthropic.models import model_list, model_reply
from tornado_ollama.wire.model_listing import ListedModel


def model(id: str, capabilities: list[str] | None = None) -> ListedModel:
    return ListedModel(id, id, 1767315845, 32768, "model", 131072, capabilities)


MODELS = [model(name) for name in ("a", "b", "c", "d", "e")]


def page(query: str) -> tuple[str, bool]:
    reply = json.loads(model_list(MODELS, query))
    ids = [entry["id"] for entry in reply["data"]]
    assert (reply["first_id"], reply["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    return "".join(ids), reply["has_more"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("abcde", False)),
        ("limit=1000", ("abcde", False)),
        ("beta=true&lifecycle=active", ("abcde", False)),
        ("limit=2", ("ab", True)),
        ("limit=2&after_id=b", ("cd", True)),
        ("limit=2&after_id=d", ("e", False)),
        ("limit=2&after_id=e", ("", False)),
        ("limit=2&before_id=d", ("bc", True)),
        ("limit=2&before_id=c", ("ab", False)),
        ("limit=9&before_id=c", ("ab", False)),
        ("after_id=unknown", ("abcde", False)),
    ],
)
def test_pages(query: str, expected: tuple[str, bool]) -> None:
    assert page(query) == expected


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "", "9" * 5000, "1.5", "²"])
def test_a_limit_that_is_none_is_refused(limit: str) -> None:
    if not limit:
        assert page(f"limit={limit}")[0] == "abcde"  # an empty value is as good as none
        return
    with pytest.raises(BadRequest) as refusal:
        model_list(MODELS, f"limit={limit}")
    assert refusal.value.param == "limit"


def test_no_models_are_an_empty_page() -> None:
    reply = json.loads(model_list([], ""))
    assert reply == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize("capabilities", [None, [], ["completion"], ["vision", "thinking"]])
def test_every_model_is_what_the_sdk_declares(capabilities: list[str] | None) -> None:
    from anthropic.types import ModelInfo  # a second: only where it is used

    reply: Any = json.loads(model_reply(model("claude-owl", capabilities)))
    known = ModelInfo.model_validate(reply, strict=False)
    assert (known.id, known.display_name, known.type) == ("claude-owl", "claude-owl", "model")
    assert known.max_input_tokens == 32768
    assert known.created_at.isoformat() == "2026-01-02T01:04:05+00:00"
    if capabilities is None:
        assert known.capabilities is None
        return
    assert known.capabilities is not None
    assert known.capabilities.image_input.supported is ("vision" in capabilities)
    assert known.capabilities.thinking.types.enabled.supported is ("thinking" in capabilities)
    assert known.capabilities.thinking.types.disabled.supported is True
