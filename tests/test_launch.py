"""`launch`: what it asks the gateway before, what it sets, and how it runs a program.

The programs here are short scripts; the real agents are run by `make test-agents`.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from tornado_ollama.cli import main
from tornado_ollama.commands.agents import AGENTS, TOKEN_VARIABLE, Target
from tornado_ollama.commands.launch import printed

from .agents.scripted import NAME, Model
from .backend import Backend, json_reply
from .backend.network import refusing_port
from .backend.windowed import Windowed
from .gateway.keys import GENERATE as TOKEN
from .gateway.keys import SECURED

PROGRAM = """#!/bin/sh
for word in "$@"; do echo "[$word]"; done
env
for word in "$@" $CLINE_PROVIDER_SETTINGS_PATH; do if [ -f "$word" ]; then cat "$word"; fi; done
"""

Launch = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def config() -> dict[str, Any]:
    return SECURED


@pytest.fixture
def launch(
    io_loop: IOLoop,
    http_server: HTTPServer,
    http_port: int,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Launch:
    """`launch` on a thread of its own, in a directory whose `bin` has all agents' programs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for agent in AGENTS.values():
        (programs / agent.program).write_text(PROGRAM)
        (programs / agent.program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.chdir(programs)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # only the main thread may

    async def launch(*argv: str, url: str = f"http://127.0.0.1:{http_port}") -> Any:
        words = ["launch", "--url", url, "--token", TOKEN, *argv]
        code = await io_loop.run_in_executor(None, main, words)
        said = capfd.readouterr()
        return code, said.out, said.err

    return launch


@pytest.mark.gen_test
@pytest.mark.parametrize("name", AGENTS)
async def test_an_agent_gets_address_token_and_model(
    name: str, launch: Launch, http_port: int, backend: Backend
) -> None:
    Model(["Hi."]).serve(backend)
    code, out, err = await launch(name, "--model", NAME, "--", "exec", "two words", "--flag")
    assert code == 0, err
    assert f"http://127.0.0.1:{http_port}" in out and TOKEN in out and NAME in out
    assert out.index("[exec]") < out.index("[two words]") < out.index("[--flag]")
    assert "131,072 tokens" in err


@pytest.mark.gen_test
async def test_the_temporary_files_are_gone_afterwards(launch: Launch, backend: Backend) -> None:
    Model(["Hi."]).serve(backend)
    _, out, _ = await launch("continue")
    place = Path(out.split("[--config]\n[")[1].split("]")[0])
    assert '"apiBase"' in out and not place.exists() and not place.parent.exists()


@pytest.mark.gen_test
async def test_a_program_that_is_not_there_is_named_with_its_command(
    launch: Launch, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    Model(["Hi."]).serve(backend)
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = await launch("codex")
    assert code == 1 and "npm install -g @openai/codex" in err


@pytest.mark.gen_test
async def test_the_agents_exit_code_is_passed_on(
    launch: Launch, backend: Backend, tmp_path: Path
) -> None:
    Model(["Hi."]).serve(backend)
    (tmp_path / "bin" / "codex").write_text("#!/bin/sh\nexit 7\n")
    assert (await launch("codex"))[0] == 7
    (tmp_path / "bin" / "codex").write_text("#!/bin/sh\nkill -TERM $$\n")
    assert (await launch("codex"))[0] == 128 + signal.SIGTERM


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        (Model([]), ("codex", "--model", "nothing"), f"'nothing' for this token; there is {NAME}"),
        (Model([], capabilities=["completion"]), ("codex",), "has no tools"),
        (Model([], length=8192), ("codex",), "9,524 tokens"),
        (Model([], length=8192), ("codex",), "claude --small, opencode, cline, continue, aider"),
        (Model([]), ("codex", "--small"), "--small is for claude"),
        (Model([]), ("codex", "--token", "wrong"), "--token TOKEN"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "-",
)
async def test_what_will_not_do_is_said_before_the_agent_starts(
    model: Model, arguments: tuple[str, ...], sentence: str, launch: Launch, backend: Backend
) -> None:
    model.serve(backend)
    code, out, err = await launch(*arguments)
    assert code == 1 and not out
    assert sentence in err


@pytest.mark.gen_test
async def test_force_starts_it_nevertheless(launch: Launch, backend: Backend) -> None:
    Model([], length=8192, capabilities=["completion"]).serve(backend)
    code, out, _ = await launch("codex", "--force")
    assert code == 0 and "model_context_window=8192" in out


@pytest.mark.gen_test
async def test_no_gateway_is_said(launch: Launch) -> None:
    code, _, err = await launch("codex", url=f"http://127.0.0.1:{refusing_port()}")
    assert code == 1 and "no gateway answers there" in err


@pytest.mark.gen_test
async def test_a_small_window_gets_the_small_mode(launch: Launch, backend: Backend) -> None:
    Model([], length=8192).serve(backend)
    _, out, err = await launch("claude")
    assert "Claude Code (small)" in err
    assert "CLAUDE_CODE_SIMPLE=1" in out and "ANTHROPIC_AUTH_TOKEN" not in out


@pytest.mark.parametrize(("window", "told"), [(32_768, 32_768), (40_000, 32_768), (65_536, 65_536)])
def test_qwen_is_told_of_a_window_with_which_it_works(window: int, told: int) -> None:
    start = AGENTS["qwen"].start(Target("http://h:1", "t", "m", window, "/files"))
    (file,) = start.files.values()
    assert json.loads(file)["model"]["generationConfig"] == {"contextWindowSize": told}


@pytest.mark.parametrize(("window", "told"), [(24_000, None), (65_536, "65536")])
def test_claude_is_told_of_a_large_window_only(window: int, told: str | None) -> None:
    start = AGENTS["claude"].start(Target("http://h:1", "t", "m", window, "/files"))
    assert start.environment.get("CLAUDE_CODE_MAX_CONTEXT_TOKENS") == told


@pytest.mark.gen_test
async def test_a_model_whose_window_only_ollama_knows_is_loaded_first(
    launch: Launch, backend: Backend
) -> None:
    Windowed(NAME, default=16384).serve(backend)
    _, out, err = await launch("codex")
    assert "qwen3:30b at" in err and ": 16,384 tokens" in err
    assert "model_context_window=16384" in out


@pytest.mark.gen_test
async def test_a_model_that_cannot_be_loaded_has_at_most_its_own(
    launch: Launch, backend: Backend
) -> None:
    Windowed(NAME, default=16384).serve(backend)
    backend.on("/api/chat", json_reply({"error": "no memory"}, 500))
    _, _, err = await launch("codex")
    assert "at most 131,072 tokens" in err


@pytest.mark.gen_test
async def test_the_token_may_come_from_the_environment(
    launch: Launch, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    Model([]).serve(backend)
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    code, out, _ = await launch("claude", "--token", "")
    assert code == 0 and f"ANTHROPIC_AUTH_TOKEN={TOKEN}" in out


@pytest.mark.gen_test
@pytest.mark.parametrize("name", AGENTS)
async def test_what_is_printed_does_the_same_in_a_shell(
    name: str, launch: Launch, backend: Backend, tmp_path: Path
) -> None:
    Model(["Hi."]).serve(backend)
    _, run, _ = await launch(name, "--", "it's", "$HOME")
    code, lines, _ = await launch(name, "--print", "--", "it's", "$HOME")
    assert code == 0
    (tmp_path / "pasted.sh").write_text(lines)
    pasted = subprocess.run(
        ["/bin/sh", str(tmp_path / "pasted.sh")], capture_output=True, text=True, check=True
    )

    def shown(out: str) -> list[str]:
        return [line for line in out.splitlines() if line.startswith(("[", "{"))]

    def plain(out: str) -> list[str]:
        return [line for line in shown(out) if "/tmp" not in line and str(tmp_path) not in line]

    assert plain(pasted.stdout) == plain(run)
    assert len(shown(pasted.stdout)) == len(shown(run))


def test_a_word_of_the_directory_of_files_stays_open_to_the_shell() -> None:
    agent = AGENTS["aider"]
    target = Target("http://h:1", "t", "a'b", 8192, "$AGENT_FILES")
    lines = printed(agent, agent.start(target), [])
    assert '"$AGENT_FILES"/models.json' in lines
    assert json.dumps("openai/a'b") in lines.split("END")[1]
