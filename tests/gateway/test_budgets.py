"""`usage.budgets`: a warning first, then 429 until the period ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tornado_ollama.config.topics.usage import BudgetEntry
from tornado_ollama.telemetry.budgets import Budgets

from ..backend import Backend, NdjsonStream
from .keys import BOTH, GENERATE, SECURED, bearer
from .sockets import socket
from .test_metrics import CHAT, LAST, scrape, total

BODY = json.dumps(CHAT).encode()


def budget(**limits: int) -> pytest.MarkDecorator:
    config = SECURED | {"usage": {"budgets": {"writer": limits}}}
    return pytest.mark.parametrize("config", [config], ids=["budget"])


async def status(connect: Any, token: str = GENERATE, path: str = "/api/chat") -> Any:
    body = json.dumps({**CHAT, "max_tokens": 9}).encode()
    return await (await connect()).request("POST", path, [bearer(token)], body)


@pytest.mark.gen_test
@budget(tokens_per_day=30)
async def test_who_has_used_his_budget_is_warned_of_first_then_refused(
    connect: Any, backend: Backend, config: Any, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.budgets", "writer has used 24 of 30 tokens a day")
    backend.on("/api/chat", NdjsonStream(LAST))
    for _ in range(3):
        assert (await status(connect)).status == 200
    used = total(await scrape(connect), "tornado_ollama_budget_used_ratio", credential="writer")
    assert used == 36 / 30
    before = len(backend.requests("/api/chat"))
    for path in ("/api/chat", "/v1/chat/completions", "/v1/messages"):
        refused = await status(connect, path=path)
        assert refused.status == 429
        assert refused.header("Retry-After") is None
        assert path == "/api/chat" or refused.header("X-Should-Retry") == "false"
        assert b"30 tokens a day" in refused.body
    assert len(backend.requests("/api/chat")) == before
    assert (await status(connect, BOTH)).status == 200  # somebody else
    tags = await (await connect()).request("GET", "/api/tags", [bearer(GENERATE)])
    assert tags.status == 200


@pytest.mark.gen_test
@budget(seconds_per_month=6)
async def test_chats_on_a_socket_are_refused_too(
    connect: Any, backend: Backend, config: Any, http_port: int, http_server: Any, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.budgets", "6 of 6 seconds a month")
    backend.on("/api/chat", NdjsonStream(LAST))
    assert (await status(connect)).status == 200
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        error = (await ws.until("error"))[-1]
    assert error["status"] == 429 and "budget" in error["message"]


@pytest.mark.gen_test
@budget(tokens_per_day=12, tokens_per_month=24)
async def test_a_new_period_begins_with_nothing_used(
    connect: Any, backend: Backend, config: Any, app: Any, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.budgets", "writer")
    backend.on("/api/chat", NdjsonStream(LAST))
    moments = {"now": datetime(2030, 1, 30, tzinfo=UTC)}
    app.books.budgets._now = lambda: moments["now"].timestamp()
    told = []
    for day in (30, 30, 31, 31):
        moments["now"] = datetime(2030, 1, day, tzinfo=UTC)
        told.append((await status(connect)).status)
    assert told == [200, 429, 200, 429]
    assert b"2030-02-01" in (await status(connect)).body
    moments["now"] = datetime(2030, 2, 1, tzinfo=UTC)
    assert (await status(connect)).status == 200


@pytest.mark.gen_test
@budget(tokens_per_month=20)
async def test_what_was_used_before_the_start_counts(
    connect: Any, backend: Backend, config: Any, app: Any, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.budgets", "writer")
    backend.on("/api/chat", NdjsonStream(LAST))
    for _ in range(2):
        assert (await status(connect)).status == 200
    app.books.budgets._spent.clear()  # as in a new process
    await app.books.start()
    assert (await status(connect)).status == 429


def test_two_holders_of_one_name_have_one_series() -> None:
    now = datetime(2030, 1, 31, tzinfo=UTC)
    budgets = Budgets(now.timestamp)
    budgets.apply({"*": BudgetEntry(tokens_per_day=10)}, 0.8)
    today = now.date().isoformat()
    budgets.take_up([("token ann", "ann", today, 5, 0), ("jwt ann", "ann", today, 8, 0)])
    [family] = budgets.collect()
    shown = [(sample.labels["credential"], sample.value) for sample in family.samples]
    assert shown == [("ann", 0.8)]
