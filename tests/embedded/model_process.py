"""`ollama`: the embedded backend as a process of its own, started once, and a plain client of it.

Where the extra `embedded` is not installed the tests that need the model are skipped, saying so;
under CI=true that is a failure.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tornado_ollama.embedded.installed import NotInstalled, find_model

PATIENCE_S = 240.0
MODEL = "smollm2"
COMMAND = [
    *(sys.executable, "-m", "tornado_ollama", "embedded", "--port", "0", "--exit-with-stdin"),
    *("--threads", "1"),  # with two, each waits for the other in a loop
]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Ollama:
    """Whole replies of a server at `url`, one connection each."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        self.url, self.host, self.port = url, parts.hostname, parts.port

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.request("GET", path)

    def post(self, path: str, /, **body: Any) -> Reply:
        return self.request("POST", path, json.dumps({"model": MODEL, **body}).encode())

    def chat(self, content: str, /, **body: Any) -> Any:
        """The whole reply to one message."""
        messages = [{"role": "user", "content": content}]
        reply = self.post("/api/chat", messages=messages, stream=False, **body)
        assert reply.status == 200, reply.body
        return reply.json


def require_model() -> None:
    try:
        find_model()
    except NotInstalled as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ollama]:
    require_model()
    log = tmp_path_factory.mktemp("embedded") / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=Path(__file__).parents[2],
        )
        with process:
            assert process.stdin is not None and process.stdout is not None
            line = process.stdout.readline().decode()
            assert line.startswith("embedded backend on http://127.0.0.1:"), log.read_text()
            yield Ollama(line.split()[-1])
            process.stdin.close()
            process.wait(PATIENCE_S)
    assert process.returncode == 0, log.read_text()
