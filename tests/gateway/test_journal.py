"""The journal: every unit of work ends in exactly one record, whatever its way in and its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tornado_ollama.dispatch.ask import Caller
from tornado_ollama.dispatch.journal import Charge, Journal, Record, one_by_one
from tornado_ollama.dispatch.usage import Usage
from tornado_ollama.handlers.in_flight import InFlightHandler
from tornado_ollama.wire.parties import NOBODY

from ..backend import (
    Backend,
    CutMidLine,
    NdjsonStream,
    Reply,
    StallBeforeHeaders,
    StallMidLine,
    load,
)
from ..waiting import until
from .busy import ONE, Busy, waiting
from .keys import BOTH, SECURED, bearer, signed
from .sockets import socket

Records = list[Record]

MESSAGES = [{"role": "user", "content": "x"}]
CHAT = {"model": "smollm2", "messages": MESSAGES}
LAST = {
    "model": "smollm2:latest",
    "message": {"role": "assistant", "content": "Hi"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 5,
    "prompt_eval_cached_count": 4,
    "eval_count": 7,
    "load_duration": 10**9,
}


@pytest.fixture
def records(app: Any) -> Records:
    records: Records = []
    app.deps.process.journal._sinks += (records.append,)
    return records


@pytest.fixture
def ended(records: Records) -> Callable[..., Any]:
    async def ended(count: int = 1) -> Records:
        await until(lambda: len(records) >= count, f"{count} units have ended")
        assert len(records) == count
        return records

    return ended


def body(**fields: Any) -> bytes:
    return json.dumps({**CHAT, **fields}).encode()


def counts(record: Record) -> tuple[int, int, int]:
    usage = record.usage
    return usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens


@pytest.mark.gen_test
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("path", "dialect"), [("/api/chat", "native"), ("/v1/chat/completions", "openai")]
)
async def test_a_request_is_one_record(
    connect: Any, backend: Backend, ended: Any, path: str, dialect: str, whole: bool
) -> None:
    backend.on("/api/chat", Reply(json.dumps(LAST).encode()) if whole else NdjsonStream(LAST))
    asked = body(stream=not whole)
    response = await (await connect()).request("POST", path, (), asked)
    assert response.status == 200
    [record] = await ended()
    assert (record.dialect, record.path, record.outcome) == (dialect, path, "ok")
    assert (record.received, record.sent) == (len(asked), len(response.body))
    assert (record.model, record.usage.model) == ("smollm2", "smollm2:latest")
    assert (counts(record), record.usage.load_s) == ((5, 4, 7), 1.0)


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [{"models": {"aliases": {"gpt": "smollm2"}}}])
@pytest.mark.parametrize("stream", [True, False])
async def test_the_choices_of_a_request_are_summed(
    connect: Any, backend: Backend, ended: Any, config: Any, stream: bool
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST) if stream else Reply(json.dumps(LAST).encode()))
    asked = body(model="gpt", n=3, stream=stream)
    await (await connect()).request("POST", "/v1/chat/completions", (), asked)
    [record] = await ended()
    assert (record.model, counts(record)) == ("gpt", (15, 12, 21))


@pytest.mark.gen_test
async def test_chats_and_requests_on_a_socket_are_records_and_so_is_the_socket(
    backend: Backend, http_server: Any, http_port: int, ended: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await ws.until("done")
        await ws.send({"text": "hello", "model": "smollm2"})
        await ws.until("done")
        request = {"type": "request", "id": "3", "method": "POST", "path": "/api/chat"}
        await ws.send({**request, "body": CHAT})
        await ws.until("end")
    records = await ended(4)
    units = [(record.method, record.path, record.status) for record in records]
    chat = ("CHAT", "/ws", 200)
    assert units == [chat, chat, ("POST", "/api/chat", 200), ("GET", "/ws", 101)]
    assert [counts(record) for record in records] == [(5, 4, 7)] * 3 + [(0, 0, 0)]
    assert [record.model for record in records] == ["smollm2"] * 3 + [None]


@pytest.mark.gen_test
async def test_a_resumable_chat_is_one_record(
    backend: Backend, http_server: Any, http_port: int, ended: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", "resumable": True, **CHAT})
        await ws.until("done")
    assert counts((await ended(2))[0]) == (5, 4, 7)


@pytest.mark.gen_test
async def test_a_cut_stream_counts_what_was_seen(
    connect: Any, backend: Backend, ended: Any
) -> None:
    backend.on("/api/chat", CutMidLine(lines=2))
    await (await connect()).request("POST", "/api/chat", (), body())
    [record] = await ended()
    assert (record.status, record.outcome) == (200, "upstream_broken")
    assert record.usage.completion_tokens == 2


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("behaviour", "status"), [(StallBeforeHeaders(), 499), (StallMidLine(), 200)]
)
async def test_a_client_that_leaves_is_one_record(
    connect: Any, backend: Backend, ended: Any, behaviour: Any, status: int
) -> None:
    backend.on("/api/chat", behaviour)
    client = await connect()
    await client.send_request("POST", "/api/chat", (), body())
    await backend.next_request()
    if status == 200:
        await client.read_chunk(await client.read_head())
    client.leave()
    [record] = await ended()
    assert (record.status, record.outcome, record.model) == (status, "client left", "smollm2")


@pytest.mark.gen_test
async def test_a_cancelled_chat_is_one_record(
    backend: Backend, http_server: Any, http_port: int, ended: Any
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    async with socket(http_port) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await backend.next_request()
        await ws.send({"type": "cancel", "id": "1"})
        await ws.until("done")
        [record] = await ended()
        assert (record.status, record.outcome) == (499, "cancelled")


@pytest.mark.gen_test
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (lambda app, ws: ws.leave(), "client left"),
        (lambda app, ws: [request.revoke() for request in app.in_flight], "revoked"),
        (lambda app, ws: [request.drain(now=True) for request in app.in_flight], "shut down"),
    ],
    ids=["client left", "revoked", "shut down"],
)
async def test_a_chat_tells_why_it_ended(
    app: Any,
    backend: Backend,
    http_server: Any,
    http_port: int,
    ended: Any,
    end: Any,
    outcome: str,
    text: bool,
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    async with socket(http_port) as ws:
        await ws.send({"text": "x", "model": "m"} if text else {"type": "chat", "id": "1", **CHAT})
        await backend.next_request()
        end(app, ws)
        [chat] = [record for record in await ended(2) if record.method == "CHAT"]
    assert (chat.status, chat.outcome) == (499, outcome)


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [ONE], ids=["one"])
async def test_the_wait_is_told(
    connect: Any, app: Any, backend: Backend, ended: Any, config: Any
) -> None:
    busy = Busy(app)
    served, left = await connect(), await connect()
    await served.send_request("POST", "/api/chat", (), body())
    await waiting(app, 1)
    await left.send_request("POST", "/api/chat", (), body())
    await waiting(app, 2)
    left.leave()
    await waiting(app, 1)
    busy.over()
    await served.read_response()
    assert all(record.usage.queued_s > 0 for record in await ended(2))


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("behaviour", "tokens"),
    [
        (Reply(b"<html>\n" * 300, status=502), 0),
        (Reply(b'{"error":"model not found"}', status=404), 0),
        (NdjsonStream({"message": {"content": "a"}}, {"error": "boom"}), 1),
    ],
    ids=["page", "refusal", "error line"],
)
async def test_an_error_costs_nothing(
    connect: Any, backend: Backend, ended: Any, behaviour: Any, tokens: int
) -> None:
    backend.on("/api/chat", behaviour)
    await (await connect()).request("POST", "/api/chat", (), body())
    [record] = await ended()
    assert record.usage.completion_tokens == tokens


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "asked",
    [
        body() + b" x",
        body().replace(b'"model"', b'"MODEL"'),
        body()[:-1] + b',"a\xff":1}',
        b'{"model":"other",' + body()[1:],
    ],
)
async def test_the_model_is_known_where_ollama_would_know_it(
    connect: Any, backend: Backend, ended: Any, asked: bytes
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    await (await connect()).request("POST", "/api/chat", (), asked)
    [record] = await ended()
    assert (record.model, counts(record)) == ("smollm2", (5, 4, 7))


@pytest.mark.gen_test
async def test_more_keys_than_anybody_sends_are_refused(connect: Any, backend: Backend) -> None:
    asked = json.dumps(CHAT | {f"k{number}": 1 for number in range(1001)}).encode()
    response = await (await connect()).request("POST", "/api/chat", (), asked)
    assert response.status == 400 and not backend.exchanges


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_two_of_one_name_are_two_callers(
    connect: Any, backend: Backend, ended: Any, config: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(LAST))
    long = "x" * 64
    for token in (BOTH, *map(lambda sub: signed(sub=sub), ("chief", "chief\a", long, long + "y"))):
        await (await connect()).request("POST", "/api/chat", [bearer(token)], body())
    assert len({record.caller for record in await ended(5)}) == 5


@pytest.mark.gen_test
async def test_an_embedding_counts_its_prompt(connect: Any, backend: Backend, ended: Any) -> None:
    recorded = load("embed-single")
    await (await connect()).request("POST", "/api/embed", (), recorded.request_body)
    [record] = await ended()
    assert record.usage.prompt_tokens == json.loads(recorded.body)["prompt_eval_count"]


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [ONE], ids=["one"])
async def test_a_credential_that_is_withdrawn_between_two_choices_asks_for_no_more(
    connect: Any,
    backend: Backend,
    ended: Any,
    config: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_usage = InFlightHandler.add_usage

    def and_withdraw(handler: InFlightHandler, usage: Usage) -> None:
        add_usage(handler, usage)
        asyncio.get_running_loop().call_soon(handler.revoke)  # the line itself is passed on

    monkeypatch.setattr(InFlightHandler, "add_usage", and_withdraw)
    backend.on("/api/chat", NdjsonStream(LAST))
    client = await connect()
    await client.send_request("POST", "/v1/chat/completions", (), body(stream=True, n=3))
    response = await client.read_response()
    assert not response.complete and b"[DONE]" not in response.body
    assert len(backend.exchanges) == 1
    assert (await ended())[0].outcome == "revoked"


def record(**fields: Any) -> Record:
    known: dict[str, Any] = {
        "client": "192.0.2.1",
        "request_id": "1",
        "caller": "token ci",
        "credential": "ci",
        "method": "POST",
        "path": "/api/chat",
        "route": "/api/chat",
        "dialect": "native",
        "status": 200,
        "received": 1,
        "sent": 1,
        "first_byte_s": None,
        "duration_s": 0.1,
        "outcome": "ok",
    }
    return Record(**{**known, **fields})


@pytest.mark.parametrize(
    ("model", "told"),
    [("llama3:8b", "llama3:8b"), ("hf.co/a/b:Q4", "hf.co/a/b:Q4"), (None, None)]
    + [(odd, "-") for odd in ("", "a prompt", "a\nb", "x" * 201, "caf\u00e9")],
)
def test_a_model_that_may_be_anything_else_is_not_told(model: str | None, told: str | None) -> None:
    told_of = record(model=model, usage=Usage(model=model))
    assert (told_of.model, told_of.usage.model) == (told, told)


def test_a_charge_names_a_model_as_a_record_does() -> None:
    charges: list[Charge] = []
    journal = Journal(charges=(charges.append,))
    for model in ("llama3:8b", "a prompt", "eyJ0", None):
        journal.charge(Caller(None, "192.0.2.1"), Usage(model), NOBODY, first=True)
    assert [charge.usage.model for charge in charges] == ["llama3:8b", "-", "-", None]


def test_a_sink_that_fails_keeps_no_other_from_its_record(expect_log: Any) -> None:
    expect_log("tornado_ollama.dispatch.journal", "sink")

    def fails(record: Record) -> None:
        raise ValueError

    records: Records = []
    told: Records = []
    Journal(fails, records.append, told=(one_by_one(fails), told.extend)).write(record())
    assert len(records) == len(told) == 1


@pytest.mark.gen_test
async def test_who_is_only_told_gets_records_in_batches_and_whoever_counts_at_once() -> None:
    counted: Records = []
    told: Records = []
    batches: list[Sequence[Record]] = []
    sinks = one_by_one(told.append), batches.append
    journal = Journal(counted.append, told=sinks, gather_s=0.001)
    records = [record(request_id=str(number)) for number in range(3)]
    for made in records[:2]:
        journal.write(made)
    assert counted == records[:2] and not told
    journal.flush()  # somebody reads what is counted
    assert told == records[:2]
    journal.write(records[2])
    await until(lambda: told == records, "the batch is handed over by itself")
    journal.flush()
    assert told == records and batches == [records[:2], records[2:]]
