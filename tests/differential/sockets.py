"""The client of `/ws`: sends frames as they are told, keeps those that come, and plays scripts."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..backend import Behaviour
from ..gateway.sockets import HANDSHAKE
from ..raw_client import request_bytes
from .client import PATIENCE_S, Client, Replies
from .exchange import IDLE_ROUNDS, ollama_side, tell
from .facts import Facts, sorted_keys
from .side import Side

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
NAMES = {
    0: "continuation",
    TEXT: "text",
    BINARY: "binary",
    CLOSE: "close",
    PING: "ping",
    10: "pong",
}

Pair = tuple[str, str]
Gates = defaultdict[str, asyncio.Event]
Step = tuple[Any, ...]
"""The name of one of `Talk`'s methods without `do_`, and its arguments."""

_DELTA = re.compile(r'(\{"type":"delta",(?:"id":"[^"]*",)?"content":")((?:[^"\\]|\\.)*)("\})', re.S)
_ID = re.compile(r'"id":("(?:[^"\\]|\\.)*")')


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, bits: int = 0) -> bytes:
    """A client's frame; the mask is zeros, which leave the payload as it is."""
    length = len(payload)
    if length < 126:
        size = bytes([0x80 | length])
    elif length < 1 << 16:
        size = b"\xfe" + length.to_bytes(2, "big")
    else:
        size = b"\xff" + length.to_bytes(8, "big")
    return bytes([(0x80 if fin else 0) | bits | opcode]) + size + b"\0\0\0\0" + payload


def as_frame(value: object) -> bytes:
    """Text as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return frame(text.encode("utf-8", "surrogatepass"))


class Socket:
    """One connection to `/ws`, and the frames that came."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.replies = Replies(["GET"])
        self.frames: list[tuple[int, bytes]] = []
        self._data = bytearray()

    async def open(self, headers: Sequence[Pair]) -> None:
        await self.client.send(request_bytes("GET", "/ws", [*HANDSHAKE, *headers]))
        while self.replies.methods and not self.replies.upgraded:
            data = await self.client.receive()
            if not data:
                return
            self.replies.feed(data)
        self._data, self.replies.data = self.replies.data, bytearray()

    @property
    def closing(self) -> bool:
        return any(opcode == CLOSE for opcode, _ in self.frames)

    def feed(self, data: bytes) -> bool:
        """Whether there are new frames."""
        self._data += data
        before = len(self.frames)
        while (taken := _take_frame(self._data)) is not None:
            self.frames.append(taken)
        return len(self.frames) > before

    def has(self, kind: str, id: str | None) -> bool:
        """Whether the last frame is of this type and id."""
        for opcode, payload in reversed(self.frames):
            if opcode == TEXT:
                text = payload.decode()
                begins = text.startswith(f'{{"type":"{kind}"') or text.startswith(f"{kind}:")
                return begins and (id is None or f'"id":"{id}"' in text)
        return False


def _take_frame(data: bytearray) -> tuple[int, bytes] | None:
    if len(data) < 2:
        return None
    length, at = data[1] & 0x7F, 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, at = int.from_bytes(data[2 : 2 + size], "big"), 2 + size
    if len(data) < at + length:
        return None
    opcode, payload = data[0] & 0x7F, bytes(data[at : at + length])
    del data[: at + length]
    return opcode, payload


