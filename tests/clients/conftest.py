"""`door`: a gateway with tokens, in front of the scripted backend or of the real small model.

The scripted one says what the transcripts say, so answers are compared to the letter; in front of
the real one the gateway is a process of its own, started once. Where the extra `embedded`
or Node is not installed, the tests that need it are skipped, naming what is missing; under
CI=true that is a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ..embedded.model_process import Ollama
from ..gateway.keys import BOTH, SECURED

NODE_PROJECT = Path(__file__).parent / "node"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Door:
    url: str
    token: str
    model: str
    real: bool


def missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing under CI=true: {what}")
    pytest.skip(what)


@pytest.fixture
def config() -> dict[str, Any]:
    return SECURED


@pytest.fixture(params=["scripted", "real"])
def door(request: pytest.FixtureRequest) -> Door:
    if request.param == "real":
        real: Door = request.getfixturevalue("real_door")
        return real
    request.getfixturevalue("http_server")
    port = request.getfixturevalue("http_port")
    return Door(f"http://localhost:{port}", BOTH, "smollm2", real=False)


@pytest.fixture(scope="session")
def real_door(ollama: Ollama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    directory = tmp_path_factory.mktemp("real")
    settings = {
        "listen": {"port": 0},
        "auth": SECURED["auth"],
        "service": {"base_url": ollama.url},
    }
    (directory / "config.yaml").write_text(json.dumps(settings))
    serve = ["serve", "--config", "config.yaml", "--embedded", "never"]
    with (
        (directory / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tornado_ollama", *serve],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next((word for word in line.split() if word.startswith("http://")), None)
        assert url is not None, (directory / "log").read_text()
        yield Door(url.rstrip("/"), BOTH, "smollm2", real=True)
        process.terminate()


@pytest.fixture(scope="session")
def node() -> str:
    """The program; the packages of tests/clients/node are installed as its lock file says."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        missing("Node is not installed (Debian: apt install npm)")
    lock = NODE_PROJECT / "package-lock.json"
    installed = NODE_PROJECT / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=NODE_PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return program
