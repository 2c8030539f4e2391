"""A server of the Model Context Protocol on standard input and output, with one tool, `hoot`.

Source: the protocol's specification of 2025-06-18, of which an agent needs three methods.
"""

from __future__ import annotations

import json
import sys
from typing import Any

HOOT = "Hoo-hoo, said the owl."
TOOL = {
    "name": "hoot",
    "description": "Says what the owl says.",
    "inputSchema": {"type": "object", "properties": {"loud": {"type": "boolean"}}},
}


def result(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        return {
            "protocolVersion": params.get("protocolVersion", "2025-06-18"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "owl", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": HOOT}]}
    return {}


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            reply = {"jsonrpc": "2.0", "id": message["id"]}
            reply |= {"result": result(message["method"], message.get("params") or {})}
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
