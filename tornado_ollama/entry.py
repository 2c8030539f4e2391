"""What the command `tornado-ollama` calls: holds SIGHUP before anything is imported.

Until a handler is there, SIGHUP ends a process, and a gateway needs a second for its imports on a
busy machine. A signal that is held is handled as soon as the gateway listens for it.
"""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """Runs the command line, and returns its exit code."""
    if "serve" in sys.argv[1:] and hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from .cli import main as run

    return run()
