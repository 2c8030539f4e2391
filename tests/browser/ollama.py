"""A scripted Ollama for the page, on a loop of its own in a thread.

Playwright's sync API occupies the test's thread, so the backend runs beside it; what a test says
to it is handed over with `call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ..backend import Backend, Behaviour, Exchange, json_reply
from ..backend.ollama_like import ollama_like
from ..waiting import PATIENCE_S


def model(
    name: str, *capabilities: str, size: int = 2_000_000_000, parameters: str = "3.2B"
) -> dict[str, Any]:
    """An entry of /api/tags."""
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-11-21T04:43:51Z",
        "size": size,
        "digest": "0" * 64,
        "details": {"parameter_size": parameters, "quantization_level": "Q4_K_M"},
        "capabilities": list(capabilities),
    }


MODELS = [
    model("talker:3b", "completion", "tools"),
    model("thinker:8b", "completion", "thinking", size=5_200_000_000),
    model("seer:4b", "completion", "vision"),
    model("embedder:latest", "embedding"),
]


class Talk:
    """An answer to /api/chat that is spoken piece by piece, when the test says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.asked = threading.Event()
        self.left = threading.Event()
        """Set when the gateway hung up before the answer was over."""
        self.request: dict[str, Any] = {}
        self._breaks = False

    async def __call__(self, exchange: Exchange) -> None:
        self.request = exchange.json() if await exchange.read_body() else {}
        self.asked.set()
        gone = asyncio.ensure_future(exchange.until_closed())
        try:
            await self._speak(exchange, gone)
        finally:
            gone.cancel()

    async def _speak(self, exchange: Exchange, gone: asyncio.Future[None]) -> None:
        begun = False
        while True:
            line = asyncio.ensure_future(self._lines.get())
            try:
                both: set[asyncio.Future[Any]] = {line, gone}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                line.cancel()
            if gone.done():
                self.left.set()
                return
            if not begun:
                head = [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")]
                exchange.write_head(200, head)
                begun = True
            said = line.result()
            if said is None:
                break
            await exchange.write_chunk(said)
        if self._breaks:
            exchange.keep_alive = False
        else:
            await exchange.write(b"0\r\n\r\n")

    def say(self, content: str = "", **message: Any) -> None:
        """One line of the answer."""
        self.put(message={"role": "assistant", "content": content, **message}, done=False)

    def end(self, reason: str = "stop", prompt: int = 12, reply: int = 34) -> None:
        """The last line with its counters, and the end of the stream."""
        self.put(
            message={"role": "assistant", "content": ""},
            done=True,
            done_reason=reason,
            total_duration=2_500_000_000,
            load_duration=400_000_000,
            prompt_eval_count=prompt,
            prompt_eval_duration=100_000_000,
            eval_count=reply,
            eval_duration=2_000_000_000,
        )
        self.hang_up()

    def fail(self, message: str) -> None:
        """Ollama's own error line in the middle of an answer."""
        self.put(error=message)
        self.hang_up()

    def hang_up(self) -> None:
        """Ends the stream, with or without a last line before."""
        self._loop.call_soon_threadsafe(self._lines.put_nowait, None)

    def break_off(self) -> None:
        """Closes the connection before the end of the stream."""
        self._breaks = True
        self.hang_up()

    def put(self, **line: Any) -> None:
        """A line of any kind."""
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        self._loop.call_soon_threadsafe(self._lines.put_nowait, data)


class ScriptedOllama:
    """The backend and its thread. `talk()` scripts the next answer, `on` any other route."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-ollama")
        self._backend = Backend(ollama_like)

    def start(self) -> None:
        self._thread.start()
        self._run(self._backend.start)
        self.reset()

    def stop(self) -> None:
        self._run(self._backend.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        return self._backend.url

    def reset(self) -> None:
        """Answers as after the start: four models, none in memory."""
        self._asked_before = len(self._backend.requests("/api/chat"))
        self._backend._scripts.clear()
        self.on("/api/tags", json_reply({"models": MODELS}))
        self.on("/api/ps", json_reply({"models": []}))

    def on(self, path: str, *behaviours: Behaviour) -> None:
        self._backend.on(path, *behaviours)

    def talk(self, count: int = 1) -> list[Talk]:
        """Scripts the next `count` answers."""
        return self.talks_on("/api/chat", count)

    def talk_on(self, path: str) -> Talk:
        """Scripts the next answer of another route that streams."""
        (talk,) = self.talks_on(path, 1)
        return talk

    def talks_on(self, path: str, count: int) -> list[Talk]:
        """Scripts the next `count` answers of a route that streams."""
        talks = [Talk(self._loop) for _ in range(count)]
        self.on(path, *talks)
        return talks

    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the chats that were asked since the test began."""
        exchanges = self._backend.requests("/api/chat")[self._asked_before :]
        return [exchange.json() for exchange in exchanges]

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        asyncio.run_coroutine_threadsafe(_awaited(work), self._loop).result(PATIENCE_S)


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
