"""Requests whose connection to Ollama does not come about, and what `/health` asks of Ollama."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from ...backend.network import connecting_to, full_backlog, refusing_port
from ...raw_client import request_bytes
from ..exchange import Volley, http
from ..facts import Facts
from ..lanes import Case, Lane
from ..side import Side
from ..sockets import Socket, as_frame
from ..under_way import ALICE, BOTH, DOORS, ONLY_BOB, UPLOAD, Door

_ports = contextlib.ExitStack()
"""Full backlogs last as long as the harness."""


def lanes() -> list[Lane]:
    def silent() -> str:
        return f"http://127.0.0.1:{_ports.enter_context(full_backlog())}"

    def closed() -> str:
        return f"http://127.0.0.1:{refusing_port()}"

    doors = (*DOORS, UPLOAD)
    waiting = [_given_up(door, event) for door in doors for event in ("leaves", "is revoked")]
    return [
        Lane("lifecycle", "connecting", BOTH, waiting, base_url=silent),
        Lane("lifecycle", "refused", BOTH, list(_refused(doors)), base_url=closed),
        Lane("lifecycle", "health", BOTH, [_health()], keep_probes=True),
    ]


def _given_up(door: Door, event: str) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        facts = side.begin(case_id)
        port = urlsplit(side.base_url).port or 0
        before = connecting_to(port)
        for number in range(2):  # the second gets a turn only if the first gave it back
            client = await side.client()
            if door.socket:
                headers = [("Authorization", f"Bearer {ALICE}"), ("X-Request-Id", case_id)]
                await Socket(client).open(headers)
                await client.send(as_frame(door.body))
            else:
                await client.send(door.request(ALICE, case_id))
            begun = await side.until(lambda: connecting_to(port) > before)
            if event == "leaves":
                client.leave()
            else:
                await side.reload(ONLY_BOB)
            over = await side.until(lambda: connecting_to(port) == before)
            facts.add("#", f"attempt {number}: begun {begun}, given up {over}")
            client.leave()
            if event != "leaves":
                await side.reload(BOTH)
        return facts

    return Case(f"{door.name}, connecting: {event}", run)


def _refused(doors: tuple[Door, ...]) -> Iterator[Case]:
    for door in doors:
        if door.socket:
            continue

        async def run(side: Side, case_id: str, door: Door = door) -> Facts:
            facts = side.begin(case_id)
            pieces = [door.request(ALICE, case_id)]
            await http(side, facts, Volley(pieces, [door.method], odd=door is UPLOAD))
            return facts

        yield Case(f"{door.name}, refused", run)


def _health() -> Case:
    """Ollama is asked once in two seconds, whoever asks."""

    async def run(side: Side, case_id: str) -> Facts:
        facts = side.begin(case_id)
        bearer = ("Authorization", f"Bearer {ALICE}")
        asked = [
            request_bytes(method, "/health", [("X-Request-Id", case_id), *headers])
            for method, headers in (("GET", []), ("GET", [bearer]), ("HEAD", [bearer]))
        ]
        await http(side, facts, Volley([b"".join(asked)], ["GET", "GET", "HEAD"]))
        return facts

    return Case("three questions", run)
