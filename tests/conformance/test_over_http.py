"""Every conformance case through the running gateway, credentials and methods included."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend import Backend, Reply, Stream, json_reply
from tests.backend.server import Exchange

from .cases import Case, events, load, mismatches, present

TOKEN = "canary-conformance-4b8c1d7e2f6a9053"
CASES = load()

cases = pytest.mark.parametrize(
    ("case", "config"),
    [
        (case, {"auth": {"generate_tokens": [TOKEN]}, "models": {"aliases": case.aliases}})
        for case in CASES
    ],
    ids=[case.id for case in CASES],
)


class Answer:
    """Ollama's side of a case: NDJSON in pieces that ignore the lines."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.replies = iter(case.upstream_bodies)

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        body = next(self.replies)
        asked_stream = bool(exchange.body) and exchange.json().get("stream")
        if asked_stream and self.case.upstream_status == 200:
            await Stream(*(body[at : at + 13] for at in range(0, len(body), 13)))(exchange)
        else:
            kind = "text/plain" if body == b"404 page not found" else "application/json"
            await Reply(body, self.case.upstream_status, kind)(exchange)


@cases
@pytest.mark.gen_test
async def test_case(case: Case, connect: Any, backend: Backend) -> None:
    backend.on("*", Answer(case))
    backend.on("/api/ps", json_reply({"models": []}))  # lists of models ask for windows besides
    headers = [("Authorization", f"Bearer {TOKEN}")]
    if case.headers is not None:
        headers = list(case.headers.items())
    body = json.dumps(case.request).encode() if case.method == "POST" else None
    response = await (await connect()).request(case.method, case.path, headers, body)
    assert response.status == case.expect_status
    assert response.complete
    assert response.header("x-request-id")
    kind = response.header("content-type") or ""
    streams = isinstance(case.expect_reply, list)
    assert kind.startswith("text/event-stream" if streams else "application/json")
    reply = events(case.path, response.body) if streams else response.json()
    assert not mismatches(case.expect_reply, reply)
    exchanges = [exchange for exchange in backend.exchanges if exchange.path != "/api/ps"]
    assert len(exchanges) == len(case.upstream_requests)
    sent: Any = None
    for exchange, wanted in zip(exchanges, case.upstream_requests, strict=True):
        assert (exchange.method, exchange.path) == (wanted["method"], wanted["path"])
        sent = exchange.json() if exchange.body else {}
        assert not mismatches(wanted["body"], sent)
    assert not present(case.expect_absent, sent, reply)
    for name in case.expect_headers or ():
        assert response.header(name)
