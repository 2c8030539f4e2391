"""The conformance cases as data, and the rules by which a reply matches its expectation.

`cases.jsonl` holds one case a line: the client's request, what must reach Ollama, what Ollama
answers, what the client must get. Objects match as subsets, arrays by length and order, `null`
matches an absent key, `<any>`, `<nonempty>` and `<int>` match what they say, and JSON texts under
`arguments` and `partial_json` are compared after parsing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.responses.validator import valid

HTTP_ONLY = {"err-011", "err-013"}
"""Cases about credentials and methods, which the pure translation never sees."""

ALIASES = {"gpt-4o-mini": "owl3:8b"}
"""Configured for every case but `mod-001`: it counts the models Ollama has, and the aliases that
the mapping (part A4) puts into the list as well would be one more."""


@dataclass
class Case:
    id: str
    endpoint: str
    request: dict[str, Any]
    expect_upstream: Any
    upstream_reply: list[Any]
    expect_reply: Any
    note: str = ""
    upstream_status: int = 200
    expect_status: int = 200
    expect_absent: list[str] = field(default_factory=list)
    expect_headers: Any = None
    headers: dict[str, str] | None = None
    policy: bool = False

    @property
    def method(self) -> str:
        return self.endpoint.split()[0]

    @property
    def path(self) -> str:
        return self.endpoint.split()[1]

    @property
    def aliases(self) -> dict[str, str]:
        return {} if self.id == "mod-001" else ALIASES

    @property
    def upstream_requests(self) -> list[dict[str, Any]]:
        wanted = self.expect_upstream
        return [] if wanted is None else wanted if isinstance(wanted, list) else [wanted]

    @property
    def upstream_bodies(self) -> list[bytes]:
        """What Ollama sends, one body a request."""
        nested = isinstance(self.expect_upstream, list)
        replies = self.upstream_reply if nested else [self.upstream_reply]
        return [_body(reply) for reply in replies]


def _body(reply: list[Any]) -> bytes:
    body = b""
    for line in reply:
        if line == "<eof>":
            break
        if isinstance(line, str):
            body += line.encode()
        else:
            body += json.dumps(line, ensure_ascii=False).encode() + b"\n"
    return body


def load() -> list[Case]:
    lines = (Path(__file__).parent / "cases.jsonl").read_text().splitlines()
    return [Case(**json.loads(line)) for line in lines]


def sse_data(stream: bytes) -> list[Any]:
    """The data of every event, `[DONE]` as it is; comments are passed over."""
    assert stream == b"" or stream.endswith(b"\n\n")
    found = []
    for event in stream.split(b"\n\n")[:-1]:
        while event.startswith(b":"):
            event = event.partition(b"\n")[2]
        if not event:
            continue
        assert event.startswith(b"data: ") and b"\n" not in event and b"\r" not in event
        data = event.removeprefix(b"data: ")
        found.append("[DONE]" if data == b"[DONE]" else json.loads(data))
    return found


def events(path: str, stream: bytes) -> list[Any]:
    """The events of a stream in the form in which the cases have them."""
    if path == "/v1/responses":
        return [{"event": event["type"], "data": event} for event in valid(stream)]
    if path == "/v1/messages":
        return named_events(stream)
    return sse_data(stream)


def named_events(stream: bytes) -> list[Any]:
    """Every event with its name, as Anthropic's cases have them; pings are passed over."""
    assert stream == b"" or stream.endswith(b"\n\n")
    found = []
    for event in stream.split(b"\n\n")[:-1]:
        name, data = event.split(b"\n")
        assert name.startswith(b"event: ") and data.startswith(b"data: ") and b"\r" not in event
        kind = name.removeprefix(b"event: ").decode()
        found.append({"event": kind, "data": json.loads(data.removeprefix(b"data: "))})
    return [event for event in found if event["event"] != "ping"]


def mismatches(expected: Any, actual: Any, path: str = "") -> list[str]:
    """What keeps `actual` from matching, one line each."""
    if expected == "<any>":
        return []
    if expected == "<nonempty>":
        return [] if isinstance(actual, str) and actual else [f"{path}: {actual!r} is empty"]
    if expected == "<int>":
        return [] if type(actual) is int else [f"{path}: {actual!r} is no integer"]
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{path}: {actual!r} is no object"]
        found = []
        for key, value in expected.items():
            here = f"{path}.{key}"
            if value is None:
                if actual.get(key) is not None:
                    found.append(f"{here}: {actual[key]!r} should be null")
            elif key not in actual:
                found.append(f"{here}: missing")
            elif key in ("arguments", "partial_json") and isinstance(value, str) and value:
                found += mismatches(json.loads(value), json.loads(actual[key]), here)
            else:
                found += mismatches(value, actual[key], here)
        return found
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{path}: {actual!r} should have {len(expected)} items"]
        return [
            line
            for index, value in enumerate(expected)
            for line in mismatches(value, actual[index], f"{path}[{index}]")
        ]
    return [] if expected == actual else [f"{path}: {actual!r} should be {expected!r}"]


def present(absent: list[str], upstream: Any, reply: Any) -> list[str]:
    """Those of the `expect_absent` paths that exist all the same."""
    found = []
    for path in absent:
        side, *keys = path.split(".")
        node = upstream if side == "up" else reply
        for key in keys:
            if isinstance(node, list):
                node = node[int(key)] if int(key) < len(node) else None
            else:
                node = node.get(key) if isinstance(node, dict) else None
        if node is not None:
            found.append(f"{path}: {node!r} should be absent")
    return found
