"""What may leave for Ollama: the limits of models, and of their management."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.management_guard import registry
from tornado_ollama.access.model_guard import ModelGuard
from tornado_ollama.access.model_limits import FOREVER, seconds
from tornado_ollama.config.topics.manage import Manage
from tornado_ollama.config.topics.models import ModelLimits
from tornado_ollama.errors import BadRequest, Forbidden

LIMITS = ModelLimits(num_ctx=8192, num_predict=100, num_gpu=10, keep_alive="10m")
CHAT = "/api/chat"


def sent(body: Any, limits: ModelLimits = LIMITS, model: str = "qwen3") -> tuple[Any, set[str]]:
    """What Ollama gets, and what was changed."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    found, changed = ModelGuard({"qwen*": limits}, Manage())(CHAT, text, model)
    return json.loads(found), set(changed)


WITHIN: dict[str, Any] = {"options": {"num_predict": 100, "num_ctx": 8192}, "keep_alive": "10m"}


@pytest.mark.parametrize(
    ("body", "expected", "changed"),
    [
        ({"options": {"num_predict": 101}}, {"options": {"num_predict": 100}}, {"num_predict"}),
        ({"options": {"num_predict": -1}}, {"options": {"num_predict": 100}}, {"num_predict"}),
        ({"options": {"num_predict": -2}}, {"options": {"num_predict": 100}}, {"num_predict"}),
        ({}, {"options": {"num_predict": 100}}, {"num_predict"}),
        ({"options": None}, {"options": {"num_predict": 100}}, {"num_predict"}),
        (
            {"options": {"num_ctx": 1e9, "num_predict": 1}, "a": [1]},
            {"options": {"num_ctx": 8192, "num_predict": 1}, "a": [1]},
            {"num_ctx"},
        ),
        (
            {"OPTIONS": {"num_gpu": 99, "num_predict": 1}, "Keep_Alive": -1},
            {"options": {"num_gpu": 10, "num_predict": 1}, "keep_alive": "10m"},
            {"num_gpu", "keep_alive"},
        ),
        (
            b'{"options":{"num_predict":1,"num_ctx":9000},"options":{"seed":1}}',
            {"options": {"num_predict": 1, "num_ctx": 8192, "seed": 1}},
            {"num_ctx"},
        ),
        (
            b'{"option\\u017f":{"num_predict":9999}}',
            {"options": {"num_predict": 100}},
            {"num_predict"},
        ),
        (WITHIN, WITHIN, set()),
        ({"options": {"num_predict": 0, "num_ctx": "x"}}, None, set()),
    ],
)
def test_a_request_is_bounded(body: Any, expected: Any, changed: set[str]) -> None:
    assert sent(body) == (body if expected is None else expected, changed)


GO_SPELLINGS = ["+11m", "11m.0s", ".5h", "1h.5h", "-.5h", "1h0\u00b5s", "1h0\u03bcs", "1.h"]


@pytest.mark.parametrize(
    "alive", ["11m", "1h", -1, "-1s", 601, 600.5, "1000h", "0.2h", *GO_SPELLINGS]
)
def test_keep_alive_is_bounded_in_every_spelling(alive: Any) -> None:
    within = {"options": {"num_predict": 1}}
    assert sent(within | {"keep_alive": alive}) == (
        within | {"keep_alive": "10m"},
        {"keep_alive"},
    )


@pytest.mark.parametrize("alive", ["10m", "9m59s", 0, "0", "+5m", 600, "", "soon", None, "5", ".h"])
def test_what_is_shorter_or_wrong_stays(alive: Any) -> None:
    within = {"options": {"num_predict": 1}, "keep_alive": alive}
    assert sent(within) == (within, set())


def test_a_time_is_read_as_go_reads_it() -> None:
    assert seconds("1h1m1.5s") == 3661.5 and seconds("300ms") == 0.3
    assert seconds("-5m") == seconds(-0.1) == FOREVER and seconds("-0s") == 0


def test_a_limit_may_forbid() -> None:
    strict = ModelLimits(num_ctx=8192, num_predict=100, forbid=True)
    with pytest.raises(Forbidden, match="num_ctx may be at most 8192"):
        sent({"options": {"num_ctx": 8193}}, strict)
    assert sent({}, strict)[1] == {"num_predict"}  # nothing was asked for


def test_other_models_and_routes_are_left_alone() -> None:
    body = {"options": {"num_ctx": 1e9}}
    assert sent(body, model="llama3") == (body, set())
    text = json.dumps(body).encode()
    assert ModelGuard({"*": LIMITS}, Manage())("/api/show", text, "qwen3") == (text, ())


@pytest.mark.parametrize("body", [b"{} x", b"{", b"[]", b'{"options":[]}', b'{"options":1}'])
def test_a_body_that_cannot_be_bounded_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        sent(body)


