"""`entry`: a gateway that is told to reload before it has started reloads when it has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from .process import ROOT

START = """
import os, signal, sys

class AtTheFirstImport:
    def find_spec(self, name, path=None, target=None):
        if name == "tornado_ollama.cli":
            os.kill(os.getpid(), signal.SIGHUP)

sys.meta_path.insert(0, AtTheFirstImport())
sys.argv[1:] = ["serve", "--config", sys.argv[1], "--embedded", "never"]
import tornado_ollama.__main__
"""


def test_a_reload_during_the_imports_is_remembered(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        json.dumps({"listen": {"port": 0}, "state": {"directory": str(tmp_path / "state")}})
    )
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(config)],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "The configuration was reloaded" in line:
            process.send_signal(signal.SIGTERM)
    process.stderr.close()
    assert process.wait(60) == 0, said
    assert "The configuration was reloaded" in said
