"""The embedded backend's replies have the keys of the real Ollama's, in the same order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tornado_ollama.embedded.prompt import TEMPLATE

from ..backend import transcripts
from .model_process import MODEL, Ollama

ASKED_ANSWERS = [
    "chat-bad-role",
    "chat-length",
    "chat-load",
    "chat-logprobs",
    "chat-nostream",
    "chat-stream",
    "generate-load",
    "generate-logprobs",
    "generate-nostream",
    "generate-raw",
    "generate-stream",
    "generate-system-template",
]

SAME_ERRORS = [
    "chat-bad-messages",
    "chat-empty",
    "chat-image-bad-base64",
    "chat-missing-model",
    "chat-think-unsupported",
    "embed-bad-input",
    "embed-missing-model",
    "generate-bad-format",
    "generate-bad-json",
    "generate-bad-keepalive",
    "generate-bad-option",
    "generate-bad-type",
    "generate-empty",
    "generate-missing-model",
    "generate-no-model",
    "generate-think-unsupported",
    "show-empty-body",
    "show-missing",
    "show-no-model",
    "not-found",
    "method-not-allowed",
    "method-not-allowed-put",
    "root",
    "root-head",
]


def send(ollama: Ollama, recorded: transcripts.Recorded) -> Any:
    body = recorded.request_body.replace(b"all-minilm", MODEL.encode()) or None
    return ollama.request(recorded.method, recorded.path, body)


def ask_briefly(ollama: Ollama, recorded: transcripts.Recorded) -> Any:
    """Sends the recorded request with the answer bounded: its keys do not depend on its length."""
    body = json.loads(recorded.request_body)
    body["options"] = body.get("options", {}) | {"num_predict": 4}
    return ollama.request(recorded.method, recorded.path, json.dumps(body).encode())


def keys(line: Any) -> list[str]:
    return list(line)


@pytest.mark.parametrize("name", ASKED_ANSWERS)
def test_an_answer_has_the_recorded_keys_in_order(ollama: Ollama, name: str) -> None:
    recorded = transcripts.load(name)
    reply = ask_briefly(ollama, recorded)
    assert reply.status == recorded.status
    assert reply.headers["content-type"] == recorded.content_type
    expected = [json.loads(line) for line in recorded.body.splitlines()]
    assert keys(reply.lines[0]) == keys(expected[0])
    assert keys(reply.lines[-1]) == keys(expected[-1])
    for part in ("message", "logprobs"):
        if part in expected[0]:
            assert type(reply.lines[0][part]) is type(expected[0][part])
    reasons = ("load",) if name.endswith("load") else ("stop", "length")
    assert reply.lines[-1]["done_reason"] in reasons


@pytest.mark.parametrize("name", SAME_ERRORS)
def test_a_refusal_is_the_recorded_one(ollama: Ollama, name: str) -> None:
    recorded = transcripts.load(name)
    reply = send(ollama, recorded)
    assert (reply.status, reply.body) == (recorded.status, recorded.body)
    assert reply.headers["content-type"] == recorded.content_type
    recorded_headers = {key.lower(): value for key, value in recorded.headers}
    assert reply.headers.get("allow") == recorded_headers.get("allow")


def test_tags_list_the_model_as_ollama_does(ollama: Ollama) -> None:
    expected = transcripts.load("tags")
    entry = ollama.get("/api/tags").json["models"][0]
    wanted = next(
        model for model in json.loads(expected.body)["models"] if model["name"] == "smollm2:latest"
    )
    assert keys(entry) == keys(wanted)
    assert keys(entry["details"]) == keys(wanted["details"])
    for key in ("format", "family", "families", "parameter_size", "quantization_level"):
        assert entry["details"][key] == wanted["details"][key]
    assert entry["name"] == "smollm2:135m"


def test_ps_shows_the_loaded_model(ollama: Ollama) -> None:
    assert ollama.post("/api/chat", messages=[]).json["done_reason"] == "load"
    entry = ollama.get("/api/ps").json["models"][0]
    wanted = json.loads(transcripts.load("ps-loaded").body)["models"][0]
    assert keys(entry) == keys(wanted)
    assert entry["context_length"] == 8192
    assert entry["expires_at"] > "2300"


def test_show_describes_the_file(ollama: Ollama) -> None:
    shown = ollama.post("/api/show").json
    wanted = json.loads(transcripts.load("show").body)
    assert set(wanted) <= set(shown)
    assert set(shown) - set(wanted) == {"license", "system"}
    assert shown["model_info"] == pytest.approx(wanted["model_info"])
    assert shown["tensors"] == wanted["tensors"]
    assert shown["capabilities"] == ["completion", "tools", "embedding"]
    assert shown["template"] == TEMPLATE  # Ollama's does not go on from a beginning


def test_verbose_show_has_the_vocabulary(ollama: Ollama) -> None:
    shown = ollama.post("/api/show", verbose=True).json
    assert len(shown["model_info"]["tokenizer.ggml.tokens"]) == 49152


def test_version_says_who_answers(ollama: Ollama) -> None:
    assert ollama.get("/api/version").json["version"].endswith("+embedded")


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_head_is_get_without_a_body(ollama: Ollama, path: str) -> None:
    whole, head = ollama.get(path), ollama.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/pull"),
        ("POST", "/api/create"),
        ("DELETE", "/api/delete"),
        ("HEAD", "/api/blobs/sha256:00"),
        ("POST", "/api/me"),
        ("POST", "/v1/chat/completions"),
    ],
)
def test_the_rest_of_the_api_is_a_clear_501(ollama: Ollama, method: str, path: str) -> None:
    reply = ollama.request(method, path, b"{}" if method == "POST" else None)
    assert reply.status == 501
    assert method == "HEAD" or "embedded backend" in reply.json["error"]


@pytest.mark.parametrize("name", ["smollm2", "SmolLM2:135M", "smollm2:latest", "library/smollm2"])
def test_the_model_has_several_names_and_echoes_the_one_used(ollama: Ollama, name: str) -> None:
    body = json.dumps({"model": name, "messages": []}).encode()
    assert ollama.request("POST", "/api/chat", body).json["model"] == name


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_other_sites_web_pages_are_turned_away(ollama: Ollama, headers: dict[str, str]) -> None:
    reply = ollama.request("GET", "/api/version", headers=headers)
    assert (reply.status, reply.body) == (403, b"")
