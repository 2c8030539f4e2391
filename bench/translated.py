"""CPU time of a long request through each API, as a multiple of the same conversation through
`/api/chat` untouched.

    python -m bench.translated [--rounds 7] [--only TEXT] [--profile API]

A gateway on loopback with a scripted Ollama behind it gets conversations of 1 MB, whole replies.
The ways in take turns, and the medians of all rounds are compared. `--profile` prints where the
time of one API's parser goes instead. Ends with status 1 where an API costs more than three times
`/api/chat`. Linux only; takes about a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.backend import Backend, Exchange
from tests.process import GatewayProcess
from tests.responses.past import NoPast
from tornado_ollama.wire.anthropic.message_request import message_request
from tornado_ollama.wire.anthropic.messages import MESSAGES
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.messages import MESSAGES as CHAT_MESSAGES
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.input_items import INPUT
from tornado_ollama.wire.responses.request import response_request

from .hostile import LINE, cpu_ms, quiet

MEGABYTE = 1_000_000
MAX_RATIO = 3.0
BATCH = 5
"""Requests of one way in between two looks at the clock."""

CONFIG: dict[str, Any] = {"log": {"level": "error"}}

Turn = tuple[str, str]
"""Who speaks (`user`, `assistant`, `call`, `result`) and the text."""

Json = dict[str, Any]

# -- conversations ----------------------------------------------------------------------------


def _text(number: int, words: str, length: int) -> str:
    return (f"{number} " + words * (length // len(words) + 1))[:length]


def _texts(length: int) -> Callable[[int], list[Turn]]:
    return lambda number: [
        ("user", _text(number, "what is it ", length)),
        ("assistant", _text(number, "that is it ", length)),
    ]


def _agent(length: int) -> Callable[[int], list[Turn]]:
    return lambda number: [
        ("user", _text(number, "what is it ", length)),
        *[("call", f"ls {number}"), ("result", _text(number, "out of it\n", length))] * 4,
        ("assistant", _text(number, "that is it ", length)),
    ]


CONVERSATIONS: dict[str, Callable[[int], list[Turn]]] = {
    "texts of 100": _texts(100),
    "texts of 1000": _texts(1000),
    "calls, results of 100": _agent(100),
    "calls, results of 1000": _agent(1000),
    "calls, results of 10,000": _agent(10_000),
}


def conversation(kind: str, size: int) -> list[Turn]:
    turns: list[Turn] = []
    length = number = 0
    while length < size:
        more = CONVERSATIONS[kind](number)
        turns += more
        length += sum(len(text) + 100 for _, text in more)
        number += 1
    return turns


# -- the same conversation in each API --------------------------------------------------------


def native(turns: Iterable[Turn]) -> Json:
    messages: list[Json] = []
    for number, (who, text) in enumerate(turns):
        if who == "call":
            function = {"index": 0, "name": "shell", "arguments": {"command": text}}
            call = {"id": f"call_{number}", "function": function}
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        elif who == "result":
            told = {"tool_call_id": f"call_{number - 1}", "tool_name": "shell"}
            messages.append({"role": "tool", "content": text} | told)
        else:
            messages.append({"role": who, "content": text})
    return {"model": "m", "messages": messages, "stream": False}


def chat(turns: Iterable[Turn]) -> Json:
    messages: list[Json] = []
    for number, (who, text) in enumerate(turns):
        if who == "call":
            function = {"name": "shell", "arguments": json.dumps({"command": text})}
            call = {"id": f"call_{number}", "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif who == "result":
            told = {"tool_call_id": f"call_{number - 1}"}
            messages.append({"role": "tool", "content": text} | told)
        else:
            messages.append({"role": who, "content": text})
    return {"model": "m", "messages": messages}


def responses(turns: Iterable[Turn]) -> Json:
    items: list[Json] = []
    for number, (who, text) in enumerate(turns):
        if who == "call":
            call = {"name": "shell", "arguments": json.dumps({"command": text})}
            items.append({"type": "function_call", "call_id": f"call_{number}"} | call)
        elif who == "result":
            told = {"call_id": f"call_{number - 1}", "output": text}
            items.append({"type": "function_call_output"} | told)
        else:
            kind = "output_text" if who == "assistant" else "input_text"
            content = [{"type": kind, "text": text}]
            items.append({"type": "message", "role": who, "content": content})
    return {"model": "m", "input": items, "store": False}


def stored(turns: Iterable[Turn]) -> Json:
    return responses(turns) | {"store": True}


def messages(turns: Iterable[Turn]) -> Json:
    said: list[Json] = []
    for number, (who, text) in enumerate(turns):
        if who == "call":
            use = {"type": "tool_use", "id": f"call_{number}", "name": "shell"}
            said.append({"role": "assistant", "content": [use | {"input": {"command": text}}]})
        elif who == "result":
            result = {"type": "tool_result", "tool_use_id": f"call_{number - 1}", "content": text}
            said.append({"role": "user", "content": [result]})
        else:
            said.append({"role": who, "content": [{"type": "text", "text": text}]})
    return {"model": "m", "max_tokens": 9, "messages": said}


APIS: dict[str, tuple[str, Callable[[Iterable[Turn]], Json]]] = {
    "/api/chat": ("/api/chat", native),
    "chat": ("/v1/chat/completions", chat),
    "messages": ("/v1/messages", messages),
    "responses": ("/v1/responses", responses),
    "stored": ("/v1/responses", stored),
}

PARSERS: dict[str, Callable[[bytes], Any]] = {
    "chat": lambda body: list(chat_request(CHAT_MESSAGES.read_json(body), Policy()).bodies()),
    "messages": lambda body: message_request(MESSAGES.read_json(body), Policy()).plan.body(),
    "responses": lambda body: _response(body, may_store=False),
    "stored": lambda body: _response(body, may_store=True),
}


def _response(body: bytes, *, may_store: bool) -> bytes:
    read = INPUT.read_json(body)
    return response_request(read, Policy(), NoPast(), may_store=may_store).plan.body()


# -- measuring --------------------------------------------------------------------------------


async def ollama(exchange: Exchange) -> None:
    async for _ in exchange.body_pieces():
        pass
    exchange.write_head(
        200, [("Content-Type", "application/json"), ("Content-Length", str(len(LINE)))]
    )
    await exchange.write(LINE)


async def ask(port: int, path: str, body: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    for _ in range(BATCH):
        writer.write(head + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in answer[:20], answer
        length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


async def measure(kind: str, rounds: int, port: int, pid: int) -> dict[str, float]:
    """Milliseconds of the gateway's CPU a request, by API: the medians of all rounds."""
    turns = conversation(kind, MEGABYTE)
    bodies = {name: json.dumps(make(turns)).encode() for name, (_, make) in APIS.items()}
    spent: dict[str, list[float]] = {name: [] for name in APIS}
    for round in range(rounds + 1):
        for name, (path, _) in APIS.items():
            before = cpu_ms(pid)
            await ask(port, path, bodies[name])
            await quiet(pid)
            if round:  # the first warms up
                spent[name].append((cpu_ms(pid) - before) / BATCH)
    return {name: statistics.median(found) for name, found in spent.items()}


