"""What metrics, accounts and the access log cost: the gateway's CPU time for a request and for a
token, with all of them and without any.

    python -m bench.bookkeeping [--rounds 100]
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from tests.process import GatewayProcess

from .side_by_side import CALLERS, entry, measure, written


def gateways(directory: Path, backend: str) -> tuple[GatewayProcess, GatewayProcess]:
    def config(name: str) -> dict[str, Any]:
        return {
            "listen": {"port": 0},
            "service": {"base_url": backend},
            "auth": {"generate_tokens": [entry(number) for number in range(CALLERS)]},
            "state": {"directory": str(directory / name)},
        }

    without = config("without") | {"log": {"level": "error"}, "usage": {"keep_days": 0}}
    return (
        GatewayProcess(written(directory, "without", without), module="bench.unobserved"),
        GatewayProcess(written(directory, "with", config("with"))),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time with and without bookkeeping")
    parser.add_argument("--rounds", type=int, default=100)
    asyncio.run(measure(gateways, parser.parse_args().rounds, "metrics, accounts and the log"))


if __name__ == "__main__":
    main()
