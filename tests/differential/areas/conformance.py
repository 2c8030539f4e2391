"""The conformance cases over HTTP, as they are and with `stream` turned over, Ollama's reply in
pieces that ignore the lines."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from ...backend import Exchange
from ...conformance.cases import ALIASES, load
from ...conformance.cases import Case as Conformance
from ...raw_client import request_bytes
from ..exchange import Volley, http
from ..facts import Facts
from ..lanes import Case, Lane
from ..replies import Wire, cut_up, streamed, whole
from ..side import Side

TOKEN = "canary-differential-4b8c1d7e2f6a9053"

CUTS = (0, 3, 9)
"""Of Ollama's reply."""


def lanes(seed: str) -> list[Lane]:
    return [
        _lane(seed, "aliases", [one for one in load() if one.aliases], ALIASES),
        _lane(seed, "no-aliases", [one for one in load() if not one.aliases], {}),
    ]


def _lane(seed: str, name: str, told: list[Conformance], aliases: dict[str, str]) -> Lane:
    config = {"auth": {"generate_tokens": [TOKEN]}, "models": {"aliases": aliases}}
    return Lane("conformance", name, config, list(_cases(seed, told)))


def _cases(seed: str, told: list[Conformance]) -> Iterator[Case]:
    for conformance in told:
        for turned in (False, True) if "POST" in conformance.endpoint else (False,):
            for cuts in CUTS:
                yield _case(seed, conformance, turned, cuts)


def _case(seed: str, conformance: Conformance, turned: bool, cuts: int) -> Case:
    name = f"{conformance.id}{', stream turned over' if turned else ''}, cut {cuts}"
    request = dict(conformance.request or {})
    if turned:
        request["stream"] = not request.get("stream")

    several = request.get("n", 1) != 1 or isinstance(request.get("prompt"), list)

    async def run(side: Side, case_id: str) -> Facts:
        chance = random.Random(f"{seed}/{name}")
        facts = side.begin(case_id, _Answer(conformance, side, chance, cuts))
        headers = [("Authorization", f"Bearer {TOKEN}")]
        if conformance.headers is not None:
            headers = list(conformance.headers.items())
        headers.append(("X-Request-Id", case_id))
        body = json.dumps(request).encode() if conformance.method == "POST" else None
        sent = request_bytes(conformance.method, conformance.path, headers, body)
        await http(
            side,
            facts,
            Volley(cut_up(sent, chance, cuts // 3), [conformance.method]),
            several=several,
        )
        return facts

    return Case(name, run)


class _Answer:
    """Ollama's side: the bodies of the case one after the other, the last for ever."""

    def __init__(
        self, conformance: Conformance, side: Side, chance: random.Random, cuts: int
    ) -> None:
        self._bodies = list(conformance.upstream_bodies) or [b"{}"]
        self._status = conformance.upstream_status
        self._pause = side.pause
        self._chance = chance
        self._cuts = cuts

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.read_body()
        body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
        asked_stream = bool(exchange.body) and exchange.json().get("stream")
        if asked_stream and self._status == 200:
            reply = streamed([body[at : at + 13] for at in range(0, len(body), 13)])
        else:
            kind = "text/plain" if body == b"404 page not found" else "application/json"
            reply = whole(body, self._status, kind)
        await Wire(cut_up(reply, self._chance, self._cuts), self._pause)(exchange)
