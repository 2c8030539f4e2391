"""What is large or slow never fills the gateway's memory: peak resident memory of the process.

Linux only: the kernel keeps the peak (VmHWM).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from ..backend import Backend, Stream
from ..raw_client import RawConnection
from ..waiting import settled

pytestmark = [
    pytest.mark.gen_test(timeout=240),
    pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc"),
]

MIB = 1 << 20
LIMIT = 100 * MIB
BLOB = "/api/blobs/sha256:" + "0" * 64


async def test_a_blob_of_1_gib(gateway_process: Any, backend: Backend) -> None:
    backend.keep_bodies = False
    process = await gateway_process()
    client = await RawConnection(process.port).open()
    total = 1024 * MIB
    piece = b"z" * MIB
    await client.send_request("POST", BLOB, [("Content-Length", str(total))])
    for _ in range(total // len(piece)):
        await client.send(piece)
    async with asyncio.timeout(60):
        assert (await client.read_response()).status == 201
    client.leave()
    assert backend.exchanges[0].received == total
    assert process.peak_memory() < LIMIT


async def test_a_slow_reader_of_200_mib(gateway_process: Any, backend: Backend) -> None:
    total = 200 * MIB
    backend.on("/api/generate", Stream(*[b"x" * 65536] * (total // 65536)))
    process = await gateway_process()
    client = await RawConnection(process.port).open()
    await client.send_request("POST", "/api/generate", body=b'{"model":"m"}')
    response = await client.read_head()
    exchange = await backend.next_request("/api/generate")
    assert await settled(lambda: exchange.sent) < 64 * MIB  # nobody reads, so nobody sends
    received = 0
    while chunk := await client.read_chunk(response):
        received += len(chunk)
    assert response.complete and received == total
    client.leave()
    assert process.peak_memory() < LIMIT


async def test_twenty_clients_that_read_nothing(gateway_process: Any, backend: Backend) -> None:
    backend.on("/api/generate", Stream(*[b"x" * 65536] * 1600))
    process = await gateway_process()
    clients = [await RawConnection(process.port).open() for _ in range(20)]
    for client in clients:
        await client.send_request("POST", "/api/generate", body=b'{"model":"m"}')
    for _ in clients:
        await backend.next_request("/api/generate")
    await settled(lambda: sum(exchange.sent for exchange in backend.exchanges))
    assert process.peak_memory() < LIMIT
    for client in clients:
        client.leave()
    for exchange in backend.exchanges:
        await exchange.closed.wait()
