"""Writers of chats on `/ws`: as frames, and as plain text.

Owns the frames `delta` and `done`. Tool calls and logprobs are passed on as Ollama wrote them, with
fields that are unknown here. Rules: docs/websocket.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...errors import GatewayError, UpstreamBroken
from .. import native
from ..chat.source import NEVER_SPOKE, Source
from ..ollama_errors import native_error
from .frames import check_utf8, encode, error_frame, frame, open_frame

MAX_COUNT = 2**63
"""Ollama's counters are int64."""

_ABSENT = msgspec.Raw()
_EMPTY = (b"", b"[]", b"null")


class Message(msgspec.Struct, gc=False):
    """The `message` of a line, as far as it is read."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: msgspec.Raw = _ABSENT


class ChatLine(msgspec.Struct, gc=False):
    """A line of `/api/chat`. Its counts may be of any type: one that is not a number is sent as
    0."""

    message: Message | None = None
    done: bool = False
    error: Any = None
    logprobs: msgspec.Raw = _ABSENT
    done_reason: Any = None
    prompt_eval_count: Any = None
    prompt_eval_cached_count: Any = None
    eval_count: Any = None
    total_duration: Any = None
    load_duration: Any = None
    prompt_eval_duration: Any = None
    eval_duration: Any = None

    @property
    def is_text(self) -> bool:
        """Whether the line has nothing but content, or nothing at all."""
        message = self.message
        return not self.logprobs and (
            message is None or not (message.tool_calls or message.thinking)
        )


class ChatSource(Source[ChatLine]):
    """The rules for a reply that is passed on: it ends with its stream. Without a line with `done`
    it is complete where the model said something, as in `TranslatedSource`. Lines that are not part
    of a chat are skipped."""

    ends_at_done = False
    decode = msgspec.json.Decoder(ChatLine).decode

    def unreadable(self) -> GatewayError:
        return UpstreamBroken("Ollama answered with something that cannot be read.")

    def check(self, record: ChatLine, line: bytes) -> None:
        if record.error:
            raise native_error(500, line)
        if not record.is_text:  # the text alone has been decoded already
            check_utf8(line)

    def end(self, done: tuple[ChatLine, bytes] | None, *, spoke: bool) -> ChatLine:
        if done is None:
            if not spoke:
                raise UpstreamBroken(NEVER_SPOKE)
            return ChatLine(done=True, done_reason="unknown")
        record, line = done
        native.decode(_OBJECT, line)  # the fields too that nobody reads must be readable
        return record


SOURCE = ChatSource()
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class FrameWriter:
    """Writes a chat as frames: the text of one read in one `delta`, any other line in one of its
    own, and `done`."""

    joins_text = True

    def __init__(
        self, id: str | None, reply: list[str] | None = None, ignored: Sequence[str] = ()
    ) -> None:
        """`reply`: gets each piece of the text. `ignored`: the keys of the client's frame that the
        `done` frame names, as they are by then."""
        self._id = id
        self._reply = reply
        self._ignored = ignored
        self._before = open_frame("delta", id, "content")

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> Iterable[bytes]:
        if self._reply is not None:
            self._reply.append(text)
        return (b"%b%b}" % (self._before, encode(text)),)

    def line(self, line: ChatLine) -> Iterable[bytes]:
        content = line.message.content if line.message is not None else None
        if content and self._reply is not None:
            self._reply.append(content)
        found = delta_frame(self._id, line)
        return () if found is None else (found,)

    def finish(self, last: ChatLine) -> bytes:
        return done_frame(self._id, last, self._ignored)

    def fail(self, error: GatewayError) -> bytes:
        return error_frame(self._id, error)


class PlainTextWriter:
    """Writes a chat as plain text: the reply's pieces unchanged, and nothing that marks its end."""

    joins_text = True

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> Iterable[bytes]:
        return (text.encode(),)

    def line(self, line: ChatLine) -> Iterable[bytes]:
        content = line.message.content if line.message is not None else None
        return self.text(content) if content else ()

    def finish(self, last: ChatLine) -> bytes:
        return b""

    def fail(self, error: GatewayError) -> bytes:
        return f"Error: {error.message}".encode()


def delta_frame(id: str | None, line: ChatLine) -> bytes | None:
    """The `delta` frame of one line; None for a line without content."""
    message = line.message or Message()
    brings = {
        "content": message.content or None,
        "thinking": message.thinking or None,
        "tool_calls": _unless_empty(message.tool_calls),
        "logprobs": _unless_empty(line.logprobs),
    }
    if all(value is None for value in brings.values()):
        return None
    return frame("delta", id, **brings)


def done_frame(id: str | None, last: ChatLine, ignored: Sequence[str] = ()) -> bytes:
    """The `done` frame, from Ollama's last line. Counts that Ollama omits are 0; times are in
    milliseconds. `ignored`: keys of the client's that turned out to have no meaning."""
    prompt, reply = _count(last.prompt_eval_count), _count(last.eval_count)
    eval_ms = _ms(last.eval_duration)
    speed = {"tokens_per_second": round(reply / eval_ms * 1000, 2)} if eval_ms else {}
    cached = last.prompt_eval_cached_count
    known = {} if cached is None else {"cached_tokens": min(_count(cached), prompt)}
    reason = last.done_reason
    return frame(
        "done",
        id,
        reason=reason if isinstance(reason, str) and reason else "stop",
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": reply,
            "total_tokens": prompt + reply,
            **known,
        },
        timings={
            "total_ms": _ms(last.total_duration),
            "load_ms": _ms(last.load_duration),
            "prompt_ms": _ms(last.prompt_eval_duration),
            "reply_ms": eval_ms,
            **speed,
        },
        ignored=list(ignored) or None,
    )


def _unless_empty(raw: msgspec.Raw) -> msgspec.Raw | None:
    return None if bytes(raw) in _EMPTY else raw


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < MAX_COUNT else 0


def _ms(nanoseconds: Any) -> float:
    return round(_count(nanoseconds) / 1e6, 2)
