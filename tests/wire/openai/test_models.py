from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend.transcripts import VERSIONS, load
from tornado_ollama.config.topics.models import ModelDefaults
from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.wire.model_listing import listed_models, shown_model
from tornado_ollama.wire.native import show_body
from tornado_ollama.wire.openai import models
from tornado_ollama.wire.policy import Policy

TAGS = json.dumps({
    "models": [
        {"name": "owl3:8b", "modified_at": "2026-01-02T03:04:05.123456789+02:00",
         "details": {"context_length": 32768}, "capabilities": ["completion"]},
        {"name": "ann/mole:latest", "modified_at": "nonsense"},
        {"name": "hf.co/bob/cat:q4"},
    ]
}).encode()  # fmt: skip


def model_list(tags: bytes, policy: Policy, may_use: Any) -> bytes:
    return models.model_list(listed_models(tags, policy, may_use))


def model_reply(show: bytes, model: str, native_model: str) -> bytes:
    return models.model_reply(shown_model(show, model, native_model, Policy()))


def listed(policy: Policy | None = None, may_use: Any = lambda _: True) -> list[dict[str, Any]]:
    reply = json.loads(model_list(TAGS, policy or Policy(), may_use))
    assert reply["object"] == "list"
    models: list[dict[str, Any]] = reply["data"]
    return models


def test_every_model_has_the_keys_that_the_sdk_requires() -> None:
    for model in listed():
        assert {"id", "object", "created", "owned_by"} <= set(model)


def test_what_clients_of_local_models_ask_for_is_there() -> None:
    assert listed()[0] == {
        "id": "owl3:8b",
        "object": "model",
        "created": 1767315845,
        "owned_by": "library",
        "context_length": 32768,
        "context_length_from": "model",
        "max_context_length": 32768,
        "capabilities": ["completion"],
    }


@pytest.mark.parametrize(
    ("defaults", "most", "loaded", "window"),
    [
        (ModelDefaults(), None, {}, (32768, "model")),
        (ModelDefaults(), None, {"owl3:8b": 4096}, (4096, "memory")),
        (ModelDefaults(num_ctx=16384), None, {"owl3:8b": 4096}, (16384, "num_ctx")),
        (ModelDefaults(options={"num_ctx": 65536}), None, {}, (32768, "num_ctx")),
        (ModelDefaults(num_ctx="auto"), None, {"owl3:8b": 8192}, (32768, "auto")),
        (ModelDefaults(num_ctx="auto"), 16384, {}, (16384, "auto")),
    ],
    ids=lambda value: None,
)
def test_the_window_of_a_model_is_what_it_will_get(
    defaults: ModelDefaults, most: int | None, loaded: dict[str, int], window: tuple[int, str]
) -> None:
    policy = Policy(defaults={"*": defaults}, max_num_ctx=most)
    model = listed_models(TAGS, policy, lambda _: True, loaded)[0]
    assert (model.context_length, model.context_length_from) == window


def test_owners_are_namespaces_and_unknown_times_are_0() -> None:
    assert [(m["owned_by"], m["created"]) for m in listed()[1:]] == [("ann", 0), ("bob", 0)]


def test_aliases_of_models_that_exist_are_listed() -> None:
    policy = Policy(aliases={"gpt-4o": "OWL3:8b", "mole": "ann/mole", "gone": "ghost"})
    assert [(m["id"], m.get("root")) for m in listed(policy)[3:]] == [
        ("gpt-4o", "owl3:8b"),
        ("mole", "ann/mole:latest"),
    ]


def test_models_that_the_caller_may_not_use_are_not_shown_under_any_name() -> None:
    policy = Policy(aliases={"gpt-4o": "owl3:8b", "mole": "ann/mole"})
    seen = listed(policy, lambda name: name.startswith("ann/"))
    assert [model["id"] for model in seen] == ["ann/mole:latest", "mole"]


@pytest.mark.parametrize("body", [b'{"models":null}', b'{"models":[]}', b"{}"])
def test_no_models_are_an_empty_list(body: bytes) -> None:
    assert json.loads(model_list(body, Policy(), lambda _: True))["data"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"models":3}', b'{"models":[3]}'])
def test_what_is_no_list_is_a_bad_gateway(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        model_list(body, Policy(), lambda _: True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recorded_list_is_translated(version: str) -> None:
    body = load("tags", version).body
    reply = json.loads(model_list(body, Policy(), lambda _: True))
    assert [m["id"] for m in reply["data"]] == [m["name"] for m in json.loads(body)["models"]]
    assert all(m["created"] > 1_700_000_000 for m in reply["data"])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recorded_model_is_translated(version: str) -> None:
    body = load("show", version).body
    model = json.loads(model_reply(body, "smollm2", "smollm2"))
    assert model["id"] == "smollm2" and model["created"] > 1_700_000_000
    assert model["context_length"] > 0 and "completion" in model["capabilities"]


def test_one_model_says_what_its_alias_stands_for() -> None:
    model = json.loads(model_reply(b'{"model_info":{}}', "gpt-4o", "ann/owl3:8b"))
    assert model == {
        "id": "gpt-4o",
        "object": "model",
        "created": 0,
        "owned_by": "ann",
        "root": "ann/owl3:8b",
    }


def test_the_body_of_show() -> None:
    assert json.loads(show_body('a"b')) == {"model": 'a"b'}
