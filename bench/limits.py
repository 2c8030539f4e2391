"""What limits cost: the gateway's CPU time for a request and for a token, with and without them.

    python -m bench.limits [--rounds 100]

One gateway has a token for each caller and no limits; the other 10,000 tokens, each with limits of
requests, tokens, slots and priority of its own, and with a group.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from tests.process import GatewayProcess

from .side_by_side import CALLERS, entry, measure, written

TOKENS = 10_000

QUOTA = {
    "requests_per_minute": 10**8,
    "tokens_per_minute": 10**9,
    "tokens_per_day": 10**10,
    "max_parallel": 100,
    "max_queued": 100,
    "priority": 3,
}


def gateways(directory: Path, backend: str) -> tuple[GatewayProcess, GatewayProcess]:
    limited = [
        entry(number) | {"limits": QUOTA | {"priority": 1 + number % 100}, "groups": ["all"]}
        for number in range(TOKENS)
    ]
    common: dict[str, Any] = {
        "listen": {"port": 0},
        "service": {"base_url": backend},
        "log": {"level": "error"},
    }
    free = common | {"auth": {"generate_tokens": [entry(number) for number in range(CALLERS)]}}
    bound = common | {
        "auth": {"generate_tokens": limited},
        "limits": {"max_parallel": 64, "groups": {"all": {"messages_per_minute": 10**6}}},
    }
    return (
        GatewayProcess(written(directory, "without", free)),
        GatewayProcess(written(directory, "with", bound)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time with and without limits")
    parser.add_argument("--rounds", type=int, default=100)
    asyncio.run(measure(gateways, parser.parse_args().rounds, "limits"))


if __name__ == "__main__":
    main()
