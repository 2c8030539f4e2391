"""The scripted backend: a real HTTP/1.1 server that answers like Ollama, or misbehaves on purpose.

    server.py       Backend, Connection, Exchange: sockets, what arrived, which behaviour answers
    replies.py      honest answers: Reply, Stream, Transcript, UntilClose, ...
    faults.py       broken ones, named for what they do: StallBeforeHeaders, CutMidLine, Reset, ...
    transcripts.py  the recorded exchanges of tests/transcripts
    recorder.py     makes one of a running Ollama
    ollama_like.py  the answer to each of Ollama's routes when the test scripted none
    windowed.py     a model with a context window, which complains, cuts and reloads as Ollama's
    network.py      ports that refuse, and ports that never accept

A behaviour is any `async (Exchange) -> None`. Script one with `backend.on("/api/chat", ...)`.
"""

from .faults import (
    CutBetweenLines,
    CutMidLine,
    GarbageStatusLine,
    HugeHeaders,
    HugeLine,
    KeepAliveThenClose,
    Reset,
    SlowHeaders,
    StallBeforeHeaders,
    StallMidLine,
    WrongContentLength,
)
from .replies import (
    ChunkExtensions,
    EarlyAnswer,
    ErrorLine,
    Informational,
    NdjsonStream,
    Reply,
    Stream,
    Transcript,
    UntilClose,
    json_reply,
)
from .server import Backend, Behaviour, Connection, Exchange
from .transcripts import Recorded, load, names
from .windowed import Windowed, complaint

__all__ = [
    "Backend",
    "Behaviour",
    "ChunkExtensions",
    "Connection",
    "CutBetweenLines",
    "CutMidLine",
    "EarlyAnswer",
    "ErrorLine",
    "Exchange",
    "GarbageStatusLine",
    "HugeHeaders",
    "HugeLine",
    "Informational",
    "KeepAliveThenClose",
    "NdjsonStream",
    "Recorded",
    "Reply",
    "Reset",
    "SlowHeaders",
    "StallBeforeHeaders",
    "StallMidLine",
    "Stream",
    "Transcript",
    "UntilClose",
    "Windowed",
    "WrongContentLength",
    "complaint",
    "json_reply",
    "load",
    "names",
]
