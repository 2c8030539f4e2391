"""Runs the commands of the tree that is on `PYTHONPATH`, each in a forked child.

An interpreter that has everything imported already makes a command cost milliseconds. Reads one
JSON object a line (`argv`, `env`, `cwd`, `stdin`) and answers each with one (`out`, `err`, `code`).
Run it by its path with `-P`: it stands beside modules that have names of libraries.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import traceback
from typing import Any

PACKAGE = "tornado_ollama"
MODULES = ("cli", "config", "commands.serve", "commands.check", "commands.token", "server")
LIMIT_S = 20
"""After which a command is killed; none of those that are asked for runs long."""


def main() -> None:
    for name in MODULES:
        try:
            importlib.import_module(f"{PACKAGE}.{name}")
        except ImportError:  # only slower: the tree has it elsewhere
            pass
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    files = [tempfile.TemporaryFile() for _ in range(3)]
    files[0].write(asked["stdin"].encode())
    files[0].seek(0)
    child = os.fork()
    if not child:
        _become(asked, [file.fileno() for file in files])
    _, status = os.waitpid(child, 0)
    said = []
    for file in files[1:]:
        file.seek(0)
        said.append(file.read().decode("utf-8", "backslashreplace"))
    return {"out": said[0], "err": said[1], "code": os.waitstatus_to_exitcode(status)}


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """The child: never returns."""
    code = 1
    try:
        signal.alarm(LIMIT_S)
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.chdir(asked["cwd"])
        os.environ.update(asked["env"])
        sys.argv = [PACKAGE, *asked["argv"]]
        runpy.run_module(PACKAGE, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
