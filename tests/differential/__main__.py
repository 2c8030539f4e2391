"""The command line of the harness."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ..process import VARIABLES
from . import trees
from .areas import AREAS
from .lanes import Lane, walk
from .verdict import EXPECTED_FILE, Verdict

QUICK = {
    "transcripts": 16,
    "conformance": 4,
    "random": 16,
    "sockets": 3,
    "frames": 16,
    "lifecycle": 12,
    "commands": 12,
}
"""`--quick` runs one of so many cases of an area; of the others all."""

AT_ONCE = 4
"""Lanes under way together: they wait more than they compute."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 where the two commits look the same, 1 where not."""
    args = _parser().parse_args(arguments)
    _clean_environment()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no gateway is left behind
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="differential-") as name:
        scratch = Path(name).resolve()
        old = trees.check_out(args.old, scratch / "old")
        new = trees.check_out(args.new, scratch / "new")
        trees.share_page(old, new)
        for tree in (old, new):
            trees.make_sure_it_runs(tree)
        verdict = Verdict(args.expected)
        asyncio.run(_run(_lanes(args), (old, new), scratch, verdict))
    status = verdict.report()
    print(f"{args.old} and {args.new}, seed {args.seed}, {time.monotonic() - begun:.0f} s")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.differential", description=__doc__)
    parser.add_argument(
        "--old",
        required=True,
        metavar="REV",
        help="a revision, a directory, or worktree: what is held to be right",
    )
    parser.add_argument("--new", default=trees.WORKTREE, metavar="REV", help="default: worktree")
    parser.add_argument("--quick", action="store_true", help="some of the cases of each area")
    parser.add_argument("--seed", default="1", help="of what is random")
    parser.add_argument("--only", metavar="AREA", choices=sorted(AREAS), help=", ".join(AREAS))
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many cases a lane")
    parser.add_argument("--expected", type=Path, default=EXPECTED_FILE, help=argparse.SUPPRESS)
    return parser


def _clean_environment() -> None:
    for name in VARIABLES:
        os.environ.pop(name, None)
    # An order that comes from a set must be the same on both sides.
    os.environ |= {"PYTHONHASHSEED": "0", "COLUMNS": "100", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def _lanes(args: argparse.Namespace) -> list[Lane]:
    lanes = []
    for area, make in AREAS.items():
        if args.only in (None, area):
            lanes += make(args.seed)
    for lane in lanes:
        if args.quick and (every := QUICK.get(lane.area)):
            begin = random.Random(f"{args.seed}/{lane.name}").randrange(every)
            lane.cases = lane.cases[begin::every] or lane.cases[:1]
        lane.cases = lane.cases[: args.limit]
    return lanes


async def _run(
    lanes: Sequence[Lane], both: Sequence[Path], scratch: Path, verdict: Verdict
) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(lane: Lane) -> None:
        async with free:
            await walk(lane, both, scratch, verdict)

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(one(lane))


if __name__ == "__main__":
    sys.exit(main())
