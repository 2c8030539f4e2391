"""What is recorded is what a real Ollama's recording holds: the scripted backend plays one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from . import Backend, CutMidLine, Reply, Transcript, load, names, transcripts
from .network import refusing_port
from .recorder import NotRecorded, asked_anew, asked_before, main, record

pytestmark = pytest.mark.gen_test

RECORDINGS = [
    *("chat-stream", "chat-nostream", "chat-unicode", "chat-empty", "chat-bad-json"),
    *("blob-head", "copy", "version", "cors-preflight-foreign"),
]


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_recording_that_is_recorded_again_is_the_same(
    name: str, backend: Backend, tmp_path: Path
) -> None:
    backend.on(load(name).path, Transcript(name))
    path = await record(backend.url, name, asked_before(name), tmp_path)
    assert path == tmp_path / "0.32" / f"{name}.json"
    expected = transcripts.read(name, "0.32")
    expected["response"]["headers"].remove(["Connection", "close"])  # not played
    assert path.read_text() == json.dumps(expected, indent=1, ensure_ascii=False) + "\n"


async def test_a_new_request_is_kept_with_its_body(backend: Backend, tmp_path: Path) -> None:
    backend.on("/api/show", Reply(b'{"a":1}', headers=[("Server", "x")]))
    asked = asked_anew("POST", "/api/show", '{\n  "model": "é"\n}')
    path = await record(backend.url, "show-new", asked, tmp_path)
    seen = await backend.next_request("/api/show")
    assert json.loads(seen.body) == {"model": "é"}
    written = json.loads(path.read_text())
    assert written["request"] == asked
    assert asked["json"] == {"model": "é"}
    assert asked_anew("POST", "/api/show", "not json")["text"] == "not json"
    assert written["response"]["chunks"] == ['{"a":1}']


async def test_nothing_is_written_over_a_recording(backend: Backend, tmp_path: Path) -> None:
    old = tmp_path / "0.32" / "version.json"
    old.parent.mkdir()
    old.write_text("old")
    with pytest.raises(NotRecorded, match="is there already"):
        await record(backend.url, "version", asked_before("version"), tmp_path)
    assert old.read_text() == "old"


async def test_a_reply_that_is_cut_is_not_recorded(backend: Backend, tmp_path: Path) -> None:
    backend.on("/api/chat", CutMidLine())
    with pytest.raises(NotRecorded, match="was cut"):
        await record(backend.url, "chat-stream", asked_before("chat-stream"), tmp_path)
    assert not list(tmp_path.rglob("*.json"))


async def test_an_ollama_that_is_not_there_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{refusing_port()}"
    assert await asyncio.to_thread(main, [url, "version", "--into", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("not recorded: ") and said.count("\n") == 1


@pytest.mark.parametrize("url", ["127.0.0.1:11434", "https://x", "http:///x"])
async def test_an_address_that_cannot_be_asked_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="is needed"):
        await record(url, "version", asked_before("version"), tmp_path)


async def test_a_name_without_a_recording_needs_a_request() -> None:
    with pytest.raises(NotRecorded, match="METHOD PATH"):
        asked_before("no-such-case")


async def test_every_recording_can_be_asked_again() -> None:
    for name in names():
        assert asked_before(name)["path"] == load(name).path
