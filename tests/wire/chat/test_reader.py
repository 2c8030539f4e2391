"""`wire.chat.reader`: which calls a writer gets, and when a reply has ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from tests.wire.feeding import feed_every_way
from tornado_ollama.errors import GatewayError, UpstreamBroken
from tornado_ollama.wire import native
from tornado_ollama.wire.chat.reader import Reader
from tornado_ollama.wire.chat.source import TranslatedSource

CHAT = TranslatedSource(native.CHAT)
GENERATE = TranslatedSource(native.GENERATE, input_field="prompt")


class Calls:
    """A writer that says what it was called with."""

    def __init__(self, *, joins_text: bool = False, refuses: str = "\0") -> None:
        self.joins_text = joins_text
        self._refuses = refuses

    def begin(self) -> bytes:
        return b"begin "

    def text(self, text: str) -> Iterable[bytes]:
        return b"text:", text.encode(), b" "

    def line(self, line: native.ReplyRecord) -> Iterable[bytes]:
        said = line.message or native.Message()
        yield f"line:{said.thinking},{said.content} ".encode()
        if said.content == self._refuses:
            raise UpstreamBroken("no")

    def finish(self, last: native.ReplyRecord) -> bytes:
        return f"finish:{last.done_reason},{last.eval_count} ".encode()

    def fail(self, error: GatewayError) -> bytes:
        return b"fail "


def chat(content: str = "", done: bool = False, thinking: str | None = None, **more: Any) -> bytes:
    message = {"content": content} | ({"thinking": thinking} if thinking else {})
    return json.dumps({"message": message, "done": done} | more).encode() + b"\n"


def generated(response: str = "", done: bool = False, **more: Any) -> bytes:
    return json.dumps({"response": response, "done": done} | more).encode() + b"\n"


def run(data: bytes, source: Any = CHAT, **writer: Any) -> str:
    """The calls for `data`, the same however it is cut, and how it ended."""

    def once(pieces: Sequence[bytes]) -> bytes:
        reader: Reader[Any] = Reader(source, Calls(**writer))
        out = [piece for part in pieces if not reader.ended for piece in reader.feed(part)]
        if not reader.ended:
            out += reader.close()
        assert reader.ended and (reader.error is None) is (reader.last is not None)
        return b"".join(out) + (str(reader.error).encode() if reader.error else b"ok")

    return feed_every_way(once, data).decode()


DONE = chat("", True, done_reason="stop", eval_count=3)


@pytest.mark.parametrize(
    ("source", "line"), [(CHAT, chat), (GENERATE, generated)], ids=["chat", "generate"]
)
def test_both_routes_make_the_same_calls(source: Any, line: Any) -> None:
    data = line("a") + line() + line("b", thinking="t") + line("c") + line("", True, eval_count=3)
    said = "begin text:a line:t,b text:c line:None, finish:None,3 ok"
    assert run(data, source) == said


def test_nothing_begins_before_a_line_is_part_of_a_reply() -> None:
    assert run(b'{"error":"boom"}\n') == "boom"
    assert run(b"nonsense\n") == "Ollama sent a line that cannot be read."
    assert run(b"{}\n") == "Ollama sent a line that is no part of a reply."
    assert run(generated("a"), CHAT) == "Ollama sent a line that is no part of a reply."


def test_what_was_said_before_an_error_is_kept() -> None:
    assert run(chat("a") + b'{"error":"boom"}\n' + chat("b")) == "begin text:a boom"


def test_what_comes_before_the_part_that_cannot_be_translated_is_kept() -> None:
    data = chat("a") + chat("no", thinking="t") + chat("b")
    assert run(data, refuses="no") == "begin text:a line:t,no no"


def test_nothing_after_the_done_line_is_read() -> None:
    ended = "begin text:a line:None, finish:stop,3 ok"
    assert run(chat("a") + DONE + chat("b") + b"nonsense\n") == ended


@pytest.mark.parametrize("said", [chat("a"), chat(thinking="t")])
def test_the_done_line_may_be_missing_once_something_was_said(said: bytes) -> None:
    assert run(said).endswith("finish:None,0 ok")


@pytest.mark.parametrize("data", [b"", b"\n\n", b" ", chat(), chat() + chat()[:9]])
def test_an_end_before_anything_was_said_is_an_error(data: bytes) -> None:
    assert "finish" not in run(data)


def test_a_last_line_without_its_end_is_a_line() -> None:
    assert run(chat("a") + DONE[:-1]).endswith("finish:stop,3 ok")


def test_a_writer_may_join_the_text_of_one_read() -> None:
    reader = Reader(CHAT, Calls(joins_text=True))
    data = chat("a") + chat("b") + chat("c", thinking="t") + chat("d") + chat() + chat("e") + DONE
    said = b"".join(reader.feed(data))
    assert said == b"begin text:ab line:t,c text:de line:None, finish:stop,3 "


def test_joined_text_is_not_kept_for_the_next_read() -> None:
    reader = Reader(CHAT, Calls(joins_text=True))
    said = [b"".join(reader.feed(data)) for data in (chat("a"), chat("b") + chat("c"))]
    assert said == [b"begin text:a ", b"text:bc "]


def test_a_reply_in_one_piece_may_have_any_form_of_json() -> None:
    reader = Reader(CHAT, Calls())
    body = json.dumps(json.loads(chat("a", True)), indent=1).encode()
    assert b"".join(reader.feed_line(body)) == b"begin line:None,a finish:None,0 "


def test_an_error_about_the_length_names_the_field_with_the_prompt() -> None:
    nested = {"error": {"message": "x", "type": "exceed_context_size_error", "code": 400}}
    reader = Reader(TranslatedSource(native.CHAT, input_field="input"), Calls())
    reader.feed(json.dumps({"error": nested}).encode() + b"\n")
    assert reader.error is not None and reader.error.param == "input"
