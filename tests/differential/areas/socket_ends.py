"""How chats on `/ws` end before their time, go on elsewhere, and wait for their turn."""

from __future__ import annotations

from collections.abc import Iterator

from ...backend import Stream
from ...backend.ollama_like import ollama_like
from ..lanes import Case
from ..scripts import LAST, MODEL, by_model, chat, gated, line, request, slow, talk
from ..sockets import Step


def ends() -> Iterator[Case]:
    """Cancelling, leaving, resuming."""
    begun: list[Step] = [("send", chat("a")), ("until", "delta")]
    script = gated(line("x"), line("y"), LAST)
    stop = {"type": "cancel", "id": "a"}
    yield talk("cancel", *begun, ("send", stop), ("until", "done"), ("hung up", 0), script=script)
    yield talk(
        "cancel twice",
        *begun,
        ("send", stop),
        ("until", "done"),
        ("send", stop),
        ("until", "error"),
        script=script,
    )
    yield talk(
        "cancel before the head",
        ("send", chat("a")),
        ("asked", 1),
        ("send", stop),
        ("until", "done"),
        ("hung up", 0),
        script=lambda gates: [Stream(head_gate=gates["never"])],
    )
    yield talk(
        "cancel a turn",
        ("send", {"text": "x", "model": MODEL}),
        ("until", "delta"),
        ("send", {"type": "cancel"}),
        ("until", "done"),
        ("hung up", 0),
        script=script,
    )
    yield talk(
        "cancel a text",
        ("send", "x"),
        ("asked", 2),
        ("rest",),
        ("send", '{"type":"cancel"}'),
        ("end",),
        ("hung up", 1),
        script=lambda gates: [ollama_like, *script(gates)],
    )
    yield talk(
        "cancel a request",
        ("send", request("a", "/api/pull", body={})),
        ("until", "chunk"),
        ("send", stop),
        ("until", "done"),
        ("hung up", 0),
        script=script,
    )
    yield talk("leave", *begun, ("leave",), ("hung up", 0), script=script)
    yield talk("close", *begun, ("close", 1000), ("hung up", 0), script=script)
    yield talk("close with 4000", *begun, ("close", 4000), ("hung up", 0), script=script)
    resumable: list[Step] = [("send", chat("a", resumable=True)), ("until", "delta")]
    yield talk(
        "resumable",
        *resumable,
        ("open", "1"),
        ("until", "delta"),
        ("open", "2"),
        ("until", "done"),
        script=script,
    )
    for after in (0, 1, 2, 3, 9, -1):
        yield talk(
            f"resume after {after}",
            *resumable, ("leave",), ("rest",), ("open", "1"), ("rest",), ("socket", ()),
            ("resume", "a", after), ("rest",), ("open", "2"), ("settle",),
            script=script,
        )  # fmt: skip
    yield talk(
        "resume what has ended",
        *resumable, ("leave",), ("rest",), ("open", "1"), ("rest",), ("open", "2"), ("settle",),
        ("socket", ()), ("resume", "a", 1), ("settle",),
        script=script,
    )  # fmt: skip
    yield talk(
        "resume elsewhere while the first is there",
        *resumable, ("socket", ()), ("resume", "a", 1), ("rest",), ("open", "1"), ("rest",),
        ("open", "2"), ("settle",),
        script=script,
    )  # fmt: skip
    yield talk(
        "resume and cancel",
        *resumable,
        ("leave",),
        ("rest",),
        ("socket", ()),
        ("resume", "a", 0),
        ("rest",),
        ("send", stop),
        ("until", "done"),
        ("hung up", 0),
        script=script,
    )
    yield talk(
        "resume nothing",
        ("send", {"type": "resume", "id": "a", "stream": "x", "after": 0}),
        ("settle",),
    )
    yield talk(
        "cancel a resumable",
        *resumable,
        ("send", stop),
        ("until", "done"),
        ("hung up", 0),
        script=script,
    )


def queued() -> Iterator[Case]:
    script = by_model(a=slow("a"), b=slow("b"), c=slow("c"), d=slow("d"), e=slow("e"))
    first: list[Step] = [("send", chat("a", model="a")), ("until", "delta")]

    def more(ids: str) -> list[Step]:
        steps: list[Step] = []
        for id in ids:
            steps += [("send", chat(id, model=id)), ("until", "queued", id)]
        return steps

    done: list[Step] = [("open", id) for id in "abcde"]
    yield talk("in turn", *first, *more("bc"), *done, ("settle",), script=script)
    yield talk(
        "one waits at a time",
        *first,
        *more("b"),
        ("open", "a"),
        ("until", "delta", "b"),
        ("open", "b"),
        ("settle",),
        script=script,
    )
    yield talk(
        "full",
        *first,
        *more("bcd"),
        ("send", chat("e", model="e")),
        ("until", "error", "e"),
        *done,
        ("settle",),
        script=script,
    )
    yield talk(
        "cancel in the queue",
        *first,
        *more("bc"),
        ("send", {"type": "cancel", "id": "b"}),
        ("rest",),
        *done,
        ("settle",),
        script=script,
    )
    yield talk(
        "cancel whose turn it is",
        *first,
        *more("bc"),
        ("send", {"type": "cancel", "id": "a"}),
        ("rest",),
        *done,
        ("settle",),
        script=script,
    )
    yield talk(
        "leave in the queue",
        *first,
        ("socket", ()),
        *more("b"),
        ("leave",),
        ("use", 0),
        *more("c"),
        *done,
        ("settle",),
        script=script,
    )
    yield talk(
        "a request waits",
        *first,
        ("send", request("r", "/api/chat", body={"model": "b"})),
        ("until", "queued"),
        *done,
        ("settle",),
        script=script,
    )
    yield talk(
        "what needs no turn",
        *first,
        ("send", request("r", "/api/tags", "GET")),
        ("rest",),
        *done,
        ("settle",),
        script=lambda gates: [*script(gates), ollama_like],
    )
    yield talk(
        "text waits",
        *first,
        ("socket", ()),
        ("send", "Hi"),
        ("rest",),
        *done,
        ("settle",),
        script=lambda gates: [*script(gates), ollama_like],
    )
    yield talk(
        "a resumable one waits",
        *first,
        ("send", chat("b", model="b", resumable=True)),
        ("until", "queued"),
        *done,
        ("settle",),
        script=script,
    )
