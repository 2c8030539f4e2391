"""The gateway without its metrics, which cannot be switched off: for
`bench.instructions`.

python -m bench.unobserved serve ...
"""

from __future__ import annotations

import sys

from tornado_ollama.cli import main
from tornado_ollama.telemetry.registry import Telemetry

if __name__ == "__main__":
    Telemetry.sinks = ()  # type: ignore[assignment]
    sys.exit(main())
