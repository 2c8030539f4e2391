"""Prompts and replies of chosen credentials are written to files (`capture`)."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ..backend import Backend, NdjsonStream, Reply
from ..canary import Canary
from ..waiting import until
from .keys import BOTH, GENERATE, SECURED, bearer, signed
from .sockets import socket
from .test_metrics import LAST

CAPTURED = SECURED | {"capture": {"credentials": ["writer"]}}
PROMPT = "where is the blue bicycle"
CHAT = {"model": "smollm2", "messages": [{"role": "user", "content": PROMPT}]}
REPLY = {"model": "smollm2", "message": {"role": "assistant", "content": "behind the house"}}


@pytest.fixture
def config() -> dict[str, Any]:
    return CAPTURED


@pytest.fixture(autouse=True)
def _told(expect_log: Any, no_secret_leaves: Canary) -> None:
    expect_log("tornado_ollama.stores.captures", "Prompts and replies of writer are", optional=True)
    no_secret_leaves.excuse_words("the file 2", "captures hold prompts and replies")


@pytest.fixture
def captures(tmp_path: Path) -> Any:
    async def found(count: int) -> list[dict[str, Any]]:
        """The captures, oldest first, when there are so many."""
        folder = tmp_path / "state" / "captures"
        await until(lambda: len(list(folder.glob("*.json"))) >= count, f"{count} captures")
        await until(lambda: all(path.stat().st_size for path in folder.iterdir()), "all written")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        paths = sorted(folder.iterdir())
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
        assert len(paths) == count
        return [json.loads(path.read_bytes()) for path in paths]

    return found


@pytest.mark.gen_test
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/v1/messages"])
async def test_a_prompt_and_its_reply_are_kept_and_no_credential(
    connect: Any, backend: Backend, captures: Any, path: str, stream: bool
) -> None:
    whole = Reply(json.dumps(REPLY | {"done": True}).encode())
    backend.on("/api/chat", NdjsonStream(REPLY, LAST) if stream else whole)
    body = json.dumps(CHAT | {"stream": stream, "max_tokens": 9}).encode()
    response = await (await connect()).request("POST", path, [bearer(GENERATE)], body)
    assert response.status == 200
    [kept] = await captures(1)
    assert (kept["credential"], kept["model"], kept["path"]) == ("writer", "smollm2", "/api/chat")
    assert PROMPT in kept["request"] and "behind the house" in kept["reply"]
    assert kept["request_bytes"] == len(kept["request"])
    assert kept["reply_bytes"] == len(kept["reply"])
    assert GENERATE not in json.dumps(kept)


@pytest.mark.gen_test
async def test_a_chat_on_a_socket_is_kept(
    backend: Backend, captures: Any, http_server: Any, http_port: int
) -> None:
    backend.on("/api/chat", NdjsonStream(REPLY, LAST))
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send({"type": "chat", "id": "1", **CHAT})
        await ws.until("done", "1")
    [kept] = await captures(1)
    assert PROMPT in kept["request"] and "behind the house" in kept["reply"]


@pytest.mark.gen_test
async def test_of_others_nothing_is_kept(
    connect: Any, backend: Backend, captures: Any, tmp_path: Path
) -> None:
    body = json.dumps(CHAT).encode()
    for token in (BOTH, signed()):
        await (await connect()).request("POST", "/api/chat", [bearer(token)], body)
    await (await connect()).request("GET", "/api/tags", [bearer(GENERATE)])
    assert not (tmp_path / "state" / "captures").exists()
    await (await connect()).request("POST", "/api/chat", [bearer(GENERATE)], body)
    await captures(1)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "config", [CAPTURED | {"capture": {"credentials": ["writer"], "max_bytes": 30}}], ids=["small"]
)
async def test_of_each_the_beginning_is_kept(
    connect: Any, backend: Backend, captures: Any, config: Any
) -> None:
    backend.on("/api/chat", NdjsonStream(*[REPLY] * 50, LAST))
    body = json.dumps(CHAT).encode()
    await (await connect()).request("POST", "/api/chat", [bearer(GENERATE)], body)
    [kept] = await captures(1)
    assert len(kept["request"]) == len(kept["reply"]) == 30
    assert kept["request_bytes"] == len(body) and kept["reply_bytes"] > 1000


@pytest.mark.gen_test
async def test_what_cannot_be_written_stops_no_request(
    connect: Any, backend: Backend, tmp_path: Path, expect_log: Any, caplog: Any
) -> None:
    expect_log("tornado_ollama.stores.captures", "not captured .*(Not a directory|File exists)")
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "captures").write_text("")
    for _ in range(3):
        body = json.dumps(CHAT).encode()
        response = await (await connect()).request("POST", "/api/chat", [bearer(GENERATE)], body)
        assert response.status == 200
    await until(lambda: "not captured" in caplog.text, "it is said")
    assert caplog.text.count("not captured") == 1


@pytest.mark.gen_test
async def test_without_the_setting_nothing_is_kept() -> None:
    from tornado_ollama.config.topics.capture import Capture
    from tornado_ollama.dispatch.capture import tap_of

    assert tap_of(Capture(), lambda entry: None) is None
