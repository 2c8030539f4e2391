"""One line a request, and in no line what must not be there (docs/operations.md, Log)."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from tornado_ollama.logs import JsonFormatter

from ..backend import Backend, CutMidLine, StallBeforeHeaders, StallMidLine
from ..waiting import until
from .keys import ALL, BOTH, GENERATE, JWT_SECRET, SECURED, UNKNOWN, bearer, signed

pytestmark = pytest.mark.gen_test

LOGGER = "tornado_ollama.access"
PROMPT = "canary-prompt-d4e5f6"
CHAT = b'{"model":"smollm2","messages":[{"role":"user","content":"%b"}]}' % PROMPT.encode()
PROMPT_AS_MODEL = b'{"model":"Say %b","input":"x"}' % PROMPT.encode()

JSON_LOG = {"log": {"format": "json"}}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """The access log so far, as messages."""
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records if record.name == LOGGER]


async def test_a_request_is_one_line_with_all_that_matters(
    connect: Any, backend: Backend, lines: Any
) -> None:
    headers = [("X-Request-Id", "abc-1")]
    response = await (await connect()).request("POST", "/api/chat", headers, CHAT)
    await until(lambda: len(lines()) == 1, "the line is written")
    (line,) = lines()
    for part in ("127.0.0.1", "abc-1", "POST", "/api/chat", " 200 "):
        assert part in line
    assert re.search(rf"\b{len(response.body)}B?\b", line)
    assert len(re.findall(r"\d+(\.\d+)?ms", line)) == 2  # first byte, and all


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_a_credential_is_logged_by_its_name(connect: Any, lines: Any, config: Any) -> None:
    client = await connect()
    await client.request("GET", "/api/tags", [bearer(BOTH)])
    await client.request("GET", "/api/tags", [bearer(signed(sub="alice"))])
    await client.request("GET", "/api/tags", [bearer(UNKNOWN)])
    await until(lambda: len(lines()) == 3, "the lines are written")
    assert "chief" in lines()[0]
    assert "alice" in lines()[1]
    assert " 401 " in lines()[2]


@pytest.mark.parametrize("config", [SECURED, SECURED | JSON_LOG], ids=["text", "json"])
async def test_no_secret_prompt_or_reply_is_in_any_line(
    connect: Any, backend: Backend, caplog: pytest.LogCaptureFixture, config: Any, lines: Any
) -> None:
    token = signed()
    backend.on("/api/generate", CutMidLine())
    requests = [
        ("POST", "/api/chat", [bearer(GENERATE)], CHAT),
        ("POST", "/api/chat", [bearer(UNKNOWN)], CHAT),
        ("POST", "/api/generate", [bearer(BOTH)], CHAT),
        ("POST", "/v1/chat/completions", [("X-API-Key", GENERATE)], CHAT),
        ("POST", "/v1/chat/completions", [("X-API-Key", GENERATE)], CHAT + b"!"),
        ("POST", "/api/chat", [bearer(GENERATE)], PROMPT_AS_MODEL),
        ("POST", "/v1/embeddings", [bearer(BOTH)], PROMPT_AS_MODEL),
        ("GET", f"/api/tags?token={BOTH}&api_key={GENERATE}", [bearer(token)], None),
        ("GET", f"/nope?token={BOTH}", [("Authorization", f"Basic {GENERATE}")], None),
        ("GET", "/api/tags", [("Cookie", f"t={BOTH}"), bearer(JWT_SECRET)], None),
        ("GET", "/api/tags", [bearer(GENERATE), ("X-API-Key", BOTH)], None),
    ]
    for method, target, headers, body in requests:
        await (await connect()).request(method, target, headers, body)
    await until(lambda: len(lines()) == len(requests), "every request is logged")
    forms = (logging.Formatter(), JsonFormatter())
    whole = "\n".join(form.format(record) for form in forms for record in caplog.records)
    for secret in (*ALL, token, PROMPT, "token="):
        assert secret not in whole


@pytest.mark.parametrize("config", [JSON_LOG], ids=["json"])
async def test_json_lines_can_be_read_by_machines(
    connect: Any, caplog: pytest.LogCaptureFixture, config: Any, lines: Any
) -> None:
    await (await connect()).request("POST", "/api/chat", [("X-Request-Id", "abc-1")], CHAT)
    await until(lambda: len(lines()) == 1, "the line is written")
    (record,) = [record for record in caplog.records if record.name == LOGGER]
    fields = json.loads(JsonFormatter().format(record))
    assert fields["request_id"] == "abc-1"
    assert (fields["method"], fields["path"], fields["status"]) == ("POST", "/api/chat", 200)
    assert fields["bytes"] > 0
    assert fields["duration_ms"] >= fields["first_byte_ms"] >= 0


@pytest.mark.parametrize(
    "target", [b"/a%0d%0aFAKE", b"/a%1b[31m", b"/\xff\xfe", b"/" + b"a" * 5000, b"/a%20200%20b"]
)
async def test_no_target_can_fake_a_line(
    connect: Any, caplog: pytest.LogCaptureFixture, target: bytes, lines: Any
) -> None:
    client = await connect()
    await client.send(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await client.read_head()
    await until(lambda: len(lines()) == 1, "the line is written")
    (line,) = lines()
    assert line.isascii() and line.isprintable()
    assert len(line) < 1000


TOKEN = "canary-target-1a2b3c"


@pytest.mark.parametrize("config", [{}, JSON_LOG], ids=["text", "json"])
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"GET http://user:{TOKEN}@host/api/tags", " GET - 400 "),
        (f"GET //user:{TOKEN}@host/api/tags", " GET /***@host/api/tags 404 "),
        (f"GET /api/{TOKEN}/../tags", " GET - 400 "),
        (f"GET {TOKEN}", " GET - 400 "),
        (f"GET /user:{TOKEN}@host/api/tags", " GET /***@host/api/tags 404 "),
        (f"GET /a/user@{TOKEN}:x@host", " GET /a/***@host 404 "),
        (f"GET /k/{TOKEN}/api/tags", " GET /k/***/api/tags 404 "),
        (f"GET /k/{TOKEN}", " GET /k/*** 404 "),
        (f"{TOKEN} /api/tags", " - /api/tags 405 "),
    ],
)
async def test_what_a_refused_target_holds_is_not_logged(
    connect: Any, lines: Any, line: str, shown: str, config: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = await connect()
    await client.send(f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    response = await client.read_response()
    await until(lambda: len(lines()) == 1, "the line is written")
    assert shown in lines()[0]
    (record,) = [record for record in caplog.records if record.name == LOGGER]
    assert TOKEN not in JsonFormatter().format(record)
    assert TOKEN.encode() not in response.body


async def test_a_client_that_left_is_said_to_have_left(
    connect: Any, backend: Backend, lines: Any
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    await backend.next_request("/api/chat")
    client.leave()
    await until(lambda: len(lines()) == 1, "the line is written")
    assert lines()[0].endswith(" client left")
    assert " 499 0B first=- " in lines()[0]


def fields(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The only line, in its JSON form."""
    from tornado_ollama.logs import JsonFormatter

    (record,) = [record for record in caplog.records if record.name == LOGGER]
    found = json.loads(JsonFormatter().format(record))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/audio/transcriptions"])
