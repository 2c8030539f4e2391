"""What happens to a request in each of its phases when its client leaves, when the settings are
read again, when its credential is withdrawn, and when the gateway is told to end.

Each case says whether Ollama saw the end of the request, what the client still got, and whether
the next request is served: the gateways let one request through at a time, so that a turn that is
not given back shows.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator

from ...backend import Behaviour, SlowHeaders, StallBeforeHeaders, StallMidLine, Stream
from ...backend.ollama_like import ollama_like
from ..exchange import ollama_side
from ..facts import Facts
from ..lanes import Case, Lane
from ..side import Side
from ..sockets import as_frame
from ..under_way import (
    BEGUN_BYTES,
    BOTH,
    DOORS,
    LINE,
    ONLY_BOB,
    UPLOAD,
    UPLOAD_BYTES,
    Door,
    Under,
    config,
)
from . import connecting

Phase = Callable[[asyncio.Event], list[Behaviour]]
PHASES: dict[str, Phase] = {
    "queued": lambda gate: [StallBeforeHeaders(), ollama_like],
    "before the head": lambda gate: [StallBeforeHeaders(), ollama_like],
    "in the head": lambda gate: [SlowHeaders(gate=gate), ollama_like],
    "streaming": lambda gate: [Stream(LINE, gate), ollama_like],
    "in a line": lambda gate: [StallMidLine(), ollama_like],
}
"""How Ollama answers up to that phase; the gate lets it go on when all has been seen."""


Event = Callable[[Under], Awaitable[None]]


async def leaves(under: Under) -> None:
    under.clients[-1].leave()


async def resets(under: Under) -> None:
    under.clients[-1].reset()


async def half_closes(under: Under) -> None:
    under.clients[-1].half_close()
    await under.rest()


async def cancels(under: Under) -> None:
    id = (under.door.body or {}).get("id")
    command = {"type": "cancel"} | ({"id": id} if id else {})
    await under.clients[-1].send(as_frame(command))
    assert under.socket is not None
    await under.side.until(lambda: bool(under.socket and _got_done(under)), 3.0)


def _got_done(under: Under) -> bool:
    assert under.socket is not None
    under.socket.feed(under.clients[-1].waiting())
    return under.socket.has("done", None)


async def is_revoked(under: Under) -> None:
    await under.side.reload(ONLY_BOB)
    await under.rest()


async def stays(under: Under) -> None:
    """The settings are read again and have not changed for it."""
    await under.side.reload(BOTH | {"models": {"aliases": {"x": "y"}}})
    await under.side.barrier()
    under.take(under.clients[-1].waiting())
    under.facts.add("#", f"goes on: {not under.clients[-1].closed}")
    under.clients[-1].leave()


EVENTS: dict[str, Event] = {
    "its client leaves": leaves,
    "its client resets": resets,
    "its client half-closes": half_closes,
    "it is cancelled": cancels,
    "it is revoked": is_revoked,
    "it stays": stays,
}


def lanes(seed: str) -> list[Lane]:
    shared = [
        _case(door, phase, event)
        for door in (*DOORS, UPLOAD)
        for phase in PHASES
        for event in EVENTS
        if (door.socket or event != "it is cancelled")
        and (door is not UPLOAD or phase == "before the head")
    ]
    half = len(shared) // 2
    return [
        Lane("lifecycle", "one", BOTH, shared[:half]),
        Lane("lifecycle", "two", BOTH, shared[half:]),
        *_drains(),
        *connecting.lanes(),
    ]


def _case(door: Door, phase: str, event: str) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        gate = asyncio.Event()
        facts = side.begin(case_id, *PHASES[phase](gate))
        under = Under(side, case_id, door, facts)
        try:
            await under.begin(phase)
            await EVENTS[event](under)
            under.tell()
            await under.ollama_saw_the_end()
        finally:
            gate.set()
            under.end()
            await side.barrier()
        side.ollama.on("*", ollama_like)
        if event in ("it is revoked", "it stays"):
            await side.reload(BOTH)
        await under.next_is_served()
        await ollama_side(side, facts, in_order=False)
        return facts

    return Case(f"{door.name}, {phase}: {event}", run)


def _drains() -> Iterator[Lane]:
    """The gateway is told to end: `cut` when the time is up, `finished` within it."""
    asked = [(door, phase) for door in DOORS for phase in DRAINED if door.name in DRAINING]
    asked.append((UPLOAD, "before the head"))
    for end, seconds in (("cut", 0.3), ("finished", 10.0)):
        settings = config("alice", "bob", drain_timeout=seconds)
        yield Lane("lifecycle", end, settings, [_drain(*one, end) for one in asked])
    settings = config("alice", "bob", drain_timeout=10.0)
    twice = [_drain(*one, "second signal") for one in asked[::4]]
    yield Lane("lifecycle", "twice", settings, twice)


DRAINED = ("queued", "before the head", "streaming")
DRAINING = ("chat", "v1 chat", "v1 chat, whole", "ws chat", "ws request")


def _drain(door: Door, phase: str, end: str) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        gate = asyncio.Event()
        first = Stream(LINE, gate, LINE) if phase == "streaming" else Stream(head_gate=gate)
        facts = side.begin(case_id, first, ollama_like)
        # What a second signal cuts off is a race: only its end counts, not what was still said.
        ids = (case_id, "holder") if end != "second signal" else ("barrier", "barrier")
        under = Under(side, ids[0], door, facts, ids[1])
        idle = await side.client()
        try:
            await under.begin(phase)
            before = side.gateway.stderr.count("hutting down")
            side.gateway.signal(signal.SIGTERM)
            await side.until(lambda: side.gateway.stderr.count("hutting down") > before)
            if end == "second signal":
                side.gateway.signal(signal.SIGTERM)
            elif end == "finished":
                gate.set()
                if door is UPLOAD:
                    await under.clients[-1].send(b"x" * (UPLOAD_BYTES - BEGUN_BYTES))
            await under.rest()
            if end != "second signal":
                under.tell()
            if end != "finished":
                await under.ollama_saw_the_end()
            facts.add("#", f"exit code {await side.gateway.wait()}")
        finally:
            gate.set()
            idle.leave()
            under.end()
        return facts

    return Case(f"{door.name}, {phase}: {end}", run)