@dataclass
class Talk:
    """A script under way on one side."""

    side: Side
    gates: Gates
    sockets: list[Socket]
    current: int = -1

    @property
    def socket(self) -> Socket:
        return self.sockets[self.current]

    async def play(self, steps: Sequence[Step]) -> None:
        for name, *arguments in steps:
            await getattr(self, "do_" + name.replace(" ", "_"))(*arguments)

    async def do_socket(self, headers: Sequence[Pair] = ()) -> None:
        self.sockets.append(Socket(await self.side.client()))
        self.current = len(self.sockets) - 1
        await self.socket.open(headers)

    async def do_use(self, number: int) -> None:
        self.current = number

    async def do_send(self, value: object) -> None:
        await self.socket.client.send(as_frame(value))

    async def do_raw(self, *pieces: bytes) -> None:
        await self.socket.client.send(*pieces)

    async def do_until(self, kind: str, id: str | None = None) -> None:
        """Up to a frame of this type; no further when the socket closes."""
        socket = self.socket
        socket.feed(b"")
        while not socket.has(kind, id) and not socket.closing:
            data = await socket.client.receive()
            if not data:
                return
            socket.feed(data)

    async def do_settle(self) -> None:
        """Until nothing comes and nothing is under way any more."""
        news = True
        while news or self.side.busy:
            await self.side.barrier()
            news = any([socket.feed(socket.client.waiting()) for socket in self.sockets])

    async def do_rest(self) -> None:
        """As `settle`, while Ollama still has something under way on purpose."""
        for _ in range(IDLE_ROUNDS):
            await self.side.barrier()
            for socket in self.sockets:
                socket.feed(socket.client.waiting())

    async def do_open(self, gate: str) -> None:
        self.gates[gate].set()

    async def do_asked(self, count: int) -> None:
        """So many requests have reached Ollama."""
        await self.side.until(lambda: len(self.side.seen) >= count)

    async def do_hung_up(self, number: int) -> None:
        """The gateway has closed the connection of that request."""
        seen = self.side.seen
        done = number < len(seen) and await self.side.until(seen[number].closed.is_set)
        self.socket.frames.append(
            (TEXT, f"# Ollama sees the end of request {number}: {done}".encode())
        )

    async def do_close(self, code: int = 1000) -> None:
        await self.socket.client.send(frame(code.to_bytes(2, "big"), CLOSE))
        await self.do_end()

    async def do_end(self) -> None:
        """Up to the end of the connection; a close frame is answered."""
        socket, answered = self.socket, False
        while not socket.client.closed:
            data = await socket.client.receive(2 * PATIENCE_S)  # strangers are sent away after 5 s
            if data is None:
                return
            socket.feed(data)
            if socket.closing and not answered:
                answered = True
                await socket.client.send(frame(b"\x03\xe8", CLOSE))

    async def do_leave(self) -> None:
        self.socket.feed(self.socket.client.waiting())
        self.socket.client.leave()

    async def do_resume(self, id: str, after: int) -> None:
        """On the current socket, the chat whose name an earlier one was told."""
        said = b"".join(payload for one in self.sockets for _, payload in one.frames).decode()
        names = re.findall(r'"stream":"([^"]+)"', said)
        stream = names[-1] if names else "none"
        await self.do_send({"type": "resume", "id": id, "stream": stream, "after": after})


async def play(
    side: Side,
    facts: Facts,
    steps: Sequence[Step],
    script: Callable[[Gates], Sequence[Behaviour]] | None = None,
    headers: Sequence[Pair] = (),
) -> None:
    """Plays the steps on a new socket; `script` makes Ollama's behaviours."""
    talk = Talk(side, defaultdict(asyncio.Event), [])
    if script is not None:
        side.ollama.on("*", *script(talk.gates))
    try:
        await talk.play([("socket", headers), *steps])
        await talk.do_rest()
        for number, socket in enumerate(talk.sockets):
            facts.add("#", f"socket {number}")
            tell(facts, socket.replies, socket.client.closed)
            for line in told(socket.frames):
                facts.add("<", line)
    finally:
        for socket in talk.sockets:
            socket.client.leave()
        for gate in talk.gates.values():
            gate.set()
    await ollama_side(side, facts, in_order=False, rewrite=sorted_keys)


def told(frames: Sequence[tuple[int, bytes]]) -> list[str]:
    """The frames as text: those of each id together, since jobs run side by side, and text that
    comes in several frames joined, since where it was cut is an accident."""
    by_id: dict[str, list[str]] = defaultdict(list)
    for opcode, payload in frames:
        if opcode == CLOSE:
            code = int.from_bytes(payload[:2], "big")
            by_id["~"].append(f"close {code} {payload[2:].decode('utf-8', 'replace')}")
            continue
        text = payload.decode("utf-8", "replace")
        found = _ID.search(text) if text.startswith('{"type":') else None
        kind = NAMES.get(opcode, f"opcode {opcode}")
        by_id[found[1] if found else ""].append(f"{kind} {text}")
    return [line for key in sorted(by_id) for line in _joined(by_id[key])]


def _joined(lines: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        last = joined[-1] if joined else ""
        new, old = _DELTA.fullmatch(line[5:]), _DELTA.fullmatch(last[5:])
        if new and old and new[1] == old[1]:
            joined[-1] = last[: -len(old[3])] + new[2] + new[3]
        elif _is_plain(line) and _is_plain(last):
            joined[-1] += line[5:]
        else:
            joined.append(line)
    return joined


def _is_plain(line: str) -> bool:
    return line.startswith("text ") and not line[5:].startswith(("{", "#", "Error: "))
