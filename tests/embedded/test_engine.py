from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.embedded.engine import QUEUE, SLOTS, Engine, processors, threads_for
from tornado_ollama.embedded.refusal import Refusal

from .model_process import require_model


@pytest.mark.parametrize(
    ("count", "threads"), [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (8, (4, 8)), (64, (4, 8))]
)
def test_half_of_the_processors_write(count: int, threads: tuple[int, int]) -> None:
    assert threads_for(count) == threads
    assert threads_for(count, 3) == (3, 3)
    assert processors() >= 1


def test_a_file_that_is_no_model_is_refused_with_a_sentence(tmp_path: Path) -> None:
    require_model()
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))

    async def use() -> None:
        engine = Engine(path)
        async with engine.use():
            pytest.fail("it was loaded")

    with pytest.raises(Refusal, match="llama.cpp cannot load broken.gguf"):
        asyncio.run(use())


def test_the_queue_for_slots_is_bounded_and_can_be_left() -> None:
    async def fill() -> None:
        engine = Engine(Path("unused"))
        release = asyncio.Event()

        async def hold() -> None:
            async with engine.slot():
                await release.wait()

        holders = [asyncio.ensure_future(hold()) for _ in range(SLOTS + QUEUE)]
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as caught:
            await hold()
        assert caught.value.status == 503
        holders.pop().cancel()
        await asyncio.sleep(0)
        release.set()
        await asyncio.gather(*holders, hold())

    asyncio.run(fill())


def test_the_model_is_given_out_once_its_queue_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Llama:
        async def post(self, path: str, body: object) -> None:
            asked.append(path)

    llama: Any = Llama()
    monkeypatch.setattr(Engine, "_start", lambda engine: (object(), llama))

    async def load() -> None:
        engine = Engine(Path("unused"))
        for _ in range(2):
            async with engine.use():
                assert asked == ["/completion"]

    asyncio.run(load())
