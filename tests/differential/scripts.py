"""Words for the scripts of `/ws`: frames, Ollama's answers with gates in them, and cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ..backend import Behaviour, Exchange, NdjsonStream
from .facts import Facts
from .lanes import Case
from .side import Side
from .sockets import Gates, Pair, Step, play

Script = Callable[[Gates], Sequence[Behaviour]]

HI = [{"role": "user", "content": "Hi"}]
MODEL = "smollm2"


def chat(id: str, **more: Any) -> dict[str, Any]:
    return {"type": "chat", "id": id, "model": MODEL, "messages": HI} | more


def request(id: str, path: str, method: str = "POST", **more: Any) -> dict[str, Any]:
    return {"type": "request", "id": id, "method": method, "path": path} | more


def line(content: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "message": {"role": "assistant", "content": content}, **more}


LAST = line("", done=True, done_reason="stop", eval_count=2, prompt_eval_count=3)


def talk(
    name: str, *steps: Step, script: Script | None = None, headers: Sequence[Pair] = ()
) -> Case:
    async def run(side: Side, case_id: str) -> Facts:
        facts = side.begin(case_id)
        who = [("X-Request-Id", case_id)]
        told = [("socket", [*step[1], *who]) if step[0] == "socket" else step for step in steps]
        await play(side, facts, told, script, [*headers, *who])
        return facts

    return Case(name, run)


def gated(*lines: Any) -> Script:
    """A chat, line by line: gate `1` before the second line, and so on."""

    def script(gates: Gates) -> Sequence[Behaviour]:
        pieces: list[Any] = [lines[0]]
        for number, one in enumerate(lines[1:], 1):
            pieces += [gates[str(number)], one]
        return [NdjsonStream(*pieces)]

    return script


def by_model(**answers: Callable[[Gates], Behaviour]) -> Script:
    """For several chats at once: each model has its own answer."""

    def script(gates: Gates) -> Sequence[Behaviour]:
        made = {name: answer(gates) for name, answer in answers.items()}

        async def answer(exchange: Exchange) -> None:
            body = json.loads(await exchange.read_body())
            await made[body["model"]](exchange)

        return [answer]

    return script


def slow(name: str) -> Callable[[Gates], Behaviour]:
    return lambda gates: NdjsonStream(line(f"{name}1"), gates[name], line(f"{name}2"), LAST)
