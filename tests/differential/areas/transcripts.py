"""Every recorded exchange on every route that it can answer, whole and cut in several ways."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...backend import Recorded, load, names
from ...backend.transcripts import VERSIONS
from ...gateway.keys import BOTH, BOUND, SECURED, basic, bearer
from ...raw_client import request_bytes
from ..exchange import Volley, http
from ..facts import Facts
from ..lanes import Case, Lane
from ..replies import Wire, cut_up, recorded
from ..side import Side

SYS = ("tags", "ps", "version", "show", "pull", "push", "create", "copy", "delete")

Pair = tuple[str, str]

WAYS_IN: dict[str, list[Pair]] = {
    "nobody": [],
    "both": [basic(BOTH)],
    "bound": [bearer(BOUND)],
}

CUTS = ((0, 0), (3, 0), (0, 4), (2, 12))
"""Of the request and of the reply."""


@dataclass(frozen=True)
class Asked:
    """A request of a client, and the recording that answers what it becomes."""

    method: str
    path: str
    body: bytes
    answer: Recorded


def lanes(seed: str) -> list[Lane]:
    asked = [one for version in VERSIONS for name in names(version) for one in _asks(version, name)]
    return [
        Lane("transcripts", "open", {}, list(_cases(seed, asked, {"nobody": []}, CUTS))),
        Lane("transcripts", "secured", SECURED, list(_cases(seed, asked, WAYS_IN, ((0, 2),)))),
    ]


def _asks(version: str, name: str) -> Iterator[Asked]:
    """The recorded request itself, the same at `/sys`, and those of `/v1` that ask for the same
    from Ollama."""
    record = load(name, version)
    yield Asked(record.method, record.path, record.request_body, record)
    kind = record.path.removeprefix("/api/")
    if kind in SYS and record.path.startswith("/api/"):
        yield Asked(record.method, f"/sys/{kind}", record.request_body, record)
    for path, body in _translated(kind):
        yield Asked("POST" if body else "GET", path, body, record)


def _translated(kind: str) -> Iterator[tuple[str, bytes]]:
    message = [{"role": "user", "content": "Hi"}]
    for stream in (False, True):
        if kind == "chat":
            chat = {"model": "smollm2", "messages": message, "stream": stream}
            yield "/v1/chat/completions", _json(chat)
            yield "/v1/chat/completions", _json(chat | {"stream_options": {"include_usage": True}})
        if kind == "generate":
            ask = {"model": "smollm2", "prompt": "Hi", "stream": stream, "logprobs": 2}
            yield "/v1/completions", _json(ask)
    if kind == "embed":
        yield "/v1/embeddings", _json({"model": "all-minilm", "input": ["a", "b"]})
        yield (
            "/v1/embeddings",
            _json({"model": "all-minilm", "input": "a", "encoding_format": "base64"}),
        )
    if kind == "tags":
        yield "/v1/models", b""
    if kind == "show":
        yield "/v1/models/smollm2", b""


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _cases(
    seed: str, asked: Sequence[Asked], ways_in: dict[str, list[Pair]], cuts: Sequence[Sequence[int]]
) -> Iterator[Case]:
    for number, one in enumerate(asked):
        for way, credential in ways_in.items():
            for split in cuts:
                answer = one.answer
                name = f"{answer.version} {answer.name} at {one.path}, {way}, cut {split}"
                yield _case(name, f"{seed}/{number}/{split}", one, credential, split)


def _case(
    name: str, seed: str, asked: Asked, credential: Sequence[Pair], split: Sequence[int]
) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        chance = random.Random(seed)
        headers = [*credential, ("X-Request-Id", case_id), ("Content-Type", "application/json")]
        sent = request_bytes(asked.method, asked.path, headers, asked.body or None)
        pieces = cut_up(recorded(asked.answer), chance, split[1])
        facts = side.begin(case_id, Wire(pieces, side.pause))
        await http(side, facts, Volley(cut_up(sent, chance, split[0]), [asked.method]))
        return facts

    return Case(name, run)
