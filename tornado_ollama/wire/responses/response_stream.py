"""The streamed response: a writer of named events.

Owns the events and their order: `response.created`, `response.in_progress`; the items, one open at
a time; and exactly one of `response.completed`, `response.incomplete` and `response.failed`. Rules:
docs/responses.md, "Streams".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...errors import BadRequest, GatewayError
from .. import native
from ..chat.calls import Call, CallList
from ..chat.forced_call import reading_forced_calls
from ..chat.reader import Reader
from ..chat.reply_stream import ReplyStream
from ..chat.source import TranslatedSource
from ..chat.writer import Logprobs, PartsWriter
from ..checks import Json
from . import items
from .head import Head
from .request import ResponseRequest
from .text_item import MESSAGE, SUMMARY, THOUGHT, Events, Form, TextItem

CONTEXT_FULL = "context_length_exceeded"

Keep = Callable[[bytes], None]
"""Called with a response that ended: the whole object as JSON text."""


def response_stream(
    request: ResponseRequest, head: Head, clock: Callable[[], float], keep: Keep
) -> ReplyStream[native.ChatRecord]:
    """Translates Ollama's streamed reply into the events of a response. `clock` returns the Unix
    time in seconds; `keep` stores the complete response."""
    writer = ResponseWriter(request, head, clock, keep)
    source = TranslatedSource(native.CHAT, input_field="input")
    reader = Reader(source, reading_forced_calls(writer, request.toolbox.forced))
    return ReplyStream(
        [reader],
        lambda lasts: b"",
        keep_alive=writer.keep_alive,
        said_in_stream=frozenset({CONTEXT_FULL}),
    )


class ResponseWriter(PartsWriter):
    """Writes a response as events. The open item is closed when content of another kind begins."""

    def __init__(
        self, request: ResponseRequest, head: Head, clock: Callable[[], float], keep: Keep
    ) -> None:
        self._request = request
        self._head = head
        self._clock = clock
        self._keep = keep
        self._events = Events()
        self._calls = CallList(request.toolbox, head.call_id)
        self._output: list[Json] = []
        self._item: TextItem | None = None
        self._last: native.ReplyRecord | None = None

    def begin(self) -> bytes:
        """The events `response.created` and `response.in_progress`; nothing where `keep_alive` has
        already sent these events."""
        return b"" if self._events.count else self._stands("created") + self._stands("in_progress")

    def keep_alive(self) -> bytes:
        """A `response.in_progress` event; before the first event, those of `begin`. A comment of
        the stream would not do, since clients take only events as a sign that the connection is
        alive."""
        return self._stands("in_progress") if self._events.count else self.begin()

    def text(self, text: str) -> Iterable[bytes]:
        item = self._item
        if item is not None and item.form is MESSAGE:
            return item.delta(text)
        opening, item = self._open(MESSAGE)
        return opening, *item.delta(text)

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        told = logprobs if self._request.logprobs else None
        if not (text or told):
            return b""
        opening, item = self._open(MESSAGE)
        return opening + (item.delta_with(text, told) if told else b"".join(item.delta(text)))

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        opening, item = self._open(SUMMARY if self._request.summarised else THOUGHT)
        return opening + b"".join(item.delta(text))

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        taken = self._calls.take(calls)
        return b"".join([self._close("completed"), *map(self._call, taken)]) if taken else b""

    def finish(self, last: native.ReplyRecord) -> bytes:
        """The events that end the response, which is also stored. Raises BadRequest where the
        model's context window was full: a cut reply is expected only where the client or the
        operator set a limit."""
        self._last = last
        if last.done_reason == "length" and not self._request.limited:
            raise BadRequest(
                "The model's context window is full: the reply was cut.",
                param="input",
                code=CONTEXT_FULL,
            )
        status = "incomplete" if last.done_reason == "length" else "completed"
        opening = b""
        if not self._output and self._item is None:
            opening, _ = self._open(MESSAGE)  # the model said nothing
        closing = self._close(status)
        response = self._head.response(status, self._output, last, completed=int(self._clock()))
        self._keep(response)
        return opening + closing + self._stands(status, response)

    def fail(self, error: GatewayError) -> bytes:
        """The event `response.failed`. The item that was open is included, with the status
        `incomplete`."""
        beginning = self.begin()
        output = list(self._output)
        if self._item is not None:
            output.append(self._item.item("incomplete"))
        response = self._head.response("failed", output, self._last, error=error)
        return beginning + self._stands("failed", response)

    def _stands(self, event: str, response: bytes | None = None) -> bytes:
        """An event about the response as a whole."""
        if response is None:
            response = self._head.response("in_progress", ())
        return self._events.raw(f"response.{event}", b'"response":' + response)

    def _open(self, form: Form) -> tuple[bytes, TextItem]:
        """The open item of this form, and what has to be said to have it open."""
        item = self._item
        if item is not None and item.form is form:
            return b"", item
        closing = self._close("completed")
        index = len(self._output)
        identity = self._head.item_id(form.prefix, index)
        item = TextItem(self._events, form, identity, index, seals=self._request.seals)
        self._item = item
        return closing + item.opening(), item

    def _close(self, status: str) -> bytes:
        item, self._item = self._item, None
        if item is None:
            return b""
        closing = item.closing(status)
        self._output.append(item.item(status))
        return closing

    def _call(self, call: Call) -> bytes:
        """All events of a call, which comes whole."""
        index = len(self._output)
        custom = call.input is not None
        identity = self._head.item_id("ctc" if custom else "fc", index)
        item = items.call(identity, call, self._request.names)
        key, kind = "arguments", "response.function_call_arguments"
        if custom:
            key, kind = "input", "response.custom_tool_call_input"
        where = {"item_id": identity, "output_index": index}
        whole, events = item[key], self._events
        self._output.append(item)
        return (
            events.item("added", index, item | {"status": "in_progress", key: ""})
            + events.event(f"{kind}.delta", where | {"delta": whole})
            + events.event(f"{kind}.done", where | {key: whole})
            + events.item("done", index, item)
        )
