"""Writes the events of a streamed item of text: a message or a thought.

Owns the names of these events and their order, and how events are numbered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from .. import sse
from ..checks import Json
from . import items

_encode = msgspec.json.Encoder().encode


class Events:
    """Makes the events of one response and numbers them from 0."""

    def __init__(self) -> None:
        self.count = 0

    def event(self, kind: str, members: Json) -> bytes:
        return self.raw(kind, _encode(members)[1:-1])

    def raw(self, kind: str, members: bytes) -> bytes:
        """The next event. `kind`: its name; `members`: its members as JSON text without the
        enclosing braces."""
        data = b'{"type":"%b","sequence_number":%d,%b}' % (kind.encode(), self.count, members)
        self.count += 1
        return sse.named_event(kind.encode(), data)

    def item(self, kind: str, index: int, item: Json) -> bytes:
        return self.event(f"response.output_item.{kind}", {"output_index": index, "item": item})


@dataclass(frozen=True, slots=True)
class Form:
    """The names of events and keys for one kind of text: a message, a thought or a summary."""

    prefix: str
    """The first part of the item's id."""
    part: str
    """The common beginning of the names of the events about the content part."""
    text: str
    """The common beginning of the names of the events about the text."""
    index: str
    """The key under which events give the part's index."""


MESSAGE = Form("msg", "response.content_part", "response.output_text", "content_index")
THOUGHT = Form("rs", "response.content_part", "response.reasoning_text", "content_index")
SUMMARY = Form(
    "rs",
    "response.reasoning_summary_part",
    "response.reasoning_summary_text",
    "summary_index",
)


class TextItem:
    """An item with a single part of text. Call `opening` once, `delta` for every piece, then
    `closing` once."""

    def __init__(
        self, events: Events, form: Form, id: str, index: int, *, seals: bool = False
    ) -> None:
        """`index`: the item's position in the response's output; `seals`: as in
        `items.reasoning`."""
        self.form = form
        self._events = events
        self._id = id
        self._index = index
        self._seals = seals
        self._said: list[str] = []
        self._logprobs: list[Json] = []
        self._where: Json = {"item_id": id, "output_index": index, form.index: 0}
        where = _encode(self._where)[1:-1]
        kind = f"{form.text}.delta".encode()
        self._before = b'event: %b\ndata: {"type":"%b",%b,"delta":' % (kind, kind, where)
        self._after = b',"sequence_number":%d}\n\n'
        if form is MESSAGE:
            self._after = b',"logprobs":[],"sequence_number":%d}\n\n'

    def opening(self) -> bytes:
        item = self.item("in_progress")
        if self.form is SUMMARY:
            item["summary"] = []
        else:
            item["content"] = []
        item.pop("encrypted_content", None)
        part = self._where | {"part": self._part()}
        return self._events.item("added", self._index, item) + self._events.event(
            f"{self.form.part}.added", part
        )

    def delta(self, text: str) -> Iterable[bytes]:
        """The event for the next piece of text, in pieces to be joined. Called for nearly every
        event, so it must be cheap."""
        self._said.append(text)
        json = _encode(text)
        after = self._after % self._events.count
        self._events.count += 1
        return self._before, json if text.isascii() else sse.safe_line(json), after

    def delta_with(self, text: str, logprobs: items.Logprobs) -> bytes:
        """The event for the next piece of text with its logprobs. `text` may be empty."""
        told = items.token_logprobs(logprobs)
        self._said.append(text)
        self._logprobs += told
        members = self._where | {"delta": text, "logprobs": told}
        return self._events.event(f"{self.form.text}.delta", members)

    def closing(self, status: str) -> bytes:
        text: Json = {"text": "".join(self._said)}
        if self.form is MESSAGE:
            text["logprobs"] = self._logprobs
        return (
            self._events.event(f"{self.form.text}.done", self._where | text)
            + self._events.event(f"{self.form.part}.done", self._where | {"part": self._part()})
            + self._events.item("done", self._index, self.item(status))
        )

    def item(self, status: str) -> Json:
        """The item with the text written so far."""
        if self.form is MESSAGE:
            return items.message(self._id, [self._part()], status)
        thought = "".join(self._said)
        summarised = self.form is SUMMARY
        return items.reasoning(self._id, thought, summarised=summarised, seals=self._seals)

    def _part(self) -> Json:
        text = "".join(self._said)
        if self.form is MESSAGE:
            return items.output_text(text, self._logprobs)
        kind = "summary_text" if self.form is SUMMARY else "reasoning_text"
        return {"type": kind, "text": text}
