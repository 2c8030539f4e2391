"""Records one exchange with a running Ollama as a transcript, byte by byte.

    python -m tests.backend.recorder http://127.0.0.1:11434 chat-stop
    python -m tests.backend.recorder http://127.0.0.1:11434 chat-hello POST /api/chat hello.json

The first form asks again what the newest recording of that name asked; the second asks something
new, with the body that a file holds. The transcript is put under the version that Ollama says it
has, and never over one that is there. The request is sent as it is: one that deletes, deletes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..raw_client import RawConnection, RawResponse
from . import transcripts

Asked = dict[str, Any]
"""The `request` of a transcript: method, path, headers, and the body as `json` or `text`."""


class NotRecorded(Exception):
    """Why there is no transcript, for the one who asked for it."""


def asked_before(name: str) -> Asked:
    """The request of the newest recording of a name. Raises NotRecorded where there is none."""
    for version in reversed(transcripts.VERSIONS):
        if name in transcripts.names(version):
            asked: Asked = transcripts.read(name, version)["request"]
            return asked
    raise NotRecorded(f"there is no recording {name}: say METHOD PATH [BODY]")


def asked_anew(method: str, path: str, body: str | None = None) -> Asked:
    """A body that is JSON is kept as such, and its white space is not."""
    asked: Asked = {"method": method, "path": path, "headers": {}}
    if body is None:
        return asked
    try:
        return asked | {"json": json.loads(body)}
    except ValueError:
        return asked | {"text": body}


async def ask(url: str, asked: Asked) -> RawResponse:
    """The reply, chunk by chunk. Raises NotRecorded where it is cut, OSError where nobody
    answers."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise NotRecorded(f"{url}: an address like http://127.0.0.1:11434 is needed")
    headers = {"Host": parts.netloc, "Connection": "close"} | asked["headers"]
    body = None
    if "json" in asked or "text" in asked:
        headers = {"Content-Type": "application/json"} | headers
        body = transcripts.body_of(asked)
    client = await RawConnection(parts.port or 80, parts.hostname).open()
    try:
        response = await client.request(asked["method"], asked["path"], [*headers.items()], body)
        if response.complete:
            return response
    except EOFError:
        pass
    finally:
        client.leave()
    raise NotRecorded(f"the reply to {asked['method']} {asked['path']} was cut")


async def record(url: str, name: str, asked: Asked, root: Path) -> Path:
    """Writes the transcript below `root`, and returns its path. Raises NotRecorded where it is
    there already, or what `ask` raises."""
    version = (await ask(url, asked_anew("GET", "/api/version"))).json()["version"]
    path = root / ".".join(version.split(".")[:2]) / f"{name}.json"
    if path.exists():
        raise NotRecorded(f"{path} is there already")
    response = await ask(url, asked)
    chunks = response.chunks or filter(None, [response.body])
    transcript = {
        "name": name,
        "request": asked,
        "response": {
            "status": response.status,
            "reason": response.reason,
            "headers": response.headers,
            "chunks": [chunk.decode() for chunk in chunks],
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(transcript, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; says on standard output where the transcript is."""
    parser = argparse.ArgumentParser(description="Records an exchange with a running Ollama.")
    parser.add_argument("url", help="such as http://127.0.0.1:11434")
    parser.add_argument("name", help="of the case, such as chat-stop")
    parser.add_argument("method", nargs="?")
    parser.add_argument("path", nargs="?", help="such as /api/chat")
    parser.add_argument("body", nargs="?", type=Path, help="a file")
    parser.add_argument("--into", type=Path, default=transcripts.ROOT, help="a directory")
    given = parser.parse_args(arguments)
    try:
        if given.path is None:
            asked = asked_before(given.name)
        else:
            body = given.body and given.body.read_text(encoding="utf-8")
            asked = asked_anew(given.method, given.path, body)
        print(asyncio.run(record(given.url, given.name, asked, given.into)))
    except (NotRecorded, OSError, UnicodeDecodeError) as error:
        print(f"not recorded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
