"""A request that is brought into one of its phases and kept there, so that something can happen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..backend import Exchange
from ..raw_client import request_bytes
from .client import Client, Replies
from .exchange import tell
from .facts import Facts
from .side import Side
from .sockets import Socket, as_frame, told

ALICE, BOB = "canary-alice-5f4e3d2c1b0a9f8e", "canary-bob-0a1b2c3d4e5f6071"
BLOB = "/api/blobs/sha256:" + "ab" * 32
UPLOAD_BYTES, BEGUN_BYTES = 2_000_000, 5000
"""Of an upload, large enough to be passed on as it comes, and of what is sent of it at first."""
LINE = b'{"model":"smollm2","message":{"role":"assistant","content":"Hi"},"done":false}\n'


def config(*names: str, **listen: Any) -> dict[str, Any]:
    tokens = {"alice": ALICE, "bob": BOB}
    entries = [{"name": name, "token": tokens[name]} for name in names]
    return {
        "auth": {"generate_tokens": entries, "model_tokens": entries},
        "limits": {"max_parallel": 1, "max_queued": 2},
        "listen": listen,
    }


BOTH, ONLY_BOB = config("alice", "bob"), config("bob")


@dataclass(frozen=True)
class Door:
    """A request that Ollama computes for, or an upload."""

    name: str
    method: str
    path: str
    body: dict[str, Any] | None
    socket: bool = False

    def request(self, token: str, request_id: str) -> bytes:
        headers = [("Authorization", f"Bearer {token}"), ("X-Request-Id", request_id)]
        if self.body is None:  # an upload of which only the beginning comes
            headers.append(("Content-Length", str(UPLOAD_BYTES)))
            return request_bytes(self.method, self.path, headers, b"x" * BEGUN_BYTES)
        return request_bytes(self.method, self.path, headers, json.dumps(self.body).encode())


HI = [{"role": "user", "content": "Hi"}]
CHAT = {"model": "smollm2", "messages": HI}
UPLOAD = Door("an upload", "POST", BLOB, None)
DOORS = (
    Door("chat", "POST", "/api/chat", CHAT),
    Door("chat, whole", "POST", "/api/chat", CHAT | {"stream": False}),
    Door("generate", "POST", "/api/generate", {"model": "smollm2", "prompt": "Hi"}),
    Door("embed", "POST", "/api/embed", {"model": "smollm2", "input": "Hi"}),
    Door("v1 chat", "POST", "/v1/chat/completions", CHAT | {"stream": True}),
    Door("v1 chat, whole", "POST", "/v1/chat/completions", CHAT),
    Door("v1 completion", "POST", "/v1/completions", {"model": "a", "prompt": "b", "stream": True}),
    Door("v1 embeddings", "POST", "/v1/embeddings", {"model": "a", "input": "b"}),
    Door("ws chat", "GET", "/ws", {"type": "chat", "id": "a", **CHAT}, socket=True),
    Door("ws turn", "GET", "/ws", {"text": "Hi", "model": "smollm2"}, socket=True),
    Door(
        "ws request",
        "GET",
        "/ws",
        {"type": "request", "id": "a", "method": "POST", "path": "/api/chat", "body": CHAT},
        socket=True,
    ),
)


@dataclass
class Under:
    """A request under way on one side."""

    side: Side
    case_id: str
    door: Door
    facts: Facts
    holder_id: str = "holder"
    """Of the request that has the turn while this one is queued."""
    clients: list[Client] = field(default_factory=list)
    replies: Replies = field(default_factory=lambda: Replies(["GET"]))
    socket: Socket | None = None
    exchange: Exchange | None = None
    """At Ollama; None while it waits for its turn."""

    async def begin(self, phase: str) -> None:
        if phase == "queued":
            holder = await self._client()
            await holder.send(DOORS[0].request(BOB, self.holder_id))
            await self.side.until(lambda: len(self.side.seen) == 1)
        before = len(self.side.seen)
        client = await self._client()
        if self.door.socket:
            self.socket = Socket(client)
            who = [("Authorization", f"Bearer {ALICE}"), ("X-Request-Id", self.case_id)]
            await self.socket.open(who)
            await client.send(as_frame(self.door.body))
        else:
            self.replies.methods[:] = [self.door.method]
            await client.send(self.door.request(ALICE, self.case_id))
        if phase == "queued":
            await self.side.barrier()
            await self.side.barrier()
            return
        await self.side.until(lambda: len(self.side.seen) > before)
        if len(self.side.seen) > before:
            self.exchange = self.side.seen[before]
        await self._reach(phase)

    async def _reach(self, phase: str) -> None:
        assert self.exchange is not None, "the request did not come to Ollama"
        exchange = self.exchange
        if self.door is UPLOAD:
            await self.side.until(lambda: exchange.received == BEGUN_BYTES)
        elif phase == "in the head":
            await self.side.until(lambda: exchange.sent == 20)
        elif phase != "before the head":
            await self.side.until(lambda: exchange.sent > 0)
        await self.side.barrier()
        await self.side.barrier()
        self.take(self.clients[-1].waiting())

    async def _client(self) -> Client:
        self.clients.append(await self.side.client())
        return self.clients[-1]

    def take(self, data: bytes) -> None:
        if self.socket is not None:
            self.socket.feed(data)
        else:
            self.replies.feed(data)

    async def rest(self) -> None:
        """What the client still gets, up to the end of the connection or of the reply."""
        client = self.clients[-1]
        while not client.closed and self.replies.methods + [1] * (not self.replies.at_rest):
            data = await client.receive(2.0)
            if data is None:
                break
            self.take(data)
            if self.socket is not None and self.socket.closing:
                break

    def tell(self) -> None:
        if self.socket is None:
            tell(self.facts, self.replies, self.clients[-1].closed)
        else:
            for line in told(self.socket.frames):
                self.facts.add("<", line)
            self.facts.add("<", "(closed)" if self.clients[-1].closed else "(open)")

    async def ollama_saw_the_end(self) -> None:
        if self.exchange is None:
            self.facts.add("#", "it never came to Ollama")
        else:
            closed = await self.side.until(self.exchange.closed.is_set, 3.0)
            self.facts.add("#", f"Ollama saw the end: {closed}")

    async def next_is_served(self) -> None:
        """Two requests more, one of them while the other has its turn."""
        for number in range(2):
            asked = Door("next", "POST", "/api/chat", CHAT | {"stream": False})
            client = await self.side.client()
            replies = Replies(["POST"])
            await client.send(asked.request(BOB, f"{self.case_id}"))
            while replies.methods or not replies.at_rest:
                data = await client.receive(2.0)
                if not data:
                    break
                replies.feed(data)
            status = replies.final[-1].status if replies.final else "no answer"
            self.facts.add("#", f"request {number} after it: {status}")
            client.leave()

    def end(self) -> None:
        for client in self.clients:
            client.leave()