@pytest.mark.parametrize("why", ["client left", "revoked", "shut down"])
async def test_nobody_has_seen_a_status_that_was_never_sent(
    connect: Any, backend: Backend, app: Any, caplog: Any, lines: Any, path: str, why: str
) -> None:
    backend.on("*", StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", path, body=CHAT)
    await backend.next_request()
    if why == "client left":
        client.leave()
    for request in app.in_flight:
        if why == "revoked":
            request.revoke()
        elif why == "shut down":
            request.drain(now=True)
    await until(lambda: len(lines()) == 1, "the line is written")
    line = fields(caplog)
    assert (line["status"], line["bytes"], line["first_byte_ms"]) == (499, 0, None)
    assert line["outcome"] == why


async def test_who_leaves_in_the_middle_of_its_body_has_seen_no_status(
    connect: Any, caplog: Any, lines: Any
) -> None:
    client = await connect()
    await client.send_request("POST", "/api/chat", [("Content-Length", "100")])
    await client.send(b"{")
    client.leave()
    await until(lambda: len(lines()) == 1, "the line is written")
    assert (fields(caplog)["status"], fields(caplog)["outcome"]) == (499, "client left")


async def test_who_leaves_before_a_request_it_had_sent_already_has_seen_no_status(
    connect: Any, backend: Backend, lines: Any
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    client = await connect()
    await client.send_request("POST", "/api/chat", body=CHAT)
    await backend.next_request("/api/chat")
    await client.send_request("GET", "/health/live")
    client.leave()
    await until(lambda: len(lines()) >= 1, "the line is written")
    assert all(" 499 0B first=- " in line and line.endswith(" client left") for line in lines())


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_who_leaves_in_the_middle_of_a_reply_has_seen_its_status(
    connect: Any, backend: Backend, caplog: Any, lines: Any, path: str
) -> None:
    backend.on("/api/chat", StallMidLine())
    client = await connect()
    await client.send_request("POST", path, body=CHAT[:-1] + b',"stream":true}')
    await client.read_chunk(await client.read_head())
    client.leave()
    await until(lambda: len(lines()) == 1, "the line is written")
    line = fields(caplog)
    assert (line["status"], line["outcome"]) == (200, "client left")
    assert line["bytes"] > 0 and line["first_byte_ms"] is not None


async def test_a_broken_stream_is_not_logged_as_good(
    connect: Any, backend: Backend, lines: Any
) -> None:
    backend.on("/api/chat", CutMidLine())
    await (await connect()).request("POST", "/api/chat", (), CHAT)
    await until(lambda: len(lines()) == 1, "the line is written")
    assert not lines()[0].endswith(" ok")
    assert "upstream_broken" in lines()[0]
