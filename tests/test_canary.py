"""The hooks of `tests/canary.py` are in place: each tells what it is there for."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest

from .backend import Backend
from .canary import Canary
from .gateway.keys import GENERATE, SECURED, bearer, signed
from .gateway.sockets import socket
from .raw_client import RawConnection

PROMPT = "what is the name of my dog"
CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": PROMPT}]}).encode()
WEAK = "correct-horse-staple"
"""A token without a mark or a form."""


def complaint(canary: Canary) -> str:
    """What the canary says; it has nothing more to say after."""
    found = canary.verdict() or ""
    canary.__init__()  # type: ignore[misc]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "canary-a",
        *(base64.b64encode(b"?" * shift + b"canary-a").decode() for shift in range(3)),
        signed(),
        f"to-{'a' * 49}",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_a_mark_is_found_wherever_it_is(text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(f"x {text}")
    canary = Canary()
    canary.look_below(tmp_path)
    assert "the file x" in complaint(canary)


def test_a_prompt_is_found_that_is_known_only_later() -> None:
    canary = Canary()
    canary.look("the log", f"asked: {PROMPT}")
    assert not canary.verdict()
    canary.said(CHAT)
    assert "the log" in complaint(canary)


def test_the_pieces_of_a_reply_are_one_text() -> None:
    canary = Canary()
    canary.said(b"".join(b'{"message":{"content":"%b "}}\n' % p for p in (b"your", b"dog", b"is")))
    canary.look("the log", "your dog is large")
    assert "the log" in complaint(canary)


@pytest.mark.gen_test
@pytest.mark.parametrize("config", [{"auth": {"generate_tokens": [WEAK]}}], ids=["weak"])
async def test_every_place_is_looked_at(
    connect: Any, backend: Backend, config: Any, app: Any, no_secret_leaves: Canary
) -> None:
    client: RawConnection = await connect()
    sent = [bearer(WEAK), ("X-API-Key", "another-key")]
    assert (await client.request("POST", "/api/chat", sent, CHAT)).status == 200
    seen = no_secret_leaves.seen
    assert "what Ollama gets" in seen
    assert {WEAK, "another-key"} <= no_secret_leaves.secrets
    assert PROMPT in no_secret_leaves.words
    for level in (logging.DEBUG, logging.INFO):
        logging.getLogger("tornado_ollama.handlers").log(level, "got %s", CHAT.decode())
        assert "the log" in complaint(no_secret_leaves)
        no_secret_leaves.said(CHAT)
    BadRequest(f"I do not like {PROMPT}.")
    assert "an error" in complaint(no_secret_leaves)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "config", [{"auth": {"generate_tokens": [WEAK, GENERATE]}}, SECURED], ids=["weak", "secured"]
)
async def test_a_token_that_is_pasted_into_the_url_is_not_repeated(
    connect: Any, http_port: int, config: Any, no_secret_leaves: Canary
) -> None:
    no_secret_leaves.credential(WEAK)
    for token in (WEAK, GENERATE, signed()):
        for path in (
            f"/{token}",
            f"/{token}/v1/chat/completions",
            f"/v1/{token}/models",
            f"//{token}/",
        ):
            response = await (await connect()).request("POST", path, [bearer(GENERATE)], CHAT)
            assert response.status == 404
            no_secret_leaves.look("an answer", response.body)
        async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
            await ws.send({"type": "request", "id": "a", "method": "GET", "path": f"/api/{token}"})
            no_secret_leaves.look("an answer", json.dumps(await ws.until("error", "a")))
