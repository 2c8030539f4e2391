"""The supervisor against small programs that behave and misbehave, and once the real child."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient

from tornado_ollama.embedded.supervisor import EmbeddedFailed, Supervisor

from ..waiting import until
from .model_process import require_model

LOGGER = "tornado_ollama.embedded.supervisor"
OBEDIENT = (
    "print('embedded backend on http://127.0.0.1:1', flush=True)\nimport sys\nsys.stdin.read()"
)


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def pid_of(supervisor: Supervisor) -> int:
    assert supervisor._process is not None
    return supervisor._process.pid


@pytest.mark.gen_test
async def test_it_starts_and_stops_a_child() -> None:
    supervisor = Supervisor(command=program(OBEDIENT))
    assert await supervisor.start() == "http://127.0.0.1:1"
    assert supervisor.alive and supervisor.url == "http://127.0.0.1:1"
    pid = pid_of(supervisor)
    await supervisor.stop()
    await supervisor.stop()
    assert not supervisor.alive and supervisor.url is None
    assert gone(pid)


@pytest.mark.gen_test
async def test_a_child_that_does_not_start_is_named_with_its_reason() -> None:
    supervisor = Supervisor(command=program("import sys; sys.exit('no model here')"))
    with pytest.raises(EmbeddedFailed, match="no model here"):
        await supervisor.start()
    assert not supervisor.alive


@pytest.mark.gen_test
async def test_a_child_that_dies_is_started_again(
    expect_log: Callable[..., None], tmp_path: Path
) -> None:
    expect_log(LOGGER, "ended with code -9; starting it again")
    counter = tmp_path / "starts"
    text = (
        f"import pathlib, sys\npath = pathlib.Path({str(counter)!r})\n"
        "count = len(path.read_text()) if path.exists() else 0\n"
        "path.write_text('x' * (count + 1))\n"
        "print(f'embedded backend on http://127.0.0.1:{count + 1}', flush=True)\nsys.stdin.read()"
    )
    moved: list[str] = []
    supervisor = Supervisor(moved.append, command=program(text), backoff_s=(0.01, 0.01))
    assert await supervisor.start() == "http://127.0.0.1:1"
    os.kill(pid_of(supervisor), 9)
    await until(lambda: moved == ["http://127.0.0.1:2"], "the child was started again")
    assert supervisor.url == "http://127.0.0.1:2"
    await supervisor.stop()


@pytest.mark.gen_test
async def test_restarts_in_a_row_are_bounded(
    expect_log: Callable[..., None], tmp_path: Path
) -> None:
    expect_log(LOGGER, "ended with code 3")
    expect_log(LOGGER, "giving up")
    text = "import sys; print('embedded backend on http://127.0.0.1:1', flush=True); sys.exit(3)"
    moved: list[str] = []
    supervisor = Supervisor(moved.append, command=program(text), backoff_s=(0.01, 0.01))
    await supervisor.start()
    watch = supervisor._watch
    assert watch is not None
    await until(watch.done, "the supervisor gave up")
    assert len(moved) == 2
    assert not supervisor.alive
    await supervisor.stop()


@pytest.mark.gen_test
async def test_stopping_while_it_waits_to_restart_leaves_nothing(
    expect_log: Callable[..., None],
) -> None:
    expect_log(LOGGER, "starting it again in 100 s")
    supervisor = Supervisor(command=program(OBEDIENT), backoff_s=(100,))
    await supervisor.start()
    os.kill(pid_of(supervisor), 9)
    await until(lambda: not supervisor.alive, "the child ended")
    await supervisor.stop()


@pytest.mark.gen_test
async def test_no_child_outlives_a_killed_parent(tmp_path: Path) -> None:
    """The parent is killed without a chance to clean up; the end of the pipe ends the child."""
    told = tmp_path / "pid"
    parent = (
        "import asyncio\nfrom tornado_ollama.embedded.supervisor import Supervisor\n"
        "async def main():\n"
        f"    supervisor = Supervisor(command={program(OBEDIENT)!r})\n"
        "    await supervisor.start()\n"
        f"    open({str(told)!r}, 'w').write(str(supervisor._process.pid))\n"
        "    print('ready', flush=True)\n    await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        *program(parent), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    pid = int(told.read_text())
    assert not gone(pid)
    process.kill()
    await process.wait()
    await until(lambda: gone(pid) or is_zombie(pid), "the orphan ended")


def is_zombie(pid: int) -> bool:
    """Ended, but whoever adopted it has not noticed (an init that does not reap)."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


@pytest.mark.gen_test(timeout=240)
async def test_the_real_child_answers(http_client_of: Callable[[], AsyncHTTPClient]) -> None:
    require_model()
    supervisor = Supervisor()
    url = await supervisor.start()
    try:
        reply = await http_client_of().fetch(f"{url}/api/version")
        assert b"embedded" in reply.body
    finally:
        await supervisor.stop()


@pytest.fixture
def http_client_of() -> Callable[[], AsyncHTTPClient]:
    return lambda: AsyncHTTPClient(force_instance=True)
