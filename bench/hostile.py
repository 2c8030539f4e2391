"""Hostile frames, bodies and headers: CPU time and memory of the gateway, shape by shape.

    python -m bench.hostile [--megabytes 1 31] [--only TEXT]

Each shape gets a fresh gateway on loopback, with a scripted Ollama behind it, and is sent once.
What it costs beyond a plain text of the same size on the same way in may not be more than 50 ms of
CPU a megabyte, and the gateway may not grow by more than ten times the size. Many small units
(chunks, fragments, requests) each have a price of their own, which Tornado pays a little at a
time: of these only the smallest size is sent, and somebody else may not wait longer than 50 ms of
the gateway's CPU for an answer. Ends with status 1 where a bound was broken. Linux only; takes
about a quarter of an hour, a shape at most `PATIENCE_S`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.backend import Backend, Exchange
from tests.gateway.keys import SECURED
from tests.process import GatewayProcess

from .shapes import SHAPES, Shape

MIB = 1 << 20
MAX_MS_PER_MB = 50.0
MAX_GROWTH = 10.0
MAX_WAIT_MS = 50.0
PATIENCE_S = 120.0
QUIET_S = 0.1
QUIET_MS = 2.0

ENDS = re.compile(rb'"type":"(done|error|end)"|\x88[\x02-\x7d][\x03\x0f]')
"""What a socket says last about a frame, or the head of a close frame."""

CONFIG: dict[str, Any] = SECURED | {
    "listen": {"trusted_proxies": ["127.0.0.0/8"]},
    "cors": {"origins": ["https://*.*.example"]},
    "chat": {"default_model": "m"},
    "models": {"defaults": {"*": {"num_ctx": 4096}}},
    "log": {"level": "error"},
}

LINE = b'{"model":"m","message":{"role":"assistant","content":"x"},"done":true}\n'


@dataclass(frozen=True)
class Cost:
    cpu_ms: float
    growth: int
    """Bytes by which the peak of resident memory was above what was there before."""
    wait_ms: float
    """What somebody else who came at any moment waited for an answer: long waits weigh more,
    because more moments lie in them."""
    said: str
    """The status of the answer, or the end of it."""


async def ollama(exchange: Exchange) -> None:
    async for _ in exchange.body_pieces():
        pass
    exchange.write_head(
        200, [("Content-Type", "application/x-ndjson"), ("Content-Length", str(len(LINE)))]
    )
    await exchange.write(LINE)


async def measure(shape: Shape, size: int, directory: Path, backend: Backend) -> Cost:
    process = await start(shape, directory, backend)
    try:
        await warm_up(shape, process.port)
        sent = shape.build(size)
        await quiet(process.pid)
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew
        before, memory = cpu_ms(process.pid), resident(process.pid, "VmRSS")
        waits: list[float] = []
        asking = None
        if shape.units:
            asking = asyncio.ensure_future(ask(process.port, process.pid, waits))
        said = await send(process.port, sent)
        if asking is not None:
            await asyncio.sleep(QUIET_S)  # for the answer that is still awaited
            asking.cancel()
        await quiet(process.pid)
        used = cpu_ms(process.pid) - before
        grown = resident(process.pid, "VmHWM") - memory
        felt = sum(wait * wait for wait in waits) / sum(waits) if waits else 0.0
        return Cost(used, grown, felt, said)
    finally:
        await process.kill()


async def start(shape: Shape, directory: Path, backend: Backend) -> GatewayProcess:
    file = directory / "config.yaml"
    file.write_text(yaml.safe_dump(CONFIG | {"service": {"base_url": backend.url}}))
    process = GatewayProcess(file, ("--port", "0", "--embedded", "never"))
    if shape.server == "embedded":
        process = GatewayProcess(None, directory=directory)
        process.command = [sys.executable, "-m", "tornado_ollama", "embedded", "--port", "0"]
    await process.start()
    return process


async def warm_up(shape: Shape, port: int) -> None:
    """Returns when the process has answered, and the embedded backend has loaded its model."""
    head = b"GET /api/ps HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for _ in range(int(PATIENCE_S / QUIET_S)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        answer = await reader.read(-1)
        writer.close()
        if shape.server == "gateway" or b'"digest"' in answer:
            return
        await asyncio.sleep(QUIET_S)


async def send(port: int, data: bytes) -> str:
    """Sends all of it, or as much as is taken; what came back, in a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sending = asyncio.ensure_future(_write(writer, data))
    heard = b""
    is_socket = data.startswith(b"GET /ws")
    try:
        async with asyncio.timeout(PATIENCE_S):
            while piece := await reader.read(1 << 16):
                heard = (heard + piece)[-4096:] if is_socket else (heard or piece[:64])
                if is_socket and ENDS.search(heard):
                    break
    except ConnectionError:
        heard = heard or b"- reset"
    except TimeoutError:
        heard = b"- nothing"
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()
    if is_socket:
        found = ENDS.search(heard)
        return found[1].decode() if found and found[1] else "closed"
    return heard.split(b" ")[1].decode() if b" " in heard else "closed"


