"""The command `serve`: runs the gateway in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from .. import logs, server
from ..config import SettingsReader
from ..console import LineWriter, complain
from ..embedded.supervisor import EmbeddedFailed
from ..errors import StoreFailed
from ..stores.database import Database
from ..stores.tokens import any_token


def run(args: argparse.Namespace, reader: SettingsReader) -> int:
    """Runs the gateway until a signal ends it; returns the exit code. `args.embedded`: auto, always
    or never."""
    settings = reader()
    log = logs.set_up(settings.log.format, settings.log.level, settings.log.max_per_second)
    output = LineWriter(sys.stdout)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(server.serve(settings, reader, args.embedded, output.put))
    except EmbeddedFailed as error:
        complain(f"tornado-ollama: {error}")
        return 1
    except StoreFailed as error:
        complain(f"tornado-ollama: {error.path}: {error.message}")
        return 1
    finally:
        output.stop()
        log.stop()


def holds_tokens(directory: Path) -> bool:
    """Whether the token store in a state directory has or had tokens. Raises StoreFailed."""
    with Database(directory) as database:
        return database.submit_read(any_token).result() or False


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop's factory: uvloop where the extra `fast` is installed, which saves a tenth of
    the CPU time per token."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
