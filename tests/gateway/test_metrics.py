"""`/metrics`: who may ask, in which formats, and that it counts what the journal has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text
from prometheus_client.samples import Sample

from ..backend import Backend, NdjsonStream, Reply, Reset, StallMidLine
from ..canary import Canary
from .keys import BOTH, GENERATE, MANAGE, SECURED, UNKNOWN, bearer
from .sockets import socket

ROOT = Path(__file__).parent.parent.parent

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])
OPENMETRICS = ("Accept", "application/openmetrics-text; version=1.0.0")

LAST = {
    "model": "smollm2",
    "message": {"role": "assistant", "content": "Hi"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 5,
    "prompt_eval_cached_count": 4,
    "eval_count": 7,
    "load_duration": 10**9,
    "prompt_eval_duration": 2 * 10**9,
    "eval_duration": 3 * 10**9,
}
CHAT = {"model": "smollm2", "messages": [{"role": "user", "content": "x"}]}


def samples(text: bytes) -> Iterator[Sample]:
    for family in prometheus_text(text.decode()):
        yield from family.samples


def total(text: bytes, name: str, **labels: str) -> float:
    """The sum of the series of a name that have these labels."""
    return sum(
        sample.value
        for sample in samples(text)
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def scrape(connect: Any, *headers: tuple[str, str]) -> bytes:
    response = await (await connect()).request("GET", "/metrics", headers)
    assert response.status == 200
    return bytes(response.body)


@pytest.mark.gen_test
@secured
async def test_the_caller_is_on_this_machine_or_may_manage(connect: Any, config: Any) -> None:
    client = await connect()

    async def status(*headers: tuple[str, str]) -> int:
        return int((await client.request("GET", "/metrics", headers)).status)

    assert await status() == 200
    assert await status(("Host", "localhost:9000")) == 200
    for forwarded in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "Via"):
        assert await status((forwarded, "for=127.0.0.1")) == 401
        assert await status((forwarded, "for=127.0.0.1"), bearer(MANAGE)) == 200
    assert await status(("Host", "gateway.example.com")) == 401
    assert await status(("Host", "192.0.2.1")) == 401
    assert await status(("Origin", "https://evil.example")) == 403
    assert await status(bearer(GENERATE)) == 403
    assert await status(bearer(UNKNOWN)) == 401


@pytest.mark.gen_test
async def test_the_format_is_the_scrapers_choice(connect: Any) -> None:
    client = await connect()
    await client.request("GET", "/api/version")
    plain = await client.request("GET", "/metrics")
    assert plain.header("Content-Type").startswith("text/plain; version=0.0.4")
    assert list(samples(plain.body))
    modern = await client.request("GET", "/metrics", [OPENMETRICS])
    assert modern.header("Content-Type").startswith("application/openmetrics-text")
    assert modern.body.endswith(b"# EOF\n")
    assert list(openmetrics(modern.body.decode()))  # type: ignore[no-untyped-call]


@pytest.mark.gen_test
async def test_a_chat_is_counted_with_what_it_cost(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    asked = json.dumps({**CHAT, "n": 2}).encode()
    await (await connect()).request("POST", "/v1/chat/completions", (), asked)
    text = await scrape(connect)
    model = {"gen_ai_response_model": "smollm2:latest", "credential": "anonymous"}
    assert total(text, "tornado_ollama_model_requests_total", **model) == 1
    assert total(text, "tornado_ollama_tokens_total", gen_ai_token_type="input", **model) == 10
    assert total(text, "tornado_ollama_tokens_total", gen_ai_token_type="output", **model) == 14
    assert total(text, "tornado_ollama_cached_tokens_total", **model) == 8
    for phase, seconds in {"load": 2, "prompt": 4, "completion": 6}.items():
        spent = total(text, "tornado_ollama_model_seconds_total", phase=phase, **model)
        assert spent == seconds
    route = {"route": "/v1/chat/completions", "dialect": "openai", "status": "200"}
    assert total(text, "tornado_ollama_requests_total", **route) == 1
    chat = {"gen_ai_operation_name": "chat", "gen_ai_response_model": "smollm2:latest"}
    for name in ("request_duration", "time_to_first_token", "time_per_output_token"):
        assert total(text, f"gen_ai_server_{name}_seconds_count", **chat) == 1
    assert total(text, "gen_ai_client_token_usage_sum", **chat) == 24


@pytest.mark.gen_test
async def test_what_runs_and_is_open_now(
    connect: Any, http_port: int, backend: Backend, http_server: Any
) -> None:
    backend.on("/api/chat", StallMidLine())
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await backend.next_request("/api/chat")
        text = await scrape(connect)
        assert total(text, "tornado_ollama_open_sockets") == 1
        assert total(text, "tornado_ollama_running") == 1
        assert total(text, "http_server_active_requests") == 1  # this one
    assert total(text, "tornado_ollama_backend_up") == 1
    assert total(text, "tornado_ollama_build_info", backend="ollama") == 1
    assert total(text, "process_resident_memory_bytes") > 0


@pytest.mark.gen_test
async def test_models_that_are_not_there_add_no_series(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", Reply(b'{"error":"model not found"}', 404))
    client = await connect()

    async def ask(name: str) -> None:
        body = json.dumps({**CHAT, "model": name}).encode()
        assert (await client.request("POST", "/api/chat", (), body)).status == 404

    await ask("first")
    before = len(list(samples(await scrape(connect))))
    before = len(list(samples(await scrape(connect))))  # the scrape itself is a series too
    for number in range(100):
        await ask(f"model-{number}")
    assert len(list(samples(await scrape(connect)))) == before


@pytest.mark.gen_test
@secured
async def test_no_credential_stands_in_a_label(
    connect: Any, config: Any, no_secret_leaves: Canary
) -> None:
    no_secret_leaves.excuse("the log", "a model's name is logged as the client has written it")
    client = await connect()
    for token in (BOTH, UNKNOWN):
        await client.request("GET", "/api/version", [bearer(token)])
        await client.request("GET", f"/k/{token}/api/version")
        await client.request("GET", f"/v1/models/{token}", [bearer(BOTH)])
    text = await scrape(connect)
    assert b"canary" not in text and b"chief" in text


@pytest.mark.gen_test
async def test_failures_of_ollama_are_counted_by_kind(connect: Any, backend: Backend) -> None:
    backend.on("/api/chat", Reset())
    await (await connect()).request("POST", "/v1/chat/completions", (), json.dumps(CHAT).encode())
    text = await scrape(connect)
    assert total(text, "tornado_ollama_upstream_errors_total", kind="upstream_broken") == 1
    assert total(text, "tornado_ollama_ends_total", outcome="upstream_broken") == 1


@pytest.mark.gen_test
async def test_the_lag_of_the_loop_is_measured(connect: Any) -> None:
    while not total(await scrape(connect), "tornado_ollama_event_loop_lag_seconds_count"):
        pass


def test_every_metric_is_documented_and_none_besides(app: Any) -> None:
    telemetry = app.deps.process.telemetry
    text = telemetry.text("")[0].decode()
    names = {family.name for family in prometheus_text(text)}
    ours = {name for name in names if not name.startswith(("process_", "python_"))}
    documented = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    table = {
        line.split("`")[1].removesuffix("_total")
        for line in documented.splitlines()
        if line.startswith(("| `tornado_ollama_", "| `gen_ai_", "| `http_"))
    }
    assert table == {name.removesuffix("_total") for name in ours}
