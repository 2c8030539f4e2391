"""`check` and `monitor` against the scripted backend."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tornado_ollama.cli import main

from .backend import Backend
from .backend.faults import CutMidLine, GarbageStatusLine, Reset
from .backend.network import refusing_port
from .backend.replies import Reply, json_reply
from .backend.server import Behaviour

Check = Callable[..., Awaitable[tuple[int, list[str]]]]

NO_GENERATE = {"error": '"nomic" does not support generate'}


@pytest.fixture
def check(
    io_loop: IOLoop,
    backend: Backend,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Check:
    """`check` on a thread of its own, for it runs a loop of its own."""
    monkeypatch.chdir(tmp_path)

    async def check(*argv: str, url: str = backend.url) -> tuple[int, list[str]]:
        code = await io_loop.run_in_executor(None, main, ["check", "--url", url, *argv])
        return code, capsys.readouterr().out.splitlines()

    return check


@pytest.mark.gen_test
async def test_an_ollama_that_answers_is_one_line_and_exit_code_0(
    check: Check, backend: Backend
) -> None:
    code, lines = await check()
    assert code == 0
    assert re.fullmatch(rf"ok    Ollama '0\.[\d.]+' at {backend.url} \(\d+ ms\)", lines[0])
    assert [exchange.path for exchange in backend.exchanges] == ["/api/version"]


@pytest.mark.gen_test
async def test_a_model_is_asked_for_one_token(check: Check, backend: Backend) -> None:
    Path("config.yaml").write_text("models: {aliases: {gpt: smollm2}}")
    code, lines = await check("--model", "gpt")
    assert code == 0 and re.fullmatch(r"ok    'smollm2' answers \(\d+ ms\)", lines[1])
    asked = backend.requests("/api/generate")[0].json()
    assert (asked["model"], asked["stream"]) == ("smollm2", False)
    assert asked["options"] == {"num_predict": 1}


@pytest.mark.gen_test
async def test_a_model_that_only_embeds_is_asked_for_a_vector(
    check: Check, backend: Backend
) -> None:
    backend.on("/api/generate", json_reply(NO_GENERATE, 400))
    assert (await check("--model", "nomic"))[0] == 0
    assert backend.requests("/api/embed")


@pytest.mark.gen_test
async def test_a_model_that_is_not_there_is_exit_code_1(check: Check, backend: Backend) -> None:
    backend.on("/api/generate", json_reply({"error": "model 'x' not found"}, 404))
    code, lines = await check("--model", "x")
    assert code == 1 and lines[0].startswith("ok ")
    assert lines[1] == "FAIL  'x': \"model 'x' not found\""


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "behaviour", [CutMidLine(), Reset(), Reply(b"oops", status=500), Reply(b"[" * 9999)]
)
async def test_a_model_that_breaks_off_is_exit_code_1(
    check: Check, backend: Backend, behaviour: Behaviour
) -> None:
    backend.on("/api/generate", behaviour)
    code, lines = await check("--model", "x")
    assert code == 1 and len(lines) == 2 and lines[1].startswith("FAIL  'x': ")


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "behaviour",
    [
        GarbageStatusLine(),
        Reply(b"<html>hello</html>"),
        json_reply({"version": 7}),
        json_reply(["version"]),
        json_reply({"version": "1"}, 500),
    ],
)
async def test_something_else_at_the_address_is_exit_code_1(
    check: Check, backend: Backend, behaviour: Behaviour
) -> None:
    backend.on("/api/version", behaviour)
    code, lines = await check("--model", "x")
    assert code == 1 and len(lines) == 1 and lines[0].startswith(f"FAIL  {backend.url}: ")


@pytest.mark.gen_test
async def test_nobody_at_the_address_is_exit_code_1(check: Check) -> None:
    code, lines = await check(url=f"http://127.0.0.1:{refusing_port()}")
    assert code == 1 and len(lines) == 1 and "cannot be reached" in lines[0]


@pytest.mark.gen_test
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_monitor_says_a_line_a_round_and_ends_cleanly(
    backend: Backend, tmp_path: Path, end: signal.Signals
) -> None:
    backend.on("/api/version", json_reply({"version": "1.2"}), Reply(b"no", status=500))
    command = [sys.executable, "-m", "tornado_ollama", "monitor"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--url", backend.url, "--interval", "1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(Path(__file__).parent.parent)),
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        async with asyncio.timeout(20):
            lines = [(await process.stdout.readline()).decode() for _ in range(2)]
            process.send_signal(end)
            assert (await process.stderr.read()) == b""
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(rf"{moment} ok Ollama '1\.2' at {backend.url} \(\d+ ms\)\n", lines[0])
    assert re.fullmatch(rf"{moment} FAIL {backend.url}: .+\n", lines[1])
