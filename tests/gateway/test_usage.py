"""`/usage`: what was used, by whom, and that nothing of it is lost."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama import cli
from tornado_ollama.dispatch.journal import Charge
from tornado_ollama.dispatch.usage import Usage
from tornado_ollama.errors import StoreFailed
from tornado_ollama.stores.database import FILE_NAME
from tornado_ollama.stores.usage import COUNTS
from tornado_ollama.telemetry import labels
from tornado_ollama.wire.parties import NOBODY

from ..backend import Backend, NdjsonStream, Reply, StallMidLine
from ..process import GatewayProcess
from ..raw_client import RawConnection
from ..waiting import until
from .keys import BOTH, GENERATE, MANAGE, SECURED, bearer, signed
from .sockets import socket
from .test_metrics import CHAT, LAST, samples, scrape, total

secured = pytest.mark.parametrize("config", [SECURED], ids=["secured"])

BODY = json.dumps(CHAT).encode()


@pytest.fixture
def usage(connect: Any) -> Callable[..., Any]:
    async def usage(query: str = "", token: str = BOTH) -> list[dict[str, Any]]:
        response = await (await connect()).request("GET", f"/usage?{query}", [bearer(token)])
        assert response.status == 200, response
        rows: list[dict[str, Any]] = response.json()["rows"]
        return rows

    return usage


async def chat(connect: Any, token: str, *headers: tuple[str, str], **fields: Any) -> None:
    body = json.dumps({**CHAT, **fields}).encode()
    asked = await (await connect()).request("POST", "/api/chat", [bearer(token), *headers], body)
    assert asked.status == 200


@pytest.mark.gen_test
@secured
async def test_everybody_sees_what_is_his_and_who_manages_sees_all(
    connect: Any, backend: Backend, config: Any, usage: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    for token in (GENERATE, GENERATE, BOTH, signed(sub="ann"), signed(sub="bob")):
        await chat(connect, token)
    row = {
        "credential": "writer",
        "model": "smollm2:latest",
        "requests": 2,
        "input_tokens": 10,
        "cached_tokens": 8,
        "output_tokens": 14,
        "load_seconds": 2,
        "prompt_seconds": 4,
        "completion_seconds": 6,
    }
    assert await usage(token=GENERATE) == [row]
    assert [r["requests"] for r in await usage(token=signed(sub="ann"))] == [1]
    everybody = await usage(token=MANAGE)
    names = ["ann", "bob", "chief", "writer"]
    assert [(r["credential"], r["requests"]) for r in everybody] == list(
        zip(names, (1, 1, 1, 2), strict=True)
    )
    client = await connect()
    assert (await client.request("GET", "/usage")).status == 401


@pytest.mark.gen_test
@secured
async def test_what_is_asked_by_and_when(
    connect: Any, backend: Backend, config: Any, usage: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    await chat(connect, BOTH)
    today = datetime.now(UTC).date()
    [row] = await usage("by=day,model")
    assert (row["day"], row["model"]) == (today.isoformat(), "smollm2:latest")
    [row] = await usage("by=")
    assert set(row) == set(COUNTS)
    assert await usage(f"from=2001-01-01&to={today - timedelta(days=1)}") == []
    client = await connect()
    for wrong in (
        "by=caller",
        "from=yesterday",
        "to=2001-01-01",
        "format=xml",
        "x=1",
        "by=day;DROP",
        "&".join(f"x{number}=1" for number in range(21)),
    ):
        refused = await client.request("GET", f"/usage?{wrong}", [bearer(BOTH)])
        assert refused.status == 400, wrong


@pytest.mark.gen_test
@secured
async def test_csv(connect: Any, backend: Backend, config: Any) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    await chat(connect, signed(sub="=cmd()"))
    answer = await (await connect()).request("GET", "/usage?format=csv", [bearer(BOTH)])
    assert answer.header("Content-Type").startswith("text/csv")
    head, row = csv.reader(answer.body.decode().splitlines())
    assert head == ["credential", "model", *COUNTS]
    assert row[:3] == ["'=cmd()", "smollm2:latest", "1"]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "config", [SECURED | {"usage": {"trust_user_headers": ["writer"]}}], ids=["secured"]
)
async def test_sessions_and_trusted_people_are_told_apart(
    connect: Any, backend: Backend, config: Any, usage: Any, tmp_path: Path
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    user = ("X-OpenWebUI-User-Email", "ann@example.com")
    await chat(connect, GENERATE, ("X-Claude-Code-Session-Id", "s1"), user)
    await chat(connect, GENERATE, ("session-id", "s2"), user)
    other = (user[0], "bob@example.com")
    await chat(connect, BOTH, ("X-OpenWebUI-Chat-Id", "s3"), other)  # not trusted with it
    rows = await usage("by=credential,session,user")
    assert [(row["credential"], row["session"], row["user"]) for row in rows] == [
        ("chief", "s3", ""),
        ("writer", "s1", "ann@example.com"),
        ("writer", "s2", "ann@example.com"),
    ]
    assert not any(b"bob@" in file.read_bytes() for file in (tmp_path / "state").iterdir())


@pytest.mark.gen_test
@secured
async def test_sessions_of_a_day_are_bounded(
    connect: Any, backend: Backend, config: Any, usage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MAX_PARTIES", 2)
    backend.on("/api/chat", NdjsonStream(LAST))
    for number in range(5):
        await chat(connect, BOTH, ("session-id", f"s{number}"))
    rows = await usage("by=session")
    assert [(row["session"], row["requests"]) for row in rows] == [
        ("other", 3),
        ("s0", 1),
        ("s1", 1),
    ]


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED | {"usage": {"keep_days": 0}}], ids=["off"])
async def test_accounts_can_be_off(
    connect: Any, config: Any, backend: Backend, tmp_path: Path, app: Any
) -> None:
    await app.start()
    backend.on("/api/chat", NdjsonStream(LAST))
    await chat(connect, BOTH)
    answer = await (await connect()).request("GET", "/usage", [bearer(BOTH)])
    assert answer.status == 404
    assert not (tmp_path / "state").exists()


@pytest.mark.gen_test
@secured
async def test_a_scrape_agrees_with_the_log_and_with_usage(
    connect: Any, http_port: int, backend: Backend, config: Any, usage: Any, app: Any
) -> None:
    records: list[Any] = []
    app.deps.process.journal._sinks += (records.append,)
    client = await connect()

    async def ask(path: str, **fields: Any) -> None:
        body = json.dumps({**CHAT, **fields}).encode()
        await client.request("POST", path, [bearer(GENERATE)], body)

    backend.on("/api/chat", NdjsonStream(LAST))
    await ask("/api/chat")
    await ask("/v1/chat/completions", n=3)
    await ask("/v1/chat/completions", n=2, stream=True)
    await ask("/v1/messages", max_tokens=9)
    async with socket(http_port, headers=[bearer(BOTH)]) as ws:
        for id in ("1", "2"):
            await ws.send({"type": "chat", "id": id, **CHAT})
            await ws.until("done")
        request = {"type": "request", "id": "3", "method": "POST", "path": "/api/chat"}
        await ws.send({**request, "body": CHAT})
        await ws.until("end")
    await ask("/api/embed", input="x")
    backend.on("/api/chat", Reply(b'{"error":"no such model"}', 404))
    await ask("/api/chat", model="nothing")
    backend.on("/api/chat", StallMidLine())
    leaver = await connect()
    await leaver.send_request("POST", "/api/chat", [bearer(GENERATE)], BODY)
    await backend.next_request("/api/chat")
    await asyncio.sleep(0.05)
    leaver.leave()
    await until(lambda: len(records) >= 11, "all units have ended")

    text, rows = await scrape(connect), await usage("by=credential,model")
    ran = [record for record in records if record.usage.runs]
    assert len(ran) == 10
    for names, count in {
        ("requests", "tornado_ollama_model_requests_total", ""): len(ran),
        ("input_tokens", "tornado_ollama_tokens_total", "input"): sum(
            record.usage.prompt_tokens for record in ran
        ),
        ("output_tokens", "tornado_ollama_tokens_total", "output"): sum(
            record.usage.completion_tokens for record in ran
        ),
        ("cached_tokens", "tornado_ollama_cached_tokens_total", ""): sum(
            record.usage.cached_tokens for record in ran
        ),
    }.items():
        column, metric, kind = names
        kinds = {"gen_ai_token_type": kind} if kind else {}
        assert total(text, metric, **kinds) == count == sum(row[column] for row in rows)
        for row in rows:
            pair = {
                "credential": row["credential"],
                "gen_ai_response_model": row["model"],
                **kinds,
            }
            assert total(text, metric, **pair) == row[column]
    everything = sum(s.value for s in samples(text) if s.name == "tornado_ollama_requests_total")
    assert everything == len(records) - 2  # which are the two questions


@pytest.mark.gen_test
@secured
async def test_a_locked_database_stops_no_request(
    connect: Any,
    backend: Backend,
    config: Any,
    usage: Any,
    tmp_path: Path,
    expect_log: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tornado_ollama.stores.database.BUSY_S", 0.01)
    expect_log("tornado_ollama.telemetry.accounts", "cannot be used: another program has locked it")
    expect_log("tornado_ollama.identity.stored", "another program has locked it", optional=True)
    backend.on("/api/chat", NdjsonStream(LAST))
    await chat(connect, BOTH)
    await usage()
    blocker = sqlite3.connect(tmp_path / "state" / FILE_NAME)
    blocker.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        await chat(connect, BOTH)
    client = await connect()
    assert (await client.request("GET", "/usage", [bearer(BOTH)])).status == 503
    health = (await client.request("GET", "/health", [bearer(BOTH)])).json()
    assert "locked" in health["accounts_error"]
    assert total(await scrape(connect), "tornado_ollama_accounts_failing") == 1
    blocker.close()
    [row] = await usage()
    assert row["requests"] == 4
    assert total(await scrape(connect), "tornado_ollama_accounts_failing") == 0


@pytest.mark.gen_test
@secured
async def test_a_full_disk_stops_no_request(
    connect: Any, backend: Backend, config: Any, usage: Any, app: Any, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.accounts", "the disk is full")
    backend.on("/api/chat", NdjsonStream(LAST))
    await chat(connect, BOTH)
    await usage()
    database = app.books.accounts._database

    def pages(count: int) -> Any:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {count}").fetchall()

    await database.run(pages(1))  # as many as there are
    for number in range(50):
        await chat(connect, BOTH, ("session-id", f"{number:064}"))
    await app.books.accounts.flush()
    assert "full" in app.books.accounts.failure
    with pytest.raises(StoreFailed):
        await app.books.accounts.ask("2001-01-01", "2001-01-01", (), None)
    await database.run(pages(10_000))
    [row] = await usage()
    assert row["requests"] == 51


@pytest.mark.gen_test
@secured
async def test_what_is_old_is_forgotten(
    connect: Any, backend: Backend, config: Any, usage: Any, app: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    long_ago = datetime.now(UTC).timestamp() - 401 * 86400
    used = Usage("m", 9, 0, 9, runs=1)
    app.books.accounts.charge(Charge(long_ago, "token both", "both", NOBODY, True, used))
    await chat(connect, BOTH)
    assert len(await usage("from=2001-01-01&by=day")) == 2
    await app.books.accounts._forget()
    assert len(await usage("from=2001-01-01&by=day")) == 1


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_kill_loses_no_answer_that_was_completed(
    gateway_process: Any, backend: Backend, config: Any, config_file: Path, capsys: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    completed = 0

    async def ask(port: int) -> None:
        nonlocal completed
        client = await RawConnection(port).open()
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                answer = await client.request("POST", "/api/chat", [bearer(GENERATE)], BODY)
                completed += answer.complete
        client.leave()

    for _ in range(2):
        process: GatewayProcess = await gateway_process()
        clients = [asyncio.create_task(ask(process.port)) for _ in range(4)]
        wanted = completed + 30
        await until(lambda: completed >= wanted, "answers have come")  # noqa: B023
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.gather(*clients)
        await process.wait()
    process = await gateway_process()
    client = await RawConnection(process.port).open()
    answer = await client.request("GET", "/usage", [bearer(MANAGE)])
    [row] = answer.json()["rows"]
    client.leave()
    assert completed <= row["requests"] <= len(backend.requests("/api/chat"))
    assert row["input_tokens"] == 5 * row["requests"]

    assert cli.main(["usage", "--config", str(config_file), "--by", "credential"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["credential", "requests"]
    assert line.split()[:2] == ["writer", str(row["requests"])]