async def run(rounds: int, only: str) -> int:
    """Prints the table; the number of breaches."""
    backend = Backend(ollama)
    backend.keep_bodies = False
    await backend.start()
    breaches = 0
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "config.yaml"
        file.write_text(yaml.safe_dump(CONFIG | {"service": {"base_url": backend.url}}))
        process = GatewayProcess(file, ("--port", "0", "--embedded", "never"))
        await process.start()
        try:
            print(f"{'1 MB of':26}" + "".join(f"{name:>20}" for name in APIS), flush=True)
            for kind in CONVERSATIONS:
                if only not in kind:
                    continue
                spent = await measure(kind, rounds, process.port, process.pid)
                base = spent["/api/chat"]
                cells = [f"{ms:.1f} ms {ms / base:4.1f}x" for ms in spent.values()]
                breaches += sum(ms > MAX_RATIO * base for ms in spent.values())
                print(f"{kind:26}" + "".join(f"{cell:>20}" for cell in cells), flush=True)
        finally:
            await process.kill()
            await backend.stop()
    return breaches


def profile(api: str) -> None:
    """Prints where the time of an API's parser goes, for each conversation."""
    for kind in CONVERSATIONS:
        body = json.dumps(APIS[api][1](conversation(kind, MEGABYTE))).encode()
        print(f"-- {kind}: {len(body)} bytes")
        with cProfile.Profile() as found:
            for _ in range(10):
                PARSERS[api](body)
        pstats.Stats(found).sort_stats("tottime").print_stats(12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="conversations whose title holds this text")
    parser.add_argument("--profile", choices=PARSERS, help="profile this API's parser instead")
    wanted = parser.parse_args()
    if wanted.profile:
        profile(wanted.profile)
    else:
        sys.exit(bool(asyncio.run(run(wanted.rounds, wanted.only))))


if __name__ == "__main__":
    main()
