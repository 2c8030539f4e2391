"""Requests over HTTP, and what they and Ollama's side of them leave as facts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .client import PATIENCE_S, Client, Replies, Response
from .facts import Facts, head_lines
from .side import Side

IDLE_ROUNDS = 2
"""Barriers without a byte after which a gateway is waiting for more of the request."""

Rewrite = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Volley:
    """What is sent before an answer is waited for: the pieces of one or of several requests."""

    pieces: Sequence[bytes]
    methods: Sequence[str]
    """Of the requests in it."""
    odd: bool = False
    """It is not known how many answers they deserve, nor whether they are complete."""


async def http(side: Side, facts: Facts, *volleys: Volley, several: bool = False) -> None:
    """Sends the volleys on a connection of their own. `several`: the gateway asks Ollama more than
    one thing at once, so that the order of lines is an accident."""
    client = await side.client()
    try:
        replies = Replies([])
        for volley in volleys:
            replies.methods += volley.methods
            await client.send(*volley.pieces)
            await (_collect_odd if volley.odd else _collect)(side, client, replies)
        await _to_the_end(side, client, replies)
        tell(facts, replies, client.closed, in_order=not several)
    finally:
        client.leave()
    await ollama_side(side, facts, in_order=not several)


async def _collect(side: Side, client: Client, replies: Replies) -> None:
    while (replies.methods or not replies.at_rest) and not replies.upgraded:
        data = await client.receive()
        if not data:
            return
        replies.feed(data)


async def _collect_odd(side: Side, client: Client, replies: Replies) -> None:
    idle = 0
    while idle < IDLE_ROUNDS and not client.closed and not replies.upgraded:
        await side.barrier()
        data = client.waiting()
        replies.feed(data)
        idle = 0 if data or side.busy else idle + 1


async def _to_the_end(side: Side, client: Client, replies: Replies) -> None:
    """Up to the end of the connection where it was announced; else what little may follow."""
    await side.pause()
    replies.feed(client.waiting())
    said_close = replies.found and "close" in replies.found[-1].values("connection")
    unframed = replies.found and replies.found[-1].framing == "until close"
    while (said_close or unframed) and not client.closed:
        data = await client.receive()
        if data is None:
            break
        replies.feed(data)


def tell(facts: Facts, replies: Replies, closed: bool, *, in_order: bool = True) -> None:
    """The replies of a connection as facts."""
    if closed:
        replies.close()
    for reply in replies.found:
        tell_response(facts, reply, in_order=in_order)
    if replies.data and not replies.upgraded:
        facts.add("< surplus", bytes(replies.data))
    facts.add("<", "(closed)" if closed else "(open)")


def tell_response(facts: Facts, reply: Response, *, in_order: bool = True) -> None:
    for line in head_lines(reply.head):
        facts.add("<", line)
    facts.add("<", f"({reply.framing or 'no body'}, {reply.end or 'unfinished'})")
    if reply.body:
        body = bytes(reply.body)
        facts.add("< |", body if in_order else b"".join(sorted(body.splitlines(keepends=True))))


async def ollama_side(
    side: Side, facts: Facts, *, in_order: bool = True, rewrite: Rewrite = bytes
) -> None:
    """The requests that reached Ollama, to the byte. `in_order` False: they came at once, and
    their order is an accident."""
    seen = side.seen
    for exchange in seen:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await exchange.finished.wait()
    if not in_order:
        seen.sort(key=lambda exchange: (exchange.raw_head, bytes(exchange.body)))
    for exchange in seen:
        for line in exchange.raw_head[:-4].split(b"\r\n"):
            facts.add(">", line)
        if exchange.body or not exchange.body_complete.is_set():
            state = "whole" if exchange.body_complete.is_set() else "unfinished"
            facts.add(f"> ({state})", rewrite(bytes(exchange.body)))
    for error in side.ollama.take_errors():
        facts.add("!", f"Ollama's script failed: {error!r}")
