"""Random frames on `/ws`: commands with accidents, among them frames that are none."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from ...gateway.keys import BOUND, GENERATE, MANAGE, SECURED, UNKNOWN, bearer
from ..facts import Facts
from ..grammar import body_for, damage, mutate, native_message, some
from ..lanes import Case, Lane
from ..moods import mood
from ..replies import cut_up
from ..requests import PATHS
from ..side import Side
from ..sockets import BINARY, PING, Pair, Step, frame, play

CASES = 350
"""Of each lane; each has one to six frames."""

TOKENS = (GENERATE, GENERATE, MANAGE, BOUND, UNKNOWN)


def lanes(seed: str) -> list[Lane]:
    return [
        Lane("frames", name, config, [_case(f"{seed}/{name}/{n}", n, name) for n in range(CASES)])
        for name, config in {"open": {}, "secured": SECURED}.items()
    ]


def _case(seed: str, number: int, lane: str) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        chance = random.Random(seed)
        facts = side.begin(case_id)
        token = chance.choice(TOKENS)
        headers: list[Pair] = [("X-Request-Id", case_id)]
        steps: list[Step] = []
        if lane == "secured" and chance.random() < 0.9:
            headers.append(bearer(token))
        elif lane == "secured":
            steps.append(("send", {"type": "auth", "token": token}))
        for _ in range(chance.choice((1, 2, 4, 6))):
            data = _frame(chance)
            facts.add("#", data[:300])
            steps += [("raw", *cut_up(data, chance, chance.choice((0, 0, 0, 2)))), ("settle",)]
        answer = mood(random.Random(f"{seed}/mood"), side.pause)
        await play(side, facts, steps, lambda _: [answer], headers)
        return facts

    return Case(str(number), run)


def _frame(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.03:
        return frame(b"x", chance.choice((PING, BINARY, 3, 0)))
    if kind < 0.06:
        return frame(chance.choice((b"Hi", b"[1]", b'"text"', b"5", b"\xc3\xbc")))
    command = copy.deepcopy(_command(chance))
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        mutate(chance, command)
    ascii_only = chance.random() < 0.5
    data = json.dumps(command, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    data = damage(chance, data) if chance.random() < 0.07 else data
    if chance.random() < 0.1 and len(data) > 1:
        at = chance.randrange(1, len(data))
        return frame(data[:at], fin=False) + frame(data[at:], 0)
    return frame(data)


def _command(chance: random.Random) -> dict[str, Any]:
    kind = chance.random()
    model = chance.choice(("smollm2", "smollm2", "other:7b", "missing", ""))
    if kind < 0.35:
        messages = [native_message(chance) for _ in range(chance.randrange(1, 3))]
        command = {"type": "chat", "id": chance.choice("ab"), "model": model, "messages": messages}
        return command | some(
            chance,
            options={"seed": 1},
            think=True,
            format="json",
            tools=[],
            keep_alive="5m",
            logprobs=True,
        )
    if kind < 0.55:
        return {"text": chance.choice(("Hi", "ü\n")), "model": model}
    if kind < 0.9:
        path = chance.choice([path for path in PATHS if path.startswith(("/api", "/sys", "/v1/m"))])
        method = chance.choice(("GET", "POST", "POST", "POST", "DELETE", "HEAD", "get", "PUT"))
        command = {"type": "request", "id": chance.choice("ab"), "method": method, "path": path}
        if method != "GET":
            try:
                command["body"] = json.loads(body_for(chance, path))
            except (ValueError, RecursionError):
                command["body"] = "text"
        return command
    return {
        "type": chance.choice(("ping", "cancel", "auth", "resume", "x")),
        "id": chance.choice("ab"),
        "token": chance.choice(TOKENS),
        "stream": "x",
    }
