"""Bytes fed to a machine in every way a network may deliver them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence


def splits(data: bytes, *, seed: int = 7, rounds: int = 4) -> Iterator[list[bytes]]:
    """`data` whole, byte by byte, line by line, and cut at random places."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    yield data.splitlines(keepends=True)
    chance = random.Random(seed)
    for _ in range(rounds):
        cuts = sorted(chance.sample(range(len(data) + 1), min(len(data), chance.randrange(1, 12))))
        yield [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def feed_every_way(run: Callable[[Sequence[bytes]], bytes], data: bytes) -> bytes:
    """What `run` makes of `data`; fails when the way it is cut makes a difference."""
    ways = [run(pieces) for pieces in splits(data)]
    for pieces, result in zip(splits(data), ways, strict=True):
        assert result == ways[0], f"another result for {[len(piece) for piece in pieces]}"
    return ways[0]
