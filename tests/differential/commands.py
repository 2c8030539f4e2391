"""Commands of one side, and what they print as facts."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .facts import Facts

if TYPE_CHECKING:
    from .side import Side

DRIVER = Path(__file__).parent / "driver.py"

_UTC = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z")
_TOOK = re.compile(r"\(\d+(?:\.\d+)? m?s\)")
_TOKEN = re.compile(r"\bto-[\w-]{43}(?![\w-])|(?<=sha256: )\S+|[0-9a-f]{64}")
_JWT = re.compile(r"\beyJ[\w-]+\.([\w-]+)\.[\w-]+")


class Commands:
    """The driver of one tree; started when it is first used."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def run(
        self,
        side: Side,
        facts: Facts,
        *argv: str,
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str | bytes] | None = None,
        stdin: str = "",
    ) -> None:
        """Runs it in an empty directory that holds the files; `{ollama}` and `{port}` in arguments,
        variables and files stand for where the scripted Ollama is."""
        directory = side.directory / "empty"
        directory.mkdir(exist_ok=True)
        for old in directory.iterdir():
            old.unlink()
        for name, content in (files or {}).items():
            data = content if isinstance(content, bytes) else _filled(content, side).encode()
            (directory / name).write_bytes(data)
            (directory / name).chmod(0o600)
        asked = {
            "argv": [_filled(word, side) for word in argv],
            "env": {name: _filled(value, side) for name, value in (env or {}).items()},
            "cwd": str(directory),
            "stdin": stdin,
        }
        answer = await self._ask(side, asked)
        for name in ("out", "err"):
            text = answer[name].replace(str(side.ollama.port), "<port>")
            facts.add(f"{name} |", _steady(text))
        facts.add("#", f"exit code {answer['code']}")
        for path in sorted(directory.iterdir()):
            if path.name not in (files or {}):
                mode = oct(path.stat().st_mode & 0o777)
                facts.add(f"{path.name} {mode} |", _steady(path.read_text(encoding="utf-8")))

    async def _ask(self, side: Side, asked: Mapping[str, object]) -> dict[str, str]:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                str(DRIVER),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=dict(os.environ, PYTHONPATH=str(side.tree)),
                limit=1 << 22,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        answer: dict[str, str] = json.loads(await self._process.stdout.readline())
        return answer

    async def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()


def _filled(text: str, side: Side) -> str:
    return text.replace("{ollama}", side.ollama.url).replace("{port}", str(side.ollama.port))


def _steady(text: str) -> str:
    """Without what is random in the output of commands."""
    text = _JWT.sub(_claims, text)
    return _TOKEN.sub("<token>", _TOOK.sub("(<took>)", _UTC.sub("<utc>", text)))


def _claims(found: re.Match[str]) -> str:
    """The claims of a JWT in their order; of times, how far they are apart."""
    claims = json.loads(base64.urlsafe_b64decode(found[1] + "=="))
    if isinstance(claims.get("exp"), int) and isinstance(claims.get("iat"), int):
        claims["exp"] -= claims["iat"]
    for name in ("iat", "jti"):
        if name in claims:
            claims[name] = "<random>"
    return f"<jwt {json.dumps(claims)}>"
