"""Two gateways side by side in front of one scripted Ollama: the CPU time of a request and of a
token in each.

They get the same requests in turns, of fifty different tokens; CPU time is read from `/proc`, so
that other load on the machine counts for neither, but for what it leaves in the caches and for the
processor's pace, which both change from second to second: what counts is the median of the ratios
of neighbours. Linux only.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.backend import Backend, Exchange, Reply
from tests.process import GatewayProcess
from tests.raw_client import RawConnection

CALLERS = 50
REQUESTS = 4
"""Of each caller, on one connection, in a round; these are not streamed."""

STREAM_TOKENS = 500
"""Of each of the streams of a round."""
STREAMS = 10

PAIRS = 10
"""Of gateways, one after the other: two processes of the same code differ by some percent for as
long as they live, by where their objects lie in memory."""

Make = Callable[[Path, str], tuple[GatewayProcess, GatewayProcess]]
Found = dict[str, dict[str, list[float]]]
"""By unit and gateway."""

LINE = b'{"model":"m","message":{"role":"assistant","content":"x"},"done":false}\n'
LAST = b'{"model":"m","message":{"content":""},"done":true,"prompt_eval_count":9,"eval_count":9}\n'
BODY = b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":false}'
STREAMED = BODY.replace(b"false", b"true")

CHUNKED = ("Transfer-Encoding", "chunked")


WORKS: dict[str, tuple[str, str, bytes | None]] = {
    "token, /api/chat": ("POST", "/api/chat", STREAMED),
    "token, /v1/chat/completions": ("POST", "/v1/chat/completions", STREAMED),
    "request, /api/chat": ("POST", "/api/chat", BODY),
    "request, /api/version": ("GET", "/api/version", None),
}
"""What `bench.steps` and `bench.instructions` count: method, path and body of each."""


async def reply(exchange: Exchange, tokens: int, pause: Callable[[], Awaitable[object]]) -> None:
    """A short reply, or a stream of so many tokens with a pause after each."""
    if b'"stream":true' not in await exchange.read_body():
        await Reply(LAST)(exchange)
        return
    exchange.write_head(200, [("Content-Type", "application/x-ndjson"), CHUNKED])
    for _ in range(tokens):
        await exchange.write_chunk(LINE)
        await pause()
    await exchange.write_chunk(LAST)
    await exchange.write_chunk(b"")


async def scripted(exchange: Exchange) -> None:
    """A short reply, or a stream in which each token comes alone."""
    await reply(exchange, STREAM_TOKENS, partial(asyncio.sleep, 0))


def token(number: int) -> str:
    return f"bench-{number:05}"


def entry(number: int) -> dict[str, Any]:
    """The token of a caller, for `auth.generate_tokens`."""
    digest = hashlib.sha256(token(number).encode()).hexdigest()
    return {"name": f"t{number}", "sha256": digest}


def plain(backend: str, callers: int = 1) -> dict[str, Any]:
    """A configuration with a token for each caller and no more."""
    return {
        "listen": {"port": 0},
        "service": {"base_url": backend},
        "auth": {"generate_tokens": [entry(number) for number in range(callers)]},
    }


def written(directory: Path, name: str, config: dict[str, Any]) -> Path:
    """The file of a configuration."""
    path = directory / f"{name}.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    path.chmod(0o600)
    return path


def cpu_s(pid: int) -> float:
    """CPU time of all threads of a process, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


async def requests(port: int) -> None:
    async def one(number: int) -> None:
        client = await RawConnection(port).open()
        for _ in range(REQUESTS):
            headers = [("Authorization", f"Bearer {token(number)}")]
            response = await client.request("POST", "/api/chat", headers, BODY)
            assert response.status == 200, response
        client.leave()

    await asyncio.gather(*(one(number) for number in range(CALLERS)))


async def streams(port: int) -> None:
    async def one(number: int) -> None:
        client = await RawConnection(port).open()
        headers = [("Authorization", f"Bearer {token(number)}")]
        response = await client.request("POST", "/api/chat", headers, STREAMED)
        assert response.status == 200 and response.complete
        client.leave()

    await asyncio.gather(*(one(number) for number in range(STREAMS)))


async def measure(make: Make, rounds: int, what: str) -> None:
    """Prints the CPU times. `make` gets a directory and the backend's URL, and makes the gateway
    without and the one with what is measured, which `what` names."""
    backend = Backend(scripted)
    await backend.start()
    found: Found = {"request": {}, "token": {}}
    try:
        for number in range(PAIRS):
            with tempfile.TemporaryDirectory() as name:
                made = dict(zip(("without", "with"), make(Path(name), backend.url), strict=True))
                if number % 2:
                    made = dict(reversed(made.items()))
                await _measure_pair(made, max(1, rounds // PAIRS), found)
    finally:
        await backend.stop()
    for unit, spent_by in found.items():
        tell(unit, list(zip(spent_by["without"], spent_by["with"], strict=True)), what)


def tell(unit: str, both: list[tuple[float, float]], what: str) -> None:
    """Prints what a unit costs in microseconds without what is measured and with it, for each pair
    of neighbours in time."""
    without, more = (statistics.median(spent) for spent in zip(*both, strict=True))
    low, middle, high = statistics.quantiles((b / a - 1 for a, b in both), n=4)
    print(
        f"a {unit}: {without:.1f} us, with {what} {more:.1f} us; {middle:+.1%} "
        f"in {len(both)} pairs, half of them between {low:+.1%} and {high:+.1%}"
    )


async def _measure_pair(gateways: dict[str, GatewayProcess], rounds: int, found: Found) -> None:
    """Adds what each gateway spends on a request and on a token, in microseconds."""
    works = {
        "request": (requests, CALLERS * REQUESTS),
        "token": (streams, STREAMS * STREAM_TOKENS),
    }
    try:
        for gateway in gateways.values():
            await gateway.start()
        for number in range(rounds + 1):
            for unit, (work, count) in works.items():
                turns = [*gateways.items()]
                for kind, gateway in turns[:: 1 if number % 2 else -1]:
                    before = cpu_s(gateway.pid)
                    await work(gateway.port)
                    if number:  # the first round warms up
                        spent = (cpu_s(gateway.pid) - before) / count * 1e6
                        found[unit].setdefault(kind, []).append(spent)
    finally:
        for gateway in gateways.values():
            await gateway.kill()
