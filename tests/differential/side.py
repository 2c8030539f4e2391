"""One tree at work: the gateway as a process, its own scripted Ollama, and a barrier."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..backend import Backend, Behaviour, Exchange
from ..backend.ollama_like import ollama_like
from ..process import GatewayProcess
from .client import PATIENCE_S, Client, Replies
from .commands import Commands
from .facts import Facts

BARRIER = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: barrier\r\n\r\n"
ROUNDS = 6
"""Turns of the gateway's loop after which whatever could be done at once has been done."""

PROBES = ("/api/version", "/api/ps")
"""What `/health` asks: at most every two seconds, so it depends on the time of day."""


class Ollama(Backend):
    """The scripted Ollama. The health probe's own questions are answered soundly, whatever the
    script: what it finds is kept for two seconds, and so would reach into other cases."""

    def _choose(self, exchange: Exchange) -> Behaviour:
        return ollama_like if is_probe(exchange) else super()._choose(exchange)


def is_probe(exchange: Exchange) -> bool:
    return exchange.path in PROBES and not exchange.get_list("X-Request-Id")


class Side:
    """The old or the new one."""

    def __init__(self, name: str, tree: Path, directory: Path) -> None:
        """`directory` is new and gets the configuration."""
        self.name = name
        self.tree = tree
        self.directory = directory
        self.ollama = Ollama(ollama_like)
        self.commands = Commands()
        self.probes_count = False
        """Whether a question of the health probe is a fact."""
        self._said_before = ""
        self._barrier: Client | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def port(self) -> int:
        return self.gateway.port

    async def start(self, config: Mapping[str, Any], base_url: str | None = None) -> None:
        """`base_url`: another one than the scripted Ollama's."""
        await self.ollama.start()
        self.directory.mkdir(parents=True)
        self.base_url = base_url or self.ollama.url
        self.write_config(config)
        await self._start_gateway()

    async def _start_gateway(self) -> None:
        self.gateway = GatewayProcess(self.config_file, root=self.tree)
        await self.gateway.start()

    async def revive(self) -> None:
        """Starts another gateway in place of one that a case has ended."""
        if not self.gateway.running:
            self._drop_barrier()
            self._said_before = self.said
            await self._start_gateway()

    @property
    def said(self) -> str:
        """All output of the gateways so far, without what is called otherwise on the other side."""
        return self._said_before + self._plain(self.gateway.stdout + self.gateway.stderr)

    @property
    def config_file(self) -> Path:
        return self.directory / "config.yaml"

    def write_config(self, config: Mapping[str, Any]) -> None:
        whole = dict(config)
        whole["listen"] = {"host": "127.0.0.1", "port": 0} | whole.get("listen", {})
        whole["service"] = {"base_url": self.base_url} | whole.get("service", {})
        self.config_file.write_text(json.dumps(whole), encoding="utf-8")  # JSON is YAML
        self.config_file.chmod(0o600)

    async def reload(self, config: Mapping[str, Any]) -> None:
        """Returns when the gateway says that it has read the new configuration, or not."""
        before = self._reloads()
        self.write_config(config)
        self.gateway.signal(signal.SIGHUP)
        await self.until(lambda: self._reloads() > before)

    def _reloads(self) -> int:
        return self.gateway.stderr.count("The configuration was ")

    async def stop(self) -> int:
        """The exit code of a gateway that is asked to end."""
        self._drop_barrier()
        if self.gateway.running:
            with contextlib.suppress(ProcessLookupError):
                self.gateway.signal(signal.SIGTERM)
        status = await self.gateway.wait()
        await self.ollama.stop()
        await self.commands.stop()
        return status

    async def kill(self) -> None:
        self._drop_barrier()
        await self.gateway.kill()
        self.ollama.take_errors()
        await self.ollama.stop()
        await self.commands.stop()

    # -- a case -------------------------------------------------------------------------------

    def begin(self, case_id: str, *script: Behaviour) -> Facts:
        """Ollama answers by the script, one behaviour a request and the last for ever; without
        one like Ollama."""
        self.ollama.forget()
        if script:
            self.ollama.on("*", *script)
        return Facts({case_id: "<case>"} | self.names)

    @property
    def names(self) -> dict[str, str]:
        """What is called otherwise on the other side, and what stands for it."""
        return {
            f"127.0.0.1:{self.ollama.port}": "<ollama>",
            self.base_url.removeprefix("http://"): "<ollama>",
            f"('127.0.0.1', {self.base_url.rpartition(':')[2]})": "<ollama>",
            f"127.0.0.1:{self.port}": "<gateway>",
            str(self.tree): "<tree>",
            str(self.directory): "<directory>",
        }

    def _plain(self, text: str) -> str:
        for name, stand_in in self.names.items():
            text = text.replace(name, stand_in)
        return text

    async def client(self) -> Client:
        return await Client(self.port, self.pause).open()

    async def pause(self) -> None:
        await self.barrier(1)

    async def barrier(self, rounds: int = ROUNDS) -> None:
        """Lets the gateway's loop turn so often; nothing where it takes no requests any more."""
        async with self._one_at_a_time:
            await self._turn(rounds)

    async def _turn(self, rounds: int) -> None:
        for _ in range(rounds):
            if self._barrier is None:
                try:
                    self._barrier = await self.client()
                except OSError:
                    return
            await self._barrier.send(BARRIER)
            replies = Replies(["GET"])
            while not replies.final:
                data = await self._barrier.receive()
                if not data:
                    self._drop_barrier()
                    return
                replies.feed(data)

    def _drop_barrier(self) -> None:
        if self._barrier is not None:
            self._barrier.leave()
            self._barrier = None

    async def until(self, condition: Any, seconds: float = PATIENCE_S) -> bool:
        """Whether the condition came true in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.002)
        return bool(condition())

    @property
    def seen(self) -> list[Exchange]:
        """The requests that reached Ollama in this case."""
        return [
            exchange
            for exchange in self.ollama.exchanges
            if self.probes_count or not is_probe(exchange)
        ]

    @property
    def busy(self) -> bool:
        return any(not exchange.finished.is_set() for exchange in self.seen)
