"""Random requests: methods, paths, headers, credentials, bodies and framings, several on one
connection, in random pieces, answered by Ollamas in all moods."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from ...backend.ollama_like import ollama_like
from ...gateway.keys import SECURED
from ..exchange import Volley, http
from ..facts import Facts
from ..lanes import Case, Lane
from ..moods import mood
from ..replies import cut_up
from ..requests import RandomRequest, random_request
from ..side import Side

CASES = 1100
"""Of each lane; each has one to five requests."""

SEVERAL = (b'"n": ', b'"best_of": ', b'"prompt": [')
"""What makes several requests to Ollama of one: a failure of one ends the others, in a race."""

MODELS = {
    "aliases": {"alias": "smollm2", "gpt-4o": "other:7b"},
    "defaults": {"smollm2*": {"num_ctx": 4096, "keep_alive": "3m", "think": False}},
}
CONFIGURED: Mapping[str, Any] = SECURED | {
    "models": MODELS,
    "listen": {"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"], "allowed_hosts": ["gw.example"]},
    "service": {"forward_unknown": True},
    "cors": {"origins": ["https://*.good.example"]},
    "log": {"format": "json"},
    "limits": {"max_body_bytes": 4000},
}
FOR_ALL = {"auth": {**SECURED["auth"], "anonymous": True}, "models": MODELS}


def lanes(seed: str) -> list[Lane]:
    configs = {"open": {}, "secured": SECURED, "configured": CONFIGURED, "for-all": FOR_ALL}
    return [
        Lane("random", name, config, [_case(f"{seed}/{name}/{n}", n, name) for n in range(CASES)])
        for name, config in configs.items()
    ]


def _case(seed: str, number: int, lane: str) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        chance = random.Random(seed)
        count = chance.choice((1, 1, 2, 3, 5))
        requests = [random_request(chance, case_id, secured=lane != "open") for _ in range(count)]
        several = any(word in request.data for request in requests for word in SEVERAL)
        answer = ollama_like if several else mood(random.Random(f"{seed}/mood"), side.pause)
        facts = side.begin(case_id, answer)
        for request in requests:
            facts.add("#", request.data[:300])
        await http(side, facts, *_volleys(chance, requests), several=several)
        return facts

    return Case(str(number), run)


def _volleys(chance: random.Random, requests: list[RandomRequest]) -> list[Volley]:
    """One after the other, or all at once, cut anywhere."""
    if chance.random() < 0.5:
        return [_volley(chance, [request]) for request in requests]
    return [_volley(chance, requests)]


def _volley(chance: random.Random, requests: list[RandomRequest]) -> Volley:
    data = b"".join(request.data for request in requests)
    pieces = cut_up(data, chance, chance.choice((0, 0, 0, 1, 4)))
    odd = any(request.odd for request in requests)
    return Volley(pieces, [request.method for request in requests], odd)
