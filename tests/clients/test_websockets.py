"""`websockets` from PyPI on `/ws`: the plain form, a conversation, several chats, a cancel."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .conftest import Door

pytestmark = pytest.mark.gen_test(timeout=240)

SHORT = {"num_predict": 8, "temperature": 0}


def dial(door: Door, **options: Any) -> connect:
    return connect(door.url.replace("http", "ws", 1) + "/ws", proxy=None, **options)


def with_header(door: Door) -> connect:
    return dial(door, additional_headers={"Authorization": f"Bearer {door.token}"})


async def read_until(socket: ClientConnection, type: str) -> list[dict[str, Any]]:
    frames = [json.loads(await socket.recv())]
    while frames[-1]["type"] not in (type, "error"):
        frames.append(json.loads(await socket.recv()))
    assert frames[-1]["type"] == type, frames[-1]
    return frames


async def test_a_question_in_plain_text(door: Door) -> None:
    pieces = []
    async with with_header(door) as socket:
        await socket.send("Say hello.")
        async for piece in socket:
            pieces.append(piece)
        assert socket.close_code == 1000
    assert "".join(map(str, pieces))  # in one piece, where a busy machine reads all at once
    assert not str(pieces[0]).startswith("Error")


async def test_a_conversation(door: Door) -> None:
    async with with_header(door) as socket:
        for question in ("My name is Ada.", "What is my name?"):
            await socket.send(json.dumps({"text": question, "model": door.model, "options": SHORT}))
            frames = await read_until(socket, "done")
            assert "".join(frame.get("content", "") for frame in frames)
            assert frames[-1]["usage"]["completion_tokens"] > 0


async def test_two_chats_at_once_and_a_cancel(door: Door) -> None:
    chat = {"type": "chat", "model": door.model, "options": SHORT}
    messages = [{"role": "user", "content": "Count to ten."}]
    async with with_header(door) as socket:
        for id in ("a", "b"):
            await socket.send(json.dumps(chat | {"id": id, "messages": messages}))
        seen = [*await read_until(socket, "done"), *await read_until(socket, "done")]
        assert {frame["id"] for frame in seen if frame["type"] == "done"} == {"a", "b"}
        long = chat | {"id": "c", "messages": messages, "options": {"num_predict": 500}}
        await socket.send(json.dumps(long))
        await socket.send(json.dumps({"type": "cancel", "id": "c"}))
        assert (await read_until(socket, "done"))[-1]["reason"] == "cancelled"


async def test_a_browsers_way_to_send_a_token(door: Door) -> None:
    encoded = base64.urlsafe_b64encode(door.token.encode()).decode().rstrip("=")
    async with dial(door, subprotocols=["ollama.bearer", encoded]) as socket:
        assert socket.subprotocol == "ollama.bearer"
        request = {"type": "request", "id": "t", "method": "GET", "path": "/api/tags"}
        await socket.send(json.dumps(request))
        frames = await read_until(socket, "end")
        assert frames[1]["data"]["models"]


async def test_no_token_no_answer(door: Door) -> None:
    async with dial(door) as socket:
        await socket.send("Say hello.")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401
