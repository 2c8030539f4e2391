"""Requests of /v1 over HTTP: bodies, models a credential may use, and the lists it sees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend import Backend, json_reply

pytestmark = pytest.mark.gen_test

BOUND = "canary-bound-to-small-models-5d7f9b1c3e"
FREE = "canary-free-for-all-models-0a2c4e6f8b1d"
CONFIG = {
    "auth": {
        "generate_tokens": [
            {"name": "bound", "token": BOUND, "models": ["small*"]},
            {"name": "free", "token": FREE},
        ]
    },
    "models": {
        "aliases": {"gpt-4o": "big", "gpt-mini": "small:1b"},
        "defaults": {"small*": {"num_ctx": 2048, "keep_alive": "1h"}},
    },
    "limits": {"max_body_bytes": 4096},
}
configured = pytest.mark.parametrize("config", [CONFIG], ids=["configured"])

TAGS = {"models": [{"name": "small:1b"}, {"name": "big:latest"}]}
WHOLE = {"message": {"role": "assistant", "content": "hi"}, "done": True, "done_reason": "stop"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "x"}]},
    "/v1/completions": {"prompt": "x"},
    "/v1/embeddings": {"input": "x"},
}


def key(token: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {token}")]


def body(path: str, model: str) -> bytes:
    return json.dumps({"model": model} | BODIES[path]).encode()


@configured
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("model", ["big", "gpt-4o", "BIG:latest"])
async def test_a_bound_credential_gets_no_other_model(
    connect: Any, backend: Backend, config: Any, path: str, model: str
) -> None:
    response = await (await connect()).request("POST", path, key(BOUND), body(path, model))
    assert response.status == 403
    assert response.json()["error"]["type"] == "permission_error"
    assert not backend.exchanges


@configured
async def test_an_alias_of_a_model_that_it_may_use_is_fine(
    connect: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", json_reply(WHOLE))
    path = "/v1/chat/completions"
    response = await (await connect()).request("POST", path, key(BOUND), body(path, "gpt-mini"))
    assert response.json()["model"] == "gpt-mini"
    sent = backend.exchanges[0].json()
    assert (sent["model"], sent["keep_alive"]) == ("small:1b", "1h")
    assert sent["options"] == {"num_ctx": 2048}


@configured
@pytest.mark.parametrize(
    ("token", "expected"),
    [(FREE, ["small:1b", "big:latest", "gpt-4o", "gpt-mini"]), (BOUND, ["small:1b", "gpt-mini"])],
    ids=["free", "bound"],
)
async def test_a_credential_sees_the_models_it_may_use(
    connect: Any, backend: Backend, config: Any, token: str, expected: list[str]
) -> None:
    backend.on("/api/tags", json_reply(TAGS))
    response = await (await connect()).request("GET", "/v1/models", key(token))
    assert [model["id"] for model in response.json()["data"]] == expected


@configured
@pytest.mark.parametrize(("model", "status"), [("gpt-4o", 403), ("big", 403), ("gpt-mini", 200)])
async def test_one_model_is_shown_to_those_who_may_use_it(
    connect: Any, backend: Backend, config: Any, model: str, status: int
) -> None:
    response = await (await connect()).request("GET", f"/v1/models/{model}", key(BOUND))
    assert response.status == status
    assert len(backend.requests("/api/show")) == (status == 200)


@configured
@pytest.mark.parametrize("path", BODIES)
async def test_old_clients_find_the_words_for_a_wrong_key(
    connect: Any, backend: Backend, config: Any, path: str
) -> None:
    response = await (await connect()).request("POST", path, key("sk-wrong"), body(path, "big"))
    assert response.status == 401
    assert "Incorrect API key provided" in response.json()["error"]["message"]
    assert b"sk-wrong" not in response.body


@configured
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_the_limit_is_refused(
    connect: Any, backend: Backend, config: Any, path: str, chunked: bool
) -> None:
    large = body(path, "big")[:-1] + b" " * 5000 + b"}"
    headers = key(FREE)
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        large = b"%x\r\n%b\r\n0\r\n\r\n" % (len(large), large)
    response = await (await connect()).request("POST", path, headers, large)
    assert response.status == 413
    assert response.json()["error"]["code"] == "request_too_large"
    assert not backend.exchanges


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("sent", [b"", b"nonsense", b"[]", b"\xff", b"[" * 50_000])
async def test_what_is_no_json_object_is_a_bad_request(
    connect: Any, backend: Backend, path: str, sent: bytes
) -> None:
    response = await (await connect()).request("POST", path, (), sent)
    assert response.status == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert not backend.exchanges


@pytest.mark.parametrize("length", ["4, 5", "0x4", "-1", "+4", "4_0", "", "9" * 30, "9" * 5000])
async def test_a_length_that_is_none_is_refused(
    connect: Any, backend: Backend, length: str
) -> None:
    headers = [("Content-Length", length)]
    response = await (await connect()).request("POST", "/v1/embeddings", headers, b"{}")
    assert response.status in (400, 413) and not backend.exchanges


async def test_a_length_said_twice_is_one(connect: Any, backend: Backend) -> None:
    sent = body("/v1/embeddings", "m")
    headers = [("Content-Length", str(len(sent)))] * 2
    response = await (await connect()).request("POST", "/v1/embeddings", headers, sent)
    assert response.status == 200


@pytest.mark.parametrize("path", ["/v1/nope", "/v1/chat", "/v1"])
async def test_other_paths_are_404_in_openais_form(
    connect: Any, backend: Backend, path: str
) -> None:
    response = await (await connect()).request("POST", path, (), b"{}")
    assert response.status == 404
    assert set(response.json()) == {"error"} and not backend.exchanges
