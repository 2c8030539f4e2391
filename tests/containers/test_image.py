"""The image and the compose file, run by Podman: what docs/containers.md promises of them.

`deploy/compose.yaml` is read here and run service by service, with a stand-in for Ollama's image.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..backend.network import refusing_port
from . import engine
from .engine import IMAGE, LIMITS, ROOT, podman

pytestmark = pytest.mark.containers

TOKEN = "container-test-token-0123456789"
CONFIG = {
    "listen": {"host": "127.0.0.1", "port": 1},  # which the image overrides
    "auth": {
        "generate_tokens": [
            {"name": "laptop", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}
        ]
    },
}
GATEWAY, OLLAMA = "test-gateway", "test-ollama"
START_S = 60.0
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    engine.build(commit="0123abc")


def options(service: dict[str, Any], ports: dict[str, int], config: Path) -> list[str]:
    """The flags of `podman run` for a service of the compose file."""
    given = [f"--publish=127.0.0.1:{port}:{inside}" for inside, port in ports.items()]
    given += [f"--env={name}={value}" for name, value in service["environment"].items()]
    given += [f"--cap-drop={name.lower()}" for name in service["cap_drop"]]
    given += [f"--security-opt={option.replace(':true', '')}" for option in service["security_opt"]]
    given += ["--read-only"] if service["read_only"] else []
    for volume in service["volumes"]:
        given.append(f"--volume={volume.replace('./config.yaml', str(config))}")
    return given


def address(name: str) -> str:
    return podman("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name)


def ask(port: int, path: str, body: Any = None, token: str = TOKEN) -> HTTPResponse:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode() if body else None,
        {"Authorization": f"Bearer {token}"},
    )
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=30)
    return answer


@pytest.fixture(scope="module")
def running(image: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of this machine at which the gateway of the compose file answers."""
    config = tmp_path_factory.mktemp("container") / "config.yaml"
    config.write_text(json.dumps(CONFIG), encoding="utf-8")
    config.chmod(0o644)
    service = COMPOSE["services"]["gateway"]
    [published] = service["ports"]
    port = refusing_port()
    stand_in = Path(__file__).with_name("ollama.py")
    remove()
    podman(
        *("run", "--detach", "--name", OLLAMA, *LIMITS, f"--volume={stand_in}:/ollama.py:ro"),
        *("--entrypoint", "python3", IMAGE, "/ollama.py"),
    )
    try:
        podman(
            *(
                "run",
                "--detach",
                "--name",
                GATEWAY,
                *LIMITS,
                f"--add-host=ollama:{address(OLLAMA)}",
            ),
            *options(service, {published.rpartition(":")[2]: port}, config),
            IMAGE,
        )
        wait_until_healthy(port)
        yield port
    finally:
        remove()


def remove() -> None:
    """Removes the containers of this run, or of one that was cut, with the volume of the state."""
    podman("rm", "--force", "--ignore", GATEWAY, OLLAMA)
    podman("volume", "rm", "--force", "state", check=False)


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            ask(port, "/health").close()
            return
        except OSError:
            assert time.monotonic() < deadline, podman("logs", GATEWAY)
            time.sleep(0.05)


def test_a_chat_goes_through_it(running: int) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    with ask(running, "/api/chat", body) as answer:
        lines = [json.loads(line) for line in answer]
    assert "".join(line["message"]["content"] for line in lines) == "Hello there"
    with ask(running, "/v1/chat/completions", body) as answer:
        assert json.load(answer)["choices"][0]["message"]["content"] == "Hello there"


def test_the_page_is_whole(running: int) -> None:
    with ask(running, "/static/vendor/marked.js") as answer:
        assert len(answer.read()) > 10_000


def test_others_reach_it_by_the_name_of_its_service(running: int) -> None:
    fetch = (
        "import urllib.request as r; print(r.urlopen(r.Request('http://gateway:8080/api/version',"
        f" headers={{'X-API-Key': '{TOKEN}'}})).read())"
    )
    said = podman(
        *("run", "--rm", *LIMITS, f"--add-host=gateway:{address(GATEWAY)}"),
        *("--entrypoint", "python3", IMAGE, "-c", fetch),
    )
    assert "0.32.0" in said


def test_it_runs_as_nobody_on_a_file_system_that_is_only_read(running: int) -> None:
    assert podman("exec", GATEWAY, "id", "-u") == "10001"
    assert "Read-only file system" in podman("exec", GATEWAY, "touch", "/app/x", check=False)
    podman("exec", GATEWAY, "touch", "/app/state/x")
    status = podman("exec", GATEWAY, "cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_its_health_check_sees_that_it_answers(running: int) -> None:
    podman("healthcheck", "run", GATEWAY)
    [image] = json.loads(podman("image", "inspect", IMAGE))
    command = image["Healthcheck"]["Test"]
    failed = podman(
        *("run", "--rm", *LIMITS, "--entrypoint", command[1], IMAGE, *command[2:]), check=False
    )
    assert "Connection refused" in failed  # in a container where nothing listens


def test_a_token_that_is_made_in_it_is_known_at_once(running: int) -> None:
    made = podman("exec", GATEWAY, "tornado-ollama", "token", "create", "--name", "other")
    token = next(line for line in made.splitlines() if line.startswith("to-"))
    deadline = time.monotonic() + START_S
    while True:
        try:
            ask(running, "/api/version", token=token).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_it_says_its_commit(image: None) -> None:
    assert "0123abc" in podman("run", "--rm", *LIMITS, IMAGE, "--version")


def test_without_a_token_it_does_not_start_and_says_why(image: None) -> None:
    said = podman("run", "--rm", *LIMITS, IMAGE, check=False)
    assert "listen.host" in said
    assert "token" in said


def test_a_stop_lets_a_stream_finish(running: int) -> None:
    """The last test: the gateway has ended after it."""
    body = {"model": "slow", "messages": [{"role": "user", "content": "Hi"}]}
    answer = ask(running, "/api/chat", body)
    first = json.loads(answer.readline())
    grace = COMPOSE["services"]["gateway"]["stop_grace_period"].removesuffix("s")
    stop = threading.Thread(target=podman, args=("stop", "--time", grace, GATEWAY))
    stop.start()
    rest = [json.loads(line) for line in answer]
    stop.join()
    assert first["message"]["content"] == "Hello"
    assert rest[-1]["done"]
    assert podman("inspect", "--format", "{{.State.ExitCode}}", GATEWAY) == "0"
