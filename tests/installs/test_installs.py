"""pip, pipx and uvx bring the built wheel into an empty home, and what they bring works.

The wheel is built as `make wheel` does it. pipx and uv themselves come from the extra `installs`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..backend.network import refusing_port

pytestmark = pytest.mark.installs

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_S = 300.0
START_S = 60.0
KEPT = ("PIP_", "SSL_", "UV_", "HTTP_", "HTTPS_", "REQUESTS_", "LANG", "TMPDIR")
"""Variables that say where packages come from and whom to believe; nothing else of this process
reaches the commands."""


class Home:
    """An empty home directory with its own PATH."""

    def __init__(self, directory: Path) -> None:
        self.path = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith(KEPT)},
            "HOME": str(directory),
            "PATH": f"{directory}/.local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
        }

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
        return done.stdout


def with_pip(home: Home, wheel: Path) -> list[str]:
    home.run(sys.executable, "-m", "venv", "venv")
    home.run("venv/bin/pip", "install", "--quiet", str(wheel))
    return [str(home.path / "venv/bin/tornado-ollama")]


def with_pipx(home: Home, wheel: Path) -> list[str]:
    home.run(sys.executable, "-m", "pipx", "install", "--python", sys.executable, str(wheel))
    return [str(home.path / ".local/bin/tornado-ollama")]


def with_uvx(home: Home, wheel: Path) -> list[str]:
    uvx = str(Path(sys.executable).with_name("uvx"))
    return [uvx, "--quiet", "--python", sys.executable, "--from", str(wheel), "tornado-ollama"]


WAYS: dict[str, Callable[[Home, Path], list[str]]] = {
    "pip": with_pip,
    "pipx": with_pipx,
    "uvx": with_uvx,
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out)]
    subprocess.run([*pip, str(ROOT)], check=True, timeout=TIMEOUT_S)
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(params=WAYS)
def command(
    request: pytest.FixtureRequest, wheel: Path, tmp_path: Path
) -> Iterator[tuple[Home, list[str]]]:
    home = Home(tmp_path)
    yield home, WAYS[request.param](home, wheel)


def test_it_runs_with_its_page_and_knows_its_commit(command: tuple[Home, list[str]]) -> None:
    home, program = command
    version = home.run(*program, "--version")
    assert re.fullmatch(r"tornado-ollama \S+ \([0-9a-f]{12}\)\n", version)
    assert "ExecStart=" in home.run(*program, "service", "install", "--print")
    port = refusing_port()
    serve = subprocess.Popen(
        [*program, "serve", "--port", str(port)],
        cwd=home.path,
        env=home.environment | {"OLLAMA_BASE_URL": f"http://127.0.0.1:{refusing_port()}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until_alive(port, serve)
        accept = {"Accept": "text/html"}
        page = urllib.request.Request(f"http://127.0.0.1:{port}/", headers=accept)
        with urllib.request.urlopen(page, timeout=START_S) as answer:
            assert b"<!doctype html>" in answer.read(100).lower()
        library = f"http://127.0.0.1:{port}/static/vendor/marked.js"
        with urllib.request.urlopen(library, timeout=START_S) as answer:
            assert len(answer.read()) > 10_000
    finally:
        serve.terminate()
        serve.communicate(timeout=START_S)


def wait_until_alive(port: int, serve: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5).close()
            return
        except OSError:
            assert serve.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
