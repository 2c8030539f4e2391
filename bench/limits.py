"""What limits cost: the gateway's CPU time for a request and for a token, with and without them.

    python -m bench.limits [--rounds 20]

Two gateways run side by side, in front of one scripted Ollama: one with a single token and no
limits, one with 10,000 tokens, each with limits of requests, tokens, slots and priority of its own,
and with a group. They get the same requests in turns, of fifty different tokens; CPU time is read
from `/proc`, so that other load on the machine counts for neither, but for what it leaves in the
caches: the least of the rounds is the least disturbed. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.backend import Backend, Exchange, Reply
from tests.process import GatewayProcess
from tests.raw_client import RawConnection

TOKENS = 10_000
CALLERS = 50
REQUESTS = 10
"""Of each caller, on one connection, in a round; these are not streamed."""

STREAM_TOKENS = 2000
"""Of each of the streams of a round."""
STREAMS = 10

LINE = b'{"model":"m","message":{"role":"assistant","content":"x"},"done":false}\n'
LAST = b'{"model":"m","message":{"content":""},"done":true,"prompt_eval_count":9,"eval_count":9}\n'
BODY = b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":false}'
STREAMED = BODY.replace(b"false", b"true")

CHUNKED = ("Transfer-Encoding", "chunked")

QUOTA = {
    "requests_per_minute": 10**8,
    "tokens_per_minute": 10**9,
    "tokens_per_day": 10**10,
    "max_parallel": 100,
    "max_queued": 100,
    "priority": 3,
}


async def scripted(exchange: Exchange) -> None:
    """A short reply, or a stream in which each token comes alone."""
    body = await exchange.read_body()
    if body == BODY:
        await Reply(LAST)(exchange)
        return
    exchange.write_head(200, [("Content-Type", "application/x-ndjson"), CHUNKED])
    for _ in range(STREAM_TOKENS):
        await exchange.write_chunk(LINE)
        await asyncio.sleep(0)
    await exchange.write_chunk(LAST)
    await exchange.write_chunk(b"")


def token(number: int) -> str:
    return f"bench-{number:05}"


def written(directory: Path, name: str, backend: str, *, limited: bool) -> Path:
    """The configuration of one of the two."""
    count = TOKENS if limited else CALLERS
    entries: list[Any] = []
    for number in range(count):
        entry: dict[str, Any] = {
            "name": f"t{number}",
            "sha256": hashlib.sha256(token(number).encode()).hexdigest(),
        }
        if limited:
            entry |= {"limits": QUOTA | {"priority": 1 + number % 100}, "groups": ["all"]}
        entries.append(entry)
    config: dict[str, Any] = {
        "listen": {"port": 0},
        "service": {"base_url": backend},
        "auth": {"generate_tokens": entries},
        "log": {"level": "error"},
        "limits": {"max_parallel": 64 if limited else 0},
    }
    if limited:
        config["limits"]["groups"] = {"all": {"messages_per_minute": 10**6}}
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


async def measure(rounds: int) -> None:
    backend = Backend(scripted)
    await backend.start()
    with tempfile.TemporaryDirectory() as name:
        found: dict[str, dict[str, list[float]]] = {"request": {}, "token": {}}
        gateways = {}
        for kind in ("without", "with"):
            path = written(Path(name), kind, backend.url, limited=kind == "with")
            gateways[kind] = GatewayProcess(path)
            await gateways[kind].start()
        works = {
            "request": (requests, CALLERS * REQUESTS),
            "token": (streams, STREAMS * STREAM_TOKENS),
        }
        try:
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
            await backend.stop()
    for unit, spent_by in found.items():
        for name, of in (("median", statistics.median), ("least", min)):
            without, limited = of(spent_by["without"]), of(spent_by["with"])
            more = (limited / without - 1) * 100
            print(
                f"a {unit}, {name}: {without:.1f} us, with limits {limited:.1f} us ({more:+.1f} %)"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time with and without limits")
    parser.add_argument("--rounds", type=int, default=20)
    asyncio.run(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
