"""Frames that are wrong, and the recorded exchanges as frames."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...backend import Behaviour, Exchange, load
from ...backend import names as recorded_names
from ...backend.transcripts import VERSIONS
from ..lanes import Case
from ..replies import Wire, recorded
from ..scripts import chat, request, talk
from ..sockets import BINARY, CLOSE, PING, PONG, TEXT, Gates, as_frame, frame


def bad_frames() -> Iterator[Case]:
    ping = as_frame({"type": "ping"})
    texts = (
        "{}", '{"type":"x"}', '{"type":null}', '{"text":""}', '{"text":5}', '{"text":" "}', "",
        '{"type":"chat"}', '{"type":"request","id":"a"}', '{"type":"request","id":"a","path":5}',
        '{"type":"request","id":"a","path":"/api/tags","x":1}', '{"type":"resume"}',
        '{"type":"auth"}',
        '{"type":"resume","id":"a","stream":"s","after":true}', '{"type":"cancel","id":5}',
        '{"type":"ping","type":"auth"}', '{"type":"ping"} ', ' {"type":"ping"}', '{"type":"ping"}x',
        '{"text":"\\ud83d","model":"smollm2"}', '{"type":"chat","id":"\\ud83d"}', '{"a":' * 3000,
        '{"TYPE":"ping"}', '{"type":"ping","x":NaN}', '\ufeff{"type":"ping"}', "null",
        json.dumps(chat("a"))[:-1] + ',"model":"other"}', json.dumps(chat("é\u2028")),
    )  # fmt: skip
    for text in texts:
        yield talk(f"frame {text[:40]!r}", ("send", text), ("settle",), ("raw", ping), ("settle",))
    raws: dict[str, tuple[bytes, ...]] = {
        "binary": (frame(b"{}", BINARY),),
        "unmasked": (b"\x81\x02{}",),
        "reserved bit": (frame(b"{}", bits=0x40),),
        "opcode 3": (frame(b"{}", 3),),
        "opcode 11": (frame(b"", 11),),
        "ping frame": (frame(b"abc", PING),),
        "pong frame": (frame(b"abc", PONG),),
        "long ping": (frame(b"a" * 126, PING),),
        "ping in two": (frame(b"a", PING, fin=False),),
        "not UTF-8": (frame(b"\xff\xfe"),),
        "continuation of nothing": (frame(b"a", 0),),
        "text in text": (frame(b"{", TEXT, fin=False), frame(b"}", TEXT)),
        "in three": (frame(b'{"type"', fin=False), frame(b":", 0, fin=False), frame(b'"ping"}', 0)),
        "ping between": (frame(b'{"type":', fin=False), frame(b"x", PING), frame(b'"ping"}', 0)),
        "too long": (b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"\0\0\0\0",),
        "byte by byte": tuple(bytes([byte]) for byte in ping),
        "close without code": (frame(b"", CLOSE),),
        "close with one byte": (frame(b"\x03", CLOSE),),
        "close 1005": (frame(b"\x03\xed", CLOSE),),
        "close with reason": (frame(b"\x03\xe8bye", CLOSE),),
        "two closes": (frame(b"\x03\xe8", CLOSE), ping),
        "not a frame": (b"GET / HTTP/1.1\r\n\r\n",),
    }
    for name, pieces in raws.items():
        yield talk(name, ("raw", *pieces), ("settle",), ("raw", ping), ("settle",))
    for name, headers in {
        "version 12": [("Sec-WebSocket-Version", "12")],
        "another origin": [("Origin", "https://evil.example")],
        "own origin": [("Origin", "http://localhost")],
        "local origin": [("Origin", "http://localhost:3000")],
        "deflate": [("Sec-WebSocket-Extensions", "permessage-deflate")],
        "subprotocols": [("Sec-WebSocket-Protocol", "chat, ollama.bearer")],
    }.items():
        yield talk(name, ("raw", ping), ("settle",), headers=headers)


def recorded_exchanges() -> Iterator[Case]:
    """Each recorded native exchange as a `request` frame, and each chat as a `chat` frame."""
    for version in VERSIONS:
        for name in recorded_names(version):
            record = load(name, version)
            if name.startswith(("v1-", "cors-", "host-")):
                continue

            def script(_: Gates, raw: bytes = recorded(record)) -> Sequence[Behaviour]:
                async def answer(exchange: Exchange) -> None:
                    await Wire([raw], exchange.read_body)(exchange)  # type: ignore[arg-type]

                return [answer]

            try:
                body = {"body": json.loads(record.request_body)} if record.request_body else {}
            except ValueError:
                body = {}
            asked = request("r", record.path, record.method, **body)
            yield talk(
                f"{version} {name} as a request", ("send", asked), ("settle",), script=script
            )
            if record.path == "/api/chat":
                yield talk(
                    f"{version} {name} as a chat", ("send", chat("c")), ("settle",), script=script
                )
