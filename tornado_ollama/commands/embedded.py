"""`tornado-ollama embedded`: the embedded backend in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import sys

from .. import logs
from ..console import LineWriter, complain
from ..embedded.installed import NotInstalled, find_model
from ..embedded.refusal import Refusal
from ..embedded.server import serve


def run(args: argparse.Namespace) -> int:
    """Serves until a signal ends it. Reads `args.port`, and where present `args.host` (127.0.0.1),
    `args.threads` (by default what suits the number of processors) and `args.exit_with_stdin`."""
    log = logs.set_up("plain", "info")
    output = LineWriter(sys.stdout)
    try:
        file = find_model()
        asyncio.run(
            serve(
                file,
                host=getattr(args, "host", None) or "127.0.0.1",
                port=args.port,
                threads=getattr(args, "threads", None),
                exit_with_stdin=getattr(args, "exit_with_stdin", False),
                announce=output.put,
            )
        )
    except (NotInstalled, OSError, ValueError, Refusal) as failure:
        log.stop()
        complain(str(failure))
        return 1
    finally:
        output.stop()
        log.stop()
    return 0
