"""The flags of the command `launch`, apart from it: `--help` need not load what `launch` uses."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .agents import AGENTS, TOKEN_VARIABLE

LAUNCH = """\
Starts a coding agent with what it needs to use the gateway; nothing is written into the agent's
own configuration. First it looks whether the token and the model will do."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s AGENT [flags] [-- ARGS]"
    parser.epilog = "What stands behind -- is given to the agent as it is."
    parser.add_argument("agent", metavar="AGENT", choices=AGENTS, help=", ".join(AGENTS))
    parser.add_argument("--model", metavar="M", help="default: the first one with tools")
    parser.add_argument(
        "--token", metavar="TOKEN", help=f"default: {TOKEN_VARIABLE}, where that is set"
    )
    parser.add_argument("--url", metavar="URL", help="the gateway's; default: this machine's")
    parser.add_argument("--small", action="store_true", help="few tools and a short first prompt")
    parser.add_argument("--force", action="store_true", help="start it though the model won't do")
    parser.add_argument("--print", action="store_true", help="print what would be set and run")


def split_at_dashes(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Splits the words of `launch` at the first `--`, behind which the agent's own arguments stand;
    those of other commands are left whole. argparse would take what follows an AGENT for them."""
    if not words or words[0] != "launch" or "--" not in words:
        return words, ()
    place = list(words).index("--")
    return words[:place], words[place + 1 :]
