"""`/ws` by script: what works, and how Ollama may fail in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...backend import Behaviour, CutMidLine, ErrorLine, NdjsonStream, Reset, Stream
from ...backend.ollama_like import ollama_like
from ...gateway.keys import (
    SECURED,
)
from ..lanes import Case, Lane
from ..scripts import LAST, MODEL, by_model, chat, gated, line, request, slow, talk
from ..sockets import Gates, Step
from .socket_access import ways_in
from .socket_ends import ends, queued
from .socket_frames import bad_frames, recorded_exchanges

LIMITED: dict[str, Any] = {"limits": {"max_parallel": 1, "max_queued": 3}}
MODELS = {"aliases": {"alias": MODEL}, "defaults": {"smollm2*": {"num_ctx": 99, "think": False}}}


def lanes(seed: str) -> list[Lane]:
    return [
        Lane("sockets", "open", {}, [*_talks(), *ends(), *bad_frames(), *recorded_exchanges()]),
        Lane("sockets", "defaults", {"models": MODELS}, [*_talks(), *ends()]),
        Lane("sockets", "secured", SECURED, list(ways_in())),
        Lane("sockets", "queue", LIMITED, list(queued())),
    ]


def _answers(*behaviours: Behaviour) -> Callable[[Gates], Sequence[Behaviour]]:
    return lambda _: behaviours


def _talks() -> Iterator[Case]:
    """What works, and how Ollama may fail in it."""
    until_done: Step = ("until", "done")
    failures: dict[str, Behaviour] = {
        "error line": ErrorLine(line("a")),
        "cut": CutMidLine(),
        "reset": Reset(),
        "nonsense": Stream(b"{\n"),
        "no end": NdjsonStream(line("a")),
        "nothing": Stream(),
    }
    yield talk("plain text", ("send", "Hello"), ("end",))
    yield talk("plain text that is JSON", ("send", "[1]"), ("end",))
    yield talk("ping", ("send", {"type": "ping"}), ("until", "pong"), ("close",))
    turn = {"text": "Hi", "model": MODEL}
    yield talk("turns", ("send", turn), until_done, ("send", {"text": "More"}), until_done)
    yield talk("a turn under way", ("send", turn), ("send", turn), ("settle",))
    yield talk("auth where none is needed", ("send", {"type": "auth", "token": "x"}), ("settle",))
    yield talk("cancel nothing", ("send", {"type": "cancel", "id": "a"}), ("settle",))
    more: dict[str, Any]
    for more in (
        {}, {"model": "alias"}, {"model": None}, {"options": {"seed": 1, "num_ctx": 5}},
        {"think": True}, {"format": "json"}, {"tools": []}, {"keep_alive": 0}, {"truncate": False},
        {"logprobs": True, "top_logprobs": 2}, {"shift": True}, {"options": None}, {"options": 5},
        {"messages": []}, {"messages": "no"}, {"unknown": 1}, {"resumable": "yes"}, {"id": ""},
        {"id": "x" * 129}, {"id": 5}, {"model": 5}, {"model": ""},
    ):  # fmt: skip
        yield talk(f"chat with {more}"[:60], ("send", chat("a") | more), ("settle",))
    for name, failure in failures.items():
        at_once = _answers(failure)
        yield talk(f"chat, {name}", ("send", chat("a")), ("settle",), script=at_once)
        yield talk(f"turn, {name}", ("send", turn), ("settle",), script=at_once)
        listed = _answers(ollama_like, failure)
        yield talk(f"text, {name}", ("send", "Hi"), ("settle",), script=listed)
        pull = request("p", "/api/pull", body={"model": "x"})
        yield talk(f"request, {name}", ("send", pull), ("settle",), script=at_once)
    for path, method in (
        ("/api/tags", "GET"), ("/api/version", "GET"), ("/api/ps", "get"), ("/api/show", "POST"),
        ("/api/chat", "POST"), ("/api/embed", "POST"), ("/api/pull", "POST"), ("/sys/tags", "GET"),
        ("/api/delete", "DELETE"), ("/api/unknown", "GET"), ("/v1/models", "GET"), ("/ws", "GET"),
        ("/api/../x", "GET"), ("/api/tags?a=b", "GET"), ("/api/tags", "POST"), ("api/tags", "GET"),
        ("/api/blobs/sha256:" + "0" * 64, "POST"), ("/", "GET"), ("/health", "GET"), ("", "GET"),
    ):  # fmt: skip
        body = {"body": {"model": MODEL, "stream": True}} if method in ("POST", "DELETE") else {}
        yield talk(
            f"request {method} {path}"[:60],
            ("send", request("r", path, method, **body)),
            ("settle",),
        )
    yield talk(
        "several at once",
        *(("send", chat(id, model=id)) for id in "abc"),
        ("asked", 3),
        *(("open", id) for id in "cab"),
        ("settle",),
        script=by_model(a=slow("a"), b=slow("b"), c=slow("c")),
    )
    yield talk(
        "33 at once",
        *(("send", request(f"r{n}", "/api/chat", body={"model": "a"})) for n in range(33)),
        ("asked", 32),
        ("rest",),
        ("open", "a"),
        ("settle",),
        script=by_model(a=slow("a")),
    )
    yield talk(
        "the same id twice",
        ("send", chat("a")), ("until", "delta"), ("send", chat("a")), ("until", "error"),
        ("open", "1"), ("settle",),
        script=gated(line("x"), LAST),
    )  # fmt: skip
