"""Images by URL: fetched where the operator allows it, and never from inside the network."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tornado.netutil import DefaultLoopResolver

from tests.backend import (
    Backend,
    GarbageStatusLine,
    HugeHeaders,
    Reply,
    Reset,
    StallBeforeHeaders,
    WrongContentLength,
    json_reply,
)
from tornado_ollama.handlers import remote_images
from tornado_ollama.wire.chat import image_urls

pytestmark = [
    pytest.mark.gen_test,
    pytest.mark.parametrize("config", [{"openai": {"fetch_images": True}}], ids=["allowed"]),
]

PNG = b"\x89PNG\r\n\x1a\nfake"
WHOLE = {"message": {"role": "assistant", "content": "an owl"}, "done": True}


def chat(*urls: str) -> bytes:
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode()


async def ask(connect: Any, *urls: str) -> Any:
    return await (await connect()).request("POST", "/v1/chat/completions", (), chat(*urls))


@pytest.fixture
def _any_port(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    monkeypatch.setattr(image_urls, "_PORTS", (backend.port,))


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch, _any_port: None) -> None:
    """The backend is the image server too; its address is taken for a public one."""
    monkeypatch.setattr(image_urls, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.usefixtures("_trusting")
async def test_images_arrive_in_their_places(connect: Any, backend: Backend, config: Any) -> None:
    backend.on("/api/chat", json_reply(WHOLE))
    backend.on("/a.png", Reply(PNG + b"a", content_type="image/png"))
    backend.on("/b.png", Reply(PNG + b"b", content_type="image/png"))
    inline = "data:image/png;base64," + base64.b64encode(PNG).decode()
    response = await ask(connect, f"{backend.url}/a.png", inline, f"{backend.url}/b.png")
    assert response.status == 200
    [exchange] = backend.requests("/api/chat")
    images = exchange.json()["messages"][0]["images"]
    assert [base64.b64decode(image) for image in images] == [PNG + b"a", PNG, PNG + b"b"]


@pytest.mark.usefixtures("_trusting")
async def test_nothing_of_the_clients_reaches_the_image_server(
    connect: Any, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", json_reply(WHOLE))
    backend.on("/a.png", Reply(PNG, content_type="image/png"))
    await ask(connect, f"{backend.url}/a.png")
    [exchange] = backend.requests("/a.png")
    names = {name.lower() for name, _ in exchange.headers}
    assert names == {"host", "connection", "accept", "accept-encoding", "user-agent"}


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"<html>", content_type="text/html"),
        Reply(PNG, content_type=None),
        Reply(b"", content_type="image/png"),
        Reply(PNG, 404, "image/png"),
        Reply(b"", 302, "image/png", [("Location", "/b.png")]),
        Reply(PNG * 1000, content_type="image/png"),
        StallBeforeHeaders(),
        HugeHeaders(),
        GarbageStatusLine(),
        WrongContentLength(),
        Reset(),
        Reply(PNG, content_type="image/png", headers=[("Content-Length", "x")]),
        Reply(PNG, content_type="image/png", headers=[("Bad Name", "x")]),
    ],
    ids=[
        "html",
        "untyped",
        "empty",
        "missing",
        "redirect",
        "large",
        "stall",
        "huge headers",
        "garbage",
        "wrong length",
        "reset",
        "length no number",
        "bad header",
    ],
)
async def test_what_is_no_bearable_image_is_refused_in_one_sentence(
    connect: Any, backend: Backend, config: Any, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(remote_images, "MAX_IMAGE_BYTES", 1000)
    monkeypatch.setattr(remote_images, "TOTAL_S", 0.5)
    backend.on("/a.png", answer)
    backend.on("/b.png", Reply(PNG, content_type="image/png"))
    response = await ask(connect, f"{backend.url}/a.png")
    error = response.json()["error"]
    assert (response.status, error["code"]) == (400, "invalid_image")
    assert error["param"] == "messages[0].content[0].image_url"
    assert error["message"].startswith("The image could not be fetched")
    assert [exchange.path for exchange in backend.exchanges] == ["/a.png"]


@pytest.mark.usefixtures("_any_port")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "127.1",
             "[::ffff:127.0.0.1]", "0"],
)  # fmt: skip
async def test_no_spelling_leads_into_the_network(
    connect: Any, backend: Backend, config: Any, host: str
) -> None:
    response = await ask(connect, f"http://{host}:{backend.port}/a.png")
    assert (response.status, response.json()["error"]["code"]) == (400, "invalid_image")
    assert not backend.exchanges and not backend.connections


@pytest.mark.usefixtures("_trusting")
async def test_a_name_with_one_address_inside_is_not_trusted(
    connect: Any, backend: Backend, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(*_: Any) -> Any:
        return [(2, ("127.0.0.1", backend.port)), (2, ("10.0.0.1", backend.port))]

    monkeypatch.setattr(DefaultLoopResolver, "resolve", resolve)
    response = await ask(connect, f"http://img.example:{backend.port}/a.png")
    assert response.status == 400 and not backend.connections


async def test_other_ports_are_not_tried(connect: Any, backend: Backend, config: Any) -> None:
    response = await ask(connect, f"{backend.url}/a.png")
    assert response.status == 400 and not backend.connections
