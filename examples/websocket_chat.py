"""Two turns of a conversation that the connection keeps. Needs `pip install websockets`."""

import asyncio
import json
import os

from websockets.asyncio.client import connect

URL = os.environ.get("GATEWAY", "http://localhost:8000").replace("http", "ws", 1) + "/ws"
TOKEN = os.environ.get("TOKEN", "not-needed")


async def main() -> None:
    async with connect(URL, additional_headers={"Authorization": f"Bearer {TOKEN}"}) as socket:
        for question in ("My name is Ada.", "What is my name?"):
            await socket.send(json.dumps({"text": question}))
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] == "delta":
                    print(frame.get("content", ""), end="", flush=True)
                elif frame["type"] == "error":
                    raise SystemExit(frame["message"])
                elif frame["type"] == "done":
                    print(f"\n[{frame['usage']['completion_tokens']} tokens]")
                    break


if __name__ == "__main__":
    asyncio.run(main())
