"""`wire.chat.plan`: what Ollama is asked, whoever asks for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from tornado_ollama.wire.chat.plan import Plan
from tornado_ollama.wire.policy import Defaults

SAID = [{"role": "user", "content": "Hi"}]


def plan(**more: Any) -> Plan:
    fields: dict[str, Any] = {"messages": SAID, "stream": True}
    return Plan(**fields | more)


def test_what_is_not_said_is_left_to_ollama() -> None:
    assert plan().for_model("m", Defaults()).body() == (
        b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}'
    )


def test_false_and_zero_are_said() -> None:
    body = json.loads(plan(think=False, keep_alive=0, truncate=False, stream=False).body())
    assert (body["think"], body["keep_alive"], body["truncate"]) == (False, 0, False)
    assert body["stream"] is False


def test_raw_values_are_sent_to_the_letter() -> None:
    words = b'[ {"content":"\\u00e9", "x": 1.0, "x": 1e2} ]'
    assert words in plan(messages=Raw(words)).for_model("m", Defaults({"top_k": 1})).body()


@pytest.mark.parametrize("raw", [False, True], ids=["checked", "raw"])
def test_defaults_lie_beneath_what_the_client_says(raw: bool) -> None:
    given: Any = {"seed": 7, "top_k": 2}
    told = plan(options=Raw(json.dumps(given).encode()) if raw else given, think="low")
    defaults = Defaults({"num_ctx": 8192, "seed": 1}, keep_alive="1h", think=False)
    body = json.loads(told.for_model("m", defaults).body())
    assert list(body["options"].items()) == [("num_ctx", 8192), ("seed", 7), ("top_k", 2)]
    assert (body["think"], body["keep_alive"]) == ("low", "1h")


def test_choices_differ_in_their_seeds_only() -> None:
    first, second = plan(options={"top_k": 1, "seed": 7}).bodies(2)
    assert second == first.replace(b'"seed":7', b'"seed":8') != first


@pytest.mark.parametrize("options", [None, {"top_k": 1}, {"seed": -1}])
def test_choices_without_a_seed_are_the_same_request(options: Any) -> None:
    assert len(set(plan(options=options).bodies(3))) == 1
