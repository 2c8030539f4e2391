"""Whatever bytes Ollama sends, a reply is translated or is UpstreamBroken, and is always UTF-8.

Each recorded reply is sent with one byte more, in each place where that could matter: behind every
quotation mark, colon and bracket.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.backend.transcripts import load
from tornado_ollama.errors import UpstreamBroken
from tornado_ollama.wire.chat.reader import Reader
from tornado_ollama.wire.model_listing import listed_models, shown_model
from tornado_ollama.wire.openai import completion_request, embeddings, models
from tornado_ollama.wire.openai.chat_reply import chat_reply
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.openai.chat_stream import chat_stream
from tornado_ollama.wire.openai.completion_reply import completion_reply
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.socket import frames as socket_frames
from tornado_ollama.wire.socket.chat_writers import SOURCE, FrameWriter

WHO = Identity("x-0123456789abcdef", 1767323045, "m")
CHAT = {
    "model": "m",
    "messages": [{"role": "user", "content": "x"}],
    "logprobs": True,
    "tools": [{"type": "function", "function": {"name": "f"}}],
}


def chat(body: bytes) -> bytes:
    return chat_reply([body], chat_request(CHAT, Policy()), WHO)


def stream(body: bytes) -> bytes:
    machine = chat_stream(chat_request(CHAT | {"stream": True}, Policy()), WHO)
    said = machine.feed(body + b"\n") + machine.close()
    assert machine.error is None or isinstance(machine.error, UpstreamBroken)
    return said


def completion(body: bytes) -> bytes:
    plan = completion_request.completion_request({"model": "m", "prompt": "x"}, Policy())
    return completion_reply([body], plan, WHO)


def embedding(body: bytes) -> bytes:
    plan = embeddings.embedding_request({"model": "m", "input": "x"}, Policy())
    return embeddings.embedding_reply(body, plan)


def model_list(body: bytes) -> bytes:
    return models.model_list(listed_models(body, Policy(), bool))


def model(body: bytes) -> bytes:
    return models.model_reply(shown_model(body, "m", "m", Policy()))


def frames(line: bytes) -> bytes:
    reader = Reader(SOURCE, FrameWriter("1"))
    said = reader.feed_line(line)
    if reader.error is None:
        said += reader.close()
    if reader.error is not None:
        raise reader.error
    return b"".join(said)


CALL = load("chat-tools-call-nostream").body
LOGPROBS = load("chat-logprobs").body.splitlines()[0]

READERS: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "chat": (chat, CALL),
    "chat with logprobs": (chat, LOGPROBS.replace(b'"done":false', b'"done":true')),
    "stream": (stream, CALL),
    "stream with logprobs": (stream, LOGPROBS.replace(b'"done":false', b'"done":true')),
    "completion": (completion, load("generate-nostream").body),
    "embedding": (embedding, b'{"model":"m","embeddings":[[1.5,-2]],"prompt_eval_count":3}'),
    "model list": (model_list, load("tags").body),
    "model": (model, b'{"modified_at":"0001-01-01T00:00:00Z","model_info":{},"capabilities":[]}'),
    "frames": (frames, CALL),
    "frames with logprobs": (frames, LOGPROBS.replace(b'"done":false', b'"done":true')),
    "line": (socket_frames.line_data, CALL),
    "body": (socket_frames.body_data, CALL),
}


def spoilt(body: bytes) -> Iterator[bytes]:
    for at, byte in enumerate(body):
        if byte in b'":{}[],':
            for more in (b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\x00", b'"', b"9" * 400, b"["):
                yield body[: at + 1] + more + body[at + 1 :]


@pytest.mark.parametrize("reader", READERS)
def test_any_byte_more(reader: str) -> None:
    read, body = READERS[reader]
    read(body)  # it is understood as it is
    for sent in spoilt(body):
        try:
            said = read(sent)
        except UpstreamBroken:
            continue
        said.decode()


@pytest.mark.parametrize(
    "moment",
    ["", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "x"],
)
def test_any_time_of_a_model(moment: str) -> None:
    listed = {"models": [{"name": "m", "modified_at": moment}]}
    [found] = json.loads(model_list(json.dumps(listed).encode()))["data"]
    assert found["created"] >= 0
