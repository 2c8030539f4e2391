"""How the scripted Ollama may answer a random request: soundly, oddly, or not to the end."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from ..backend import Behaviour, Exchange, Reset, load, names
from ..backend.ollama_like import ollama_like
from ..backend.transcripts import VERSIONS
from .replies import Pause, Wire, cut_up, recorded, reply_head, streamed, whole

RECORDS = tuple(
    load(name, version)
    for version in VERSIONS
    for name in names(version)
    if not name.startswith(("cors-", "host-", "v1-", "root"))
)
BY_PATH: dict[str, list[Any]] = {}
for _record in RECORDS:
    if _record.method != "HEAD":
        BY_PATH.setdefault(_record.path, []).append(_record)

ERRORS = (
    (400, b'{"error":"bad"}'), (401, b'{"error":"unauthorized"}'), (403, b""), (429, b"{}"),
    (404, b'{"error":"model \'x\' not found"}'), (500, b'{"error":{"message":"m","code":5}}'),
    (503, b'{"error":"server busy, please try again."}'), (500, b"not json"), (200, b"[1]"),
    (200, b"{"), (204, b""), (302, b""), (418, b'{"error":"prompt is too long"}'),
)  # fmt: skip
EXTRA = (
    ("Set-Cookie", "a=b"), ("Location", "/x"), ("Vary", "X"), ("X-Request-Id", "theirs"),
    ("Access-Control-Allow-Origin", "*"), ("X-One", "1"), ("x-one", "2"), ("Server", "ollama"),
    ("Connection", "X-One"), ("Keep-Alive", "timeout=9"), ("X-Latin", "\xe9"), ("Date", "now"),
    ("Cache-Control", "no-store"), ("Content-Encoding", "identity"), ("X-Content-Type-Options", ""),
)  # fmt: skip


def lines(chance: random.Random, path: str) -> list[bytes]:
    """A stream as Ollama might send it on that path, with a surprise now and then."""
    inner: list[Any] = []
    for _ in range(chance.randrange(6)):
        content = chance.choice(("a", "", "ü🦉", '"', "\n", "<think>", "x" * 500, None, 5))
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if chance.random() < 0.2:
            message["thinking"] = "hm"
        if chance.random() < 0.15:
            call = {"function": {"name": "weather", "arguments": {"city": "Oslo"}}}
            message["tool_calls"] = [call] * chance.randrange(1, 3)
        record: dict[str, Any] = {"model": "smollm2", "created_at": "2026-01-02T03:04:05Z"}
        key, value = ("response", content) if "generate" in path else ("message", message)
        inner.append(record | {key: value, "done": False})
    if chance.random() < 0.8:
        last = {"model": "smollm2", "message": {"role": "assistant", "content": ""}, "done": True}
        last |= {"done_reason": chance.choice(("stop", "length", "load", None))}
        if chance.random() < 0.8:
            last |= {"prompt_eval_count": 3, "eval_count": 4, "total_duration": 5_000_000}
        inner.append(last)
    if chance.random() < 0.2:
        surprise: Any = ({"error": "runner stopped"}, [], "text", {}, {"error": {"a": 1}}, None)
        inner.insert(chance.randrange(len(inner) + 1), chance.choice(surprise))
    texts = [json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in inner]
    if chance.random() < 0.1:
        texts.insert(chance.randrange(len(texts) + 1), chance.choice((b"\n", b"{\n", b"\xff\n")))
    return texts


def mood(chance: random.Random, pause: Pause) -> Behaviour:
    """A behaviour for all requests of one case, decided request by request."""

    async def answer(exchange: Exchange) -> None:
        if exchange.method == "HEAD" or chance.random() < 0.3:
            await ollama_like(exchange)
            return
        if chance.random() < 0.03:
            await Reset()(exchange)
            return
        data, close = _reply(chance, exchange.path)
        pieces: Sequence[bytes] = cut_up(data, chance, chance.choice((0, 0, 1, 3)))
        await Wire(pieces, pause, close)(exchange)

    return answer


def _reply(chance: random.Random, path: str) -> tuple[bytes, bool]:
    """A reply on the wire, and whether the connection ends with it. None that is complete and says
    nothing of it: the gateway might or might not see it before it uses the connection again."""
    kind = chance.random()
    if kind < 0.35 and path in BY_PATH:
        return recorded(chance.choice(BY_PATH[path])), False
    if kind < 0.6:
        texts = lines(chance, path)
        if chance.random() < 0.5:
            return streamed(texts), False
        joined = b"".join(texts) or b"{}"
        return streamed(cut_up(joined, chance, 5)), False
    if kind < 0.75:
        status, body = chance.choice(ERRORS)
        return (whole(body, status) if status != 204 else reply_head(204, "None", [])), False
    if kind < 0.85:
        extra = chance.sample(EXTRA, 3)
        head = reply_head(200, "Fine", [("Content-Length", "2"), *extra])
        return head + b"{}", False
    texts = lines(chance, path) or [b"{}\n"]
    sound = streamed(texts)
    trailers = sound[:-5] + b"0;x\r\nX-Trailer: 1\r\n\r\n"
    odd = (
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + sound, False),
        (trailers, False),
        (sound[: chance.randrange(1, len(sound))], True),
        (b"\x16\x03\x01 not http\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"".join(texts), True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", True),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", True),
        (b"", True),
    )
    return chance.choice(odd)