@given(
    st.dictionaries(
        st.sampled_from(["num_ctx", "num_predict", "num_gpu", "seed"]),
        st.integers(-3, 10**6) | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    ),
    st.integers(-5, 10**6) | st.sampled_from(["1h", "5m", "-1m", "x"]),
)
def test_nothing_beyond_a_limit_leaves(options: dict[str, Any], alive: Any) -> None:
    found, _ = sent({"options": options, "keep_alive": alive})
    for name in ("num_ctx", "num_gpu", "num_predict"):
        value = found["options"].get(name)
        assert value is None or value <= getattr(LIMITS, name)
    assert 0 <= found["options"]["num_predict"] and seconds(found["keep_alive"]) <= 600


# -- management -------------------------------------------------------------------------------

GUARDED = Manage(
    registries=("registry.ollama.ai", "hf.co"),
    insecure=False,
    protected=("gold*",),
    create_from=("llama3*",),
)


def managed(path: str, body: Any, rules: Manage = GUARDED) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    ModelGuard({}, rules)(path, text, None)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/pull", {"model": "evil.example/a/b"}),
        ("/api/pull", {"name": "EVIL.example:443/a/b:latest"}),
        ("/api/pull", {"model": "llama3", "name": "evil.example/a/b"}),
        ("/api/pull", b'{"model":"llama3","MODEL":"evil.example/a/b"}'),
        ("/api/pull", b'{"model":"evil.example/a/b","model":"llama3"}'),
        ("/api/pull", {"model": "https://evil.example/a/b"}),
        ("/api/push", {"model": "evil.example/a/b"}),
        ("/api/create", {"model": "x", "from": "evil.example/a/b"}),
        ("/api/pull", {"model": "llama3", "insecure": True}),
        ("/api/push", {"model": "llama3", "Insecure": True}),
        ("/api/pull", b'{"insecure": true, "model": "llama3", "insecure": false}'),
        ("/api/delete", {"model": "gold"}),
        ("/api/delete", {"name": "GOLD:latest"}),
        ("/api/delete", {"model": "registry.ollama.ai/library/golden"}),
        ("/api/pull", {"model": "gold"}),
        ("/api/create", {"model": "gold", "from": "llama3"}),
        ("/api/copy", {"source": "llama3", "destination": "gold"}),
        ("/api/create", {"model": "x", "from": "qwen3"}),
        ("/api/create", {"model": "x"}),
        ("/api/create", {"model": "x", "from": "llama3", "files": {"a": "sha256:0"}}),
        ("/api/create", {"model": "x", "from": "llama3", "Adapters": {"a": "sha256:0"}}),
        ("/api/create", {"model": "x", "modelfile": "FROM qwen3"}),
        ("/api/create", {"model": "x", "from": "llama3", "draft_files": {"a": "sha256:0"}}),
        ("/api/create", {"model": "x", "from": "llama3", "Remote_Host": "https://evil.example"}),
        ("/api/create", {"model": "x", "from": "llama3", "key_of_next_year": 1}),
        ("/api/create", b'{"model":"x","from":"llama3","from":"qwen3"}'),
        ("/api/delete", b'{"model":"gold"} x'),
        ("/api/delete", b"x"),
    ],
)
def test_what_the_rules_forbid_does_not_leave(path: str, body: Any) -> None:
    with pytest.raises(Forbidden):
        managed(path, body)
    if not isinstance(body, bytes):
        managed(path, body, Manage())  # off by default


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/pull", {"model": "llama3"}),
        ("/api/pull", {"model": "hf.co/a/b:Q4"}),
        ("/api/pull", {"model": "llama3", "insecure": False}),
        ("/api/push", {"model": "gold"}),
        ("/api/copy", {"source": "gold", "destination": "silver"}),
        ("/api/delete", {"model": "silver"}),
        ("/api/create", {"model": "x", "from": "llama3.1", "files": {}}),
        ("/api/create", {"model": "x", "from": "llama3.1", "system": "s", "parameters": {"a": 1}}),
        ("/api/show", {"model": "evil.example/a/b"}),
        ("/api/pull", b""),
    ],
)
def test_what_the_rules_allow_leaves(path: str, body: Any) -> None:
    managed(path, body)


@pytest.mark.parametrize("url", ["https://evil.example/x", "evil.example", "http://EVIL.example"])
def test_a_model_that_is_elsewhere_comes_from_a_registry_too(url: str) -> None:
    rules = Manage(registries=("registry.ollama.ai", "ollama.com"))
    with pytest.raises(Forbidden, match="'evil.example'"):
        managed("/api/create", {"model": "x", "from": "a", "remote_host": url}, rules)
    allowed = {"model": "x", "from": "a", "remote_host": "https://ollama.com:443/v1"}
    with pytest.raises(Forbidden):  # with its port, as in the name of a model
        managed("/api/create", allowed, rules)
    managed("/api/create", allowed | {"remote_host": "https://Ollama.com/"}, rules)


def test_the_registry_of_a_name() -> None:
    found = {name: registry(name) for name in ("a", "b/a", "Host.example/b/a:t", "h:1/b/a")}
    assert found == {
        "a": "registry.ollama.ai",
        "b/a": "registry.ollama.ai",
        "Host.example/b/a:t": "host.example",
        "h:1/b/a": "h:1",
    }
