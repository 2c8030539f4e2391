"""The gateway under valgrind, which makes it some forty times as slow: all that it does by the
clock is done forty times as seldom, so that as much falls to a request as without. For
`bench.instructions`.

python bench/slowed.py -m tornado_ollama serve ...
"""

from __future__ import annotations

import importlib
import runpy
import sys

TIMES = 40

WAITS = (
    ("tornado_ollama.app", "SWEEP_MS"),
    ("tornado_ollama.console", "GATHER_S"),
    ("tornado_ollama.console", "MAX_REST_S"),
    ("tornado_ollama.console", "REST_S"),
    ("tornado_ollama.identity.stored", "POLL_S"),
    ("tornado_ollama.server", "GATHER_S"),
    ("tornado_ollama.telemetry.accounts", "FLUSH_S"),
    ("tornado_ollama.telemetry.loop_lag", "EVERY_S"),
)
"""Older trees have none of them, or not all."""


def main() -> None:
    sys.path[0] = ""  # not the directory of this file, whose modules are nobody's
    for name, wait in WAITS:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(module, wait):
            setattr(module, wait, TIMES * getattr(module, wait))
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
