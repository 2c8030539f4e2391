"""Ollama's own API with nothing but the standard library: a streamed chat, line by line."""

import json
import os
from urllib.request import Request, urlopen

BASE_URL = os.environ.get("GATEWAY", "http://localhost:8000")
TOKEN = os.environ.get("TOKEN", "not-needed")


def main() -> None:
    chat = {
        "model": os.environ.get("MODEL", "smollm2:135m"),
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
    }
    request = Request(
        f"{BASE_URL}/api/chat",
        data=json.dumps(chat).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urlopen(request) as reply:
        for line in reply:
            record = json.loads(line)
            if "error" in record:  # Ollama broke off after it had begun
                raise SystemExit(record["error"])
            print(record["message"]["content"], end="", flush=True)
            if record["done"]:
                print(f"\n{record['eval_count']} tokens")
                return
    raise SystemExit("the reply ended before it was complete")


if __name__ == "__main__":
    main()