async def ask(port: int, pid: int, waits: list[float]) -> None:
    """Somebody else, who asks again and again whether the gateway is alive. A wait is what the
    gateway computed meanwhile, in ms: that of a clock would be longer on a busy machine."""
    head = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            began = cpu_ms(pid)
            writer.write(head)
            await reader.readuntil(b"}")
            waits.append(cpu_ms(pid) - began)
            await asyncio.sleep(0.005)
    finally:
        writer.transport.abort()


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for at in range(0, len(data), MIB):
            writer.write(data[at : at + MIB])
            await writer.drain()


async def quiet(pid: int) -> None:
    """Returns when the process has used no CPU for a moment."""
    last, still = -1.0, 0
    for _ in range(int(PATIENCE_S / QUIET_S)):
        now = cpu_ms(pid)
        still = still + 1 if now - last < QUIET_MS else 0
        if still == 2:
            return
        last = now
        await asyncio.sleep(QUIET_S)


def cpu_ms(pid: int) -> float:
    """User and system time of all threads; `schedstat` has nanoseconds where `stat` has ticks."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def resident(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


async def run(sizes: list[int], only: str) -> int:
    """Prints the table; the number of breaches."""
    backend = Backend(ollama)
    backend.keep_bodies = False
    await backend.start()
    plain: dict[tuple[str, int], float] = {}
    breaches = 0
    print(f"{'shape':43}  MB   answer   ms/MB    over  memory   wait", flush=True)
    try:
        for shape in SHAPES:
            title = f"{shape.door}: {shape.name}"
            if only not in title and shape.name != "plain":
                continue
            for size in sizes if not shape.units else sizes[:1]:
                with tempfile.TemporaryDirectory() as directory:
                    cost = await measure(shape, size * MIB, Path(directory), backend)
                if shape.name == "plain":
                    plain[shape.door, size] = cost.cpu_ms
                over = (cost.cpu_ms - plain[shape.door, size]) / size
                growth = cost.growth / (size * MIB)
                quick = cost.wait_ms <= MAX_WAIT_MS if shape.units else over <= MAX_MS_PER_MB
                good = quick and growth <= MAX_GROWTH and cost.said != "nothing"
                breaches += not good
                print(
                    f"{title:43} {size:3} {cost.said:>8} {cost.cpu_ms / size:7.1f} {over:7.1f} "
                    f"{growth:6.1f}x {f'{cost.wait_ms:.0f} ms' if shape.units else '':>6} "
                    f"{'' if good else 'BREACH'}",
                    flush=True,
                )
    finally:
        await backend.stop()
    print(f"{breaches} of the bounds were broken" if breaches else "all within the bounds")
    return breaches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[1, 31])
    parser.add_argument("--only", default="", help="shapes whose title holds this text")
    wanted = parser.parse_args()
    sys.exit(bool(asyncio.run(run(wanted.megabytes, wanted.only))))


if __name__ == "__main__":
    main()
