"""The gateway with its bytecodes counted between SIGUSR1 and SIGUSR2, for `bench.steps`: they are
written to the file that STEPS_FILE names. Imports only what every version of the gateway has."""

from __future__ import annotations

import json
import os
import signal
import sys
import sysconfig
from collections import Counter
from types import CodeType, FrameType
from typing import Any

_STANDARD = (sysconfig.get_path("stdlib"), "<frozen")
"""Not counted: how often the event loop turns is a matter of the moment."""

_steps: Counter[CodeType] = Counter()
_calls: Counter[CodeType] = Counter()


def _step(frame: FrameType, event: str, argument: Any) -> Any:
    if event == "opcode":
        _steps[frame.f_code] += 1
    return _step


def _call(frame: FrameType, event: str, argument: Any) -> Any:
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    _calls[frame.f_code] += 1
    return _step


def _each_frame(trace: Any) -> None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        frame.f_trace, frame.f_trace_opcodes, frame.f_trace_lines = trace, True, False
        frame = frame.f_back


def _begin(*_: object) -> None:
    _steps.clear()
    _calls.clear()
    sys.settrace(_call)
    _each_frame(_step)


def _end(*_: object) -> None:
    sys.settrace(None)
    _each_frame(None)
    found: dict[str, list[int]] = {}
    for code, steps in _steps.items():
        if code.co_filename.startswith(_STANDARD):
            continue
        name = f"{'/'.join(code.co_filename.split('/')[-2:])} {code.co_qualname}"
        of = found.setdefault(name, [0, 0])
        of[0] += steps
        of[1] += _calls[code]
    path = os.environ["STEPS_FILE"]
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.rename(f"{path}.part", path)


if __name__ == "__main__":
    from tornado_ollama.cli import main

    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _end)
    sys.exit(main())
