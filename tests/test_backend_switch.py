"""Where requests go while the real Ollama comes and goes.

The real one is the scripted backend, which really stops listening. The embedded one is a process
that only says where it is, which is at a second scripted backend, so that a test can hold its
streams; in the last test it is the model itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.app import Gateway
from tornado_ollama.backend_switch import BackendSwitch, EmbeddedMode, Pace
from tornado_ollama.embedded.supervisor import COMMAND

from .backend import Backend, Reply, StallBeforeHeaders, Stream, load
from .backend.ollama_like import ollama_like
from .embedded.model_process import Ollama, require_model
from .waiting import until

pytestmark = pytest.mark.gen_test

LOGGER = "tornado_ollama.backend_switch"
CHAT = load("chat-stream").request_body
QUICK = Pace(
    look_every=0.01,
    look_closely=0.01,
    answer_within=0.2,
    answering=0.02,
    refusing=0.05,
    try_again=0.02,
)
UNHURRIED = Pace(look_every=0.2, look_closely=0.1, answering=0.2, refusing=0.4)
"""Leaves the processors to the model."""
NEVER_BACK = replace(QUICK, refusing=3600)

Connect = Callable[[], Any]


class Place:
    """A gateway that began without an Ollama, its real one, and its embedded one."""

    def __init__(self, app: Gateway, real: Backend, starts: Path) -> None:
        self.app, self.real, self._starts = app, real, starts
        self.embedded = Backend(ollama_like)
        self.switch: BackendSwitch

    @property
    def kind(self) -> str:
        return self.app.backend.kind

    @property
    def pids(self) -> list[int]:
        """Of every child that was ever started, the newest last."""
        return [int(line) for line in self._starts.read_text().split()]

    @property
    def asleep(self) -> bool:
        return all(gone(pid) for pid in self.pids)

    def command(self) -> list[str]:
        program = (
            f"import os, sys; open({str(self._starts)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
            f"print('embedded backend on {self.embedded.url}', flush=True); sys.stdin.read()"
        )
        return [sys.executable, "-S", "-c", program]

    async def real_dies(self) -> None:
        await self.real.stop()

    async def real_returns(self) -> None:
        await self.real.start(self.real.port)

    async def becomes(self, kind: str) -> None:
        await until(lambda: self.kind == kind, f"requests go to {kind}")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@asynccontextmanager
async def begun(
    place: Place,
    pace: Pace = QUICK,
    *,
    mode: EmbeddedMode = "auto",
    command: Sequence[str] | None = None,
) -> AsyncIterator[BackendSwitch]:
    await place.embedded.start()
    app = place.app
    place.switch = BackendSwitch(
        app.backend, app.client, mode, command=command or place.command(), pace=pace
    )
    try:
        await place.switch.start()
        yield place.switch
    finally:
        await place.switch.stop()
        await place.embedded.stop()


@pytest.fixture
def place(app: Gateway, backend: Backend, tmp_path: Path) -> Place:
    starts = tmp_path / "starts"
    starts.touch()
    return Place(app, backend, starts)


@pytest.fixture(autouse=True)
def _says_where(expect_log: Callable[..., None]) -> None:
    for message in (
        "Requests go to the embedded backend",
        "looking for it meanwhile",
        "Ollama answers at .*: new requests go there",
    ):
        expect_log(LOGGER, message, optional=True)


async def test_the_real_one_takes_over_and_the_embedded_one_sleeps(
    place: Place, connect: Connect, expect_log: Callable[..., None]
) -> None:
    await place.real_dies()
    async with begun(place):
        assert place.kind == "embedded" and not place.asleep
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: place.asleep, "the child has ended")
        client = await connect()
        assert (await client.request("POST", "/api/chat", body=CHAT)).status == 200
        assert place.real.requests("/api/chat") and not place.embedded.requests("/api/chat")


async def test_a_stream_begun_on_the_embedded_one_runs_to_its_end_before_it_sleeps(
    place: Place, connect: Connect
) -> None:
    await place.real_dies()
    async with begun(place):
        gate = asyncio.Event()
        place.embedded.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
        client = await connect()
        await client.send_request("POST", "/api/chat", body=CHAT)
        response = await client.read_head()
        assert await client.read_chunk(response) == b"one\n"
        await place.real_returns()
        await place.becomes("ollama")
        looks = len(place.real.requests("/api/version"))
        await until(
            lambda: len(place.real.requests("/api/version")) > looks + 3, "it looks some more"
        )
        assert not place.asleep
        gate.set()
        rest = await client.read_body(response)
        assert rest.complete and rest.body == b"two\n"
        await until(lambda: place.asleep, "the child has ended")


async def test_when_the_real_one_dies_the_embedded_one_is_woken(
    place: Place, connect: Connect, expect_log: Callable[..., None]
) -> None:
    expect_log(LOGGER, r"Nothing has answered at .* new requests go to the embedded backend")
    await place.real_dies()
    async with begun(place):
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: place.asleep, "the child has ended")
        await place.real_dies()
        await place.becomes("embedded")
        assert not place.asleep and len(place.pids) == 2
        client = await connect()
        assert (await client.request("POST", "/api/chat", body=CHAT)).status == 200
        health = (await client.request("GET", "/health")).json()
        assert (health["backend"], health["status"]) == ("embedded", "healthy")
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: place.asleep, "the child has ended again")


async def test_the_same_child_stands_in_while_it_still_has_a_stream(
    place: Place, connect: Connect, expect_log: Callable[..., None]
) -> None:
    expect_log(LOGGER, "Nothing has answered at")
    await place.real_dies()
    async with begun(place):
        gate = asyncio.Event()
        place.embedded.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
        client = await connect()
        await client.send_request("POST", "/api/chat", body=CHAT)
        response = await client.read_head()
        await place.real_returns()
        await place.becomes("ollama")
        await place.real_dies()
        await place.becomes("embedded")
        assert len(place.pids) == 1
        gate.set()
        assert (await client.read_body(response)).complete


async def test_a_short_absence_moves_nothing(place: Place) -> None:
    await place.real_dies()
    async with begun(place, NEVER_BACK):
        for _ in range(3):
            await place.real_returns()
            await place.becomes("ollama")
            await until(lambda: place.asleep, "the child has ended")
            await place.real_dies()
            await until(lambda: place.switch._sights.last == "refuses", "it saw that")
            assert place.kind == "ollama"
        assert len(place.pids) == 1


async def test_who_comes_and_goes_is_left(place: Place, expect_log: Callable[..., None]) -> None:
    """Never refused for as long as it takes to have gone."""
    expect_log(LOGGER, "comes and goes: new requests go to the embedded backend")
    await place.real_dies()
    async with begun(place, replace(QUICK, refusing=0.5, answer_within=5)):
        await place.real_returns()
        await place.becomes("ollama")
        await place.real_dies()
        sights = place.switch._sights
        while place.kind == "ollama":
            await until(lambda: sights.lasts_s(now()) > 0.1, "it was refused for a while")
            await place.real_returns()
            await until(lambda: sights.last != "refuses", "it answered")
            await place.real_dies()
            await until(lambda: sights.last == "refuses", "it was refused")


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_one_answer_does_not_take_over(place: Place) -> None:
    await place.real_dies()
    pace = replace(QUICK, answering=3600)
    async with begun(place, pace):
        await place.real_returns()
        await until(lambda: len(place.real.requests("/api/version")) > 3, "it was asked")
        assert place.kind == "embedded"


@pytest.mark.parametrize(
    "behaviour", [StallBeforeHeaders(), Reply(b"no", 502), Reply(b"[]")], ids=repr
)
async def test_who_is_slow_or_answers_nonsense_has_not_refused(
    place: Place, behaviour: Any
) -> None:
    await place.real_dies()
    pace = replace(QUICK, answer_within=0.01, answering=0, refusing=0)
    async with begun(place, pace):
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: place.asleep, "the child has ended")
        place.real.on("/api/version", behaviour)
        await until(lambda: place.switch._sights.last == "unclear", "it saw that")
        looks = len(place.real.requests("/api/version"))
        await until(
            lambda: len(place.real.requests("/api/version")) > looks + 3, "it looks some more"
        )
        assert place.kind == "ollama" and len(place.pids) == 1


async def test_who_began_with_the_real_one_does_not_look(place: Place) -> None:
    async with begun(place) as switch:
        assert place.kind == "ollama" and switch._watch is None and not place.pids
        await place.real_dies()


async def test_always_means_always(place: Place) -> None:
    async with begun(place, mode="always") as switch:
        assert place.kind == "embedded" and switch._watch is None


async def test_a_child_that_dies_while_nobody_needs_it_is_not_missed(
    place: Place, connect: Connect
) -> None:
    """It still had a stream, which is cut; nothing is logged as a fault, nothing is restarted."""
    await place.real_dies()
    async with begun(place):
        place.embedded.on("/api/chat", Stream(b"one\n", asyncio.Event()))
        client = await connect()
        await client.send_request("POST", "/api/chat", body=CHAT)
        response = await client.read_head()
        assert await client.read_chunk(response) == b"one\n"
        await place.real_returns()
        await place.becomes("ollama")
        os.kill(place.pids[0], signal.SIGKILL)
        await until(lambda: place.asleep, "the child has ended")
        client.leave()
        await until(lambda: place.switch._supervisor.url is None, "it has been collected")
        assert len(place.pids) == 1


async def test_a_child_that_cannot_be_woken_is_tried_again(
    place: Place, tmp_path: Path, expect_log: Callable[..., None]
) -> None:
    expect_log(LOGGER, "Nothing answers at .*, and: .*no model here")
    expect_log(LOGGER, "Nothing has answered at", optional=True)
    broken = tmp_path / "broken"
    program = place.command()
    program[-1] = program[-1].replace(
        "\nprint", f"\nif os.path.exists({str(broken)!r}): sys.exit('no model here')\nprint"
    )
    await place.real_dies()
    async with begun(place, command=program):
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: place.asleep, "the child has ended")
        broken.touch()
        await place.real_dies()
        await until(lambda: place.switch._not_before > 0, "it was tried")
        assert place.kind == "ollama"
        broken.unlink()
        await place.becomes("embedded")


async def test_a_reload_that_names_another_ollama_begins_to_wait_anew(
    place: Place, expect_log: Callable[..., None]
) -> None:
    await place.real_dies()
    async with begun(place, NEVER_BACK):
        await place.real_returns()
        await place.becomes("ollama")
        await place.real_dies()
        await until(lambda: place.switch._sights.last == "refuses", "it saw that")
        since = place.switch._sights._since
        place.app.backend.set_real("http://127.0.0.1:1")
        await until(lambda: place.switch._sights._since > since, "it counts from now")


class TestStopping:
    """In every state it leaves no task, no socket and no child."""

    async def test_while_it_looks_for_the_real_one(self, place: Place) -> None:
        await place.real_dies()
        async with begun(place):
            pass
        assert place.asleep and place.pids

    async def test_while_the_child_sleeps(self, place: Place) -> None:
        await place.real_dies()
        async with begun(place):
            await place.real_returns()
            await place.becomes("ollama")
            await until(lambda: place.asleep, "the child has ended")
        await place.switch.stop()

    async def test_while_the_child_is_put_to_sleep(self, place: Place) -> None:
        """It does not end at once when it is asked to."""
        deaf = place.command()
        deaf[-1] += "; import time; time.sleep(0.3)"
        await place.real_dies()
        async with begun(place, command=deaf):
            await place.real_returns()
            await until(lambda: place.switch._supervisor.url is None, "it is asked to end")
        assert place.asleep

    async def test_while_the_child_wakes(
        self, place: Place, expect_log: Callable[..., None], tmp_path: Path
    ) -> None:
        slow = place.command()
        once = str(tmp_path / "once")
        slow[-1] = slow[-1].replace(
            "\nprint", f"\nif os.path.exists({once!r}): sys.stdin.read()\nprint"
        )
        await place.real_dies()
        async with begun(place, command=slow):
            await place.real_returns()
            await place.becomes("ollama")
            await until(lambda: place.asleep, "the child has ended")
            Path(once).touch()
            await place.real_dies()
            await until(lambda: len(place.pids) == 2, "a second one was started")
        assert place.asleep


@pytest.mark.gen_test(timeout=480)
async def test_the_model_itself_sleeps_and_wakes(
    place: Place, http_server: Any, http_port: int, expect_log: Callable[..., None]
) -> None:
    require_model()
    expect_log(LOGGER, "Nothing has answered at")
    gateway = Ollama(f"http://127.0.0.1:{http_port}")

    async def answers() -> bool:
        reply = await asyncio.to_thread(gateway.chat, "Hi", options={"num_predict": 3})
        return bool(reply["message"]["content"])

    await place.real_dies()
    async with begun(place, UNHURRIED, command=(*COMMAND, "--threads", "1")) as switch:
        assert await answers()
        process = switch._supervisor._process
        assert process is not None
        await place.real_returns()
        await place.becomes("ollama")
        await until(lambda: gone(process.pid), "the child has ended, and its memory is free")
        await place.real_dies()
        await place.becomes("embedded")
        assert await answers()
