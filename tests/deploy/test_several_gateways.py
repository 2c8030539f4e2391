"""Several gateways behind HAProxy: a client stays with one, and moves on when that has gone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from ..backend import Backend
from ..backend.ollama_like import ollama_like
from ..gateway.keys import BOTH, bearer
from ..process import GatewayProcess
from .proxies import Proxy
from .test_proxies import BEHIND

pytestmark = [
    pytest.mark.gen_test,
    pytest.mark.parametrize("proxy_name", ["haproxy"], indirect=True),
]

CLIENTS = [f"127.0.0.{number}" for number in range(1, 17)]


class Pair:
    """Two gateways, each with an Ollama of its own, which tells who was asked."""

    def __init__(self, directory: Path) -> None:
        self.ollamas = [Backend(ollama_like), Backend(ollama_like)]
        self.gateways: list[GatewayProcess] = []
        self._directory = directory

    async def start(self) -> Pair:
        for number, ollama in enumerate(self.ollamas):
            await ollama.start()
            file = self._directory / f"gateway-{number}.yaml"
            listen = {**BEHIND["listen"], "host": "127.0.0.1", "port": 0}
            service = {"base_url": ollama.url}
            file.write_text(json.dumps({**BEHIND, "listen": listen, "service": service}))
            self.gateways.append(GatewayProcess(file))
            await self.gateways[-1].start()
        return self

    async def stop(self) -> None:
        for gateway in self.gateways:
            await gateway.kill()
        for ollama in self.ollamas:
            await ollama.stop()

    async def asked(self, proxy: Proxy, source: str) -> int:
        """The number of the gateway that answers a client with this address."""
        before = [len(ollama.requests("/api/ps")) for ollama in self.ollamas]
        client = await proxy.connect(source=source)
        assert (await client.request("GET", "/api/ps", [bearer(BOTH)])).status == 200
        after = [len(ollama.requests("/api/ps")) for ollama in self.ollamas]
        client.leave()
        [number] = [n for n in range(len(before)) if after[n] > before[n]]
        return number


@pytest.fixture
def pair(io_loop: IOLoop, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield io_loop.run_sync(made.start)
    io_loop.run_sync(made.stop)


async def test_a_client_stays_with_its_gateway_and_moves_on_when_that_has_gone(
    start_proxy: Callable[..., Awaitable[Proxy]], pair: Pair
) -> None:
    proxy: Any = await start_proxy(*(gateway.port for gateway in pair.gateways))
    homes = {source: await pair.asked(proxy, source) for source in CLIENTS}
    assert set(homes.values()) == {0, 1}
    assert {source: await pair.asked(proxy, source) for source in CLIENTS} == homes
    await pair.gateways[0].kill()
    for source in CLIENTS:  # at once, not only when HAProxy has noticed
        assert await pair.asked(proxy, source) == 1
