"""Parses the text frames of a client of `/ws` into commands. Pure.

`docs/websocket.md` shows every frame with an example. Unknown keys of a chat are ignored, but for
one that is a letter from a known one; those of other frames are refused by name. Values for Ollama
are kept as the text that the client wrote: no tree of objects is built of a long conversation, and
Ollama reads the very numbers, keys and duplicates that were sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ...errors import BadRequest
from ..chat.plan import Plan
from ..decisions import MAX_SLIPS, meant
from ..ignored_fields import shown
from ..json_members import members

CHAT_KEYS = frozenset(Plan.__struct_fields__) - {"stream"}
"""What a `chat` frame may carry besides `type` and `id`: Ollama's own fields of /api/chat."""

_CHAT_FRAME = CHAT_KEYS | {"type", "id", "resumable"}
"""All keys with a meaning in a `chat` frame."""

_NULL = msgspec.Raw(b"null")
_REQUEST_KEYS = frozenset({"method", "path", "body"})
MAX_ID_LENGTH = 128

MAX_CONTROLS = 10_000
"""Control characters that any plain text may hold; of a longer one, a quarter may be. In JSON each
is six bytes, and what colours a terminal's output is fewer."""

_CONTROLS = bytes(set(range(0x20)) - set(b"\b\t\n\f\r"))


@dataclass(frozen=True, slots=True)
class PlainText:
    """A frame that is not a JSON object: it is answered in plain text, then the socket closes."""

    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """`{"text": ...}`: one turn of the conversation that the socket keeps."""

    text: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat with its whole conversation; the values of its plan, but for the model, are the
    client's own text."""

    id: str
    plan: Plan
    resumable: bool = False
    """It may run on without its socket for a while."""
    ignored: tuple[str, ...] = ()
    """The keys of the frame that have no meaning here, as the client is told of them."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Continues a resumable chat on a new socket; `after` is the last `seq` that the client
    received."""

    id: str
    stream: str
    after: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request to any native route."""

    id: str
    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancels the job of this id; None: the turn of the conversation."""

    id: str | None


@dataclass(frozen=True, slots=True)
class Auth:
    token: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Asks for the state of the queue, now and whenever it changes, until it is cancelled."""

    id: str


class Ping:
    """A ping frame, which is answered with a pong frame."""


Command = PlainText | Turn | Chat | Resume | Request | Watch | Cancel | Auth | Ping


class BadFrame(BadRequest):
    """A frame that is refused; `id` is the frame's, where it has a valid one."""

    def __init__(self, message: str, id: str | None) -> None:
        super().__init__(message)
        self.id = id


def read_frame(text: str) -> Command:
    """Parses a text frame into a command. Raises BadFrame for a JSON object that is not one."""
    data = text.encode("utf-8", "replace")
    frame = _object(data)
    if frame is None:
        controls = len(data) - len(data.translate(None, _CONTROLS))
        if controls > max(MAX_CONTROLS, len(data) // 4):
            raise BadFrame("Plain text may not consist of control characters.", None)
        return PlainText(text)
    id = _id(frame)
    kind = _value(frame, "type")
    if kind is None and "text" in frame:
        return _turn(frame)
    if kind == "chat":
        return _chat(frame, id)
    if kind == "resume":
        return _resume(frame, id)
    if kind == "request":
        return _request(frame, id)
    if kind == "watch":
        return _watch(frame, id)
    if kind == "cancel":
        return Cancel(id)
    if kind == "ping":
        return Ping()
    if kind == "auth":
        token = _value(frame, "token")
        if not isinstance(token, str):
            raise BadFrame("`token` must be a string.", id)
        return Auth(token)
    raise BadFrame(
        'Send {"text": ...} or a frame of type chat, resume, request, watch, cancel, ping or auth.',
        id,
    )


Frame = Mapping[str, msgspec.Raw]

_STRING = msgspec.json.Decoder(str)
_BOOLEAN = msgspec.json.Decoder(bool)
_INTEGER = msgspec.json.Decoder(int)


def _object(text: bytes) -> Frame | None:
    try:
        return dict(members(text))  # of two equal keys the last wins, as in Go
    except BadRequest as error:
        raise BadFrame(error.message, None) from None
    except msgspec.DecodeError:
        return None


def _value(frame: Frame, key: str, decoder: msgspec.json.Decoder[Any] = _STRING) -> Any:
    """Decodes the value of a key; None where it is null or absent.

    A value of another type is returned undecoded, which no caller accepts. It is not decoded
    because it may be a list of millions.
    """
    raw = frame.get(key, _NULL)
    if raw == _NULL:
        return None
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError:
        return raw


def _id(frame: Frame) -> str | None:
    id = _value(frame, "id")
    if id is None:
        return None
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID_LENGTH:
        raise BadFrame(f"`id` must be a string of 1 to {MAX_ID_LENGTH} characters.", None)
    return id


def _model(frame: Frame, id: str | None) -> str | None:
    model = _value(frame, "model")
    if model is not None and not isinstance(model, str):
        raise BadFrame("`model` must be a string.", id)
    return model or None


def _turn(frame: Frame) -> Turn:
    text = _value(frame, "text")
    if not isinstance(text, str) or not text.strip():
        raise BadFrame("`text` must be a string that is not empty.", None)
    return Turn(text, _model(frame, None))


def _chat(frame: Frame, id: str | None) -> Chat:
    if id is None:
        raise BadFrame("A chat needs an `id`, so that its answers can be told apart.", None)
    ignored = _ignored(frame, id)
    model = _model(frame, id)
    if bytes(memoryview(frame.get("messages", _NULL))[:1]) != b"[":
        raise BadFrame("`messages` must be a list of messages.", id)
    resumable = _value(frame, "resumable", _BOOLEAN) if "resumable" in frame else False
    if not isinstance(resumable, bool):
        raise BadFrame("`resumable` must be true or false.", id)
    given = CHAT_KEYS & frame.keys() - {"model"}
    # Copies: a chat that waits shall not hold the frame around them, which may be mostly blanks.
    fields: dict[str, Any] = {key: frame[key].copy() for key in given if frame[key] != _NULL}
    return Chat(id, Plan(model=model, stream=True, **fields), resumable, ignored)


def _ignored(frame: Frame, id: str) -> tuple[str, ...]:
    """The unknown keys of a chat. Raises BadFrame for one that is a letter from a known one."""
    unknown = [key for key, value in frame.items() if key not in _CHAT_FRAME and value != _NULL]
    for name in unknown[:MAX_SLIPS]:
        slip = meant(name, _CHAT_FRAME)
        if slip is not None:
            shown_name = name[:MAX_ID_LENGTH]
            raise BadFrame(
                f"`{shown_name}` is not known in a chat frame. Did you mean `{slip}`?", id
            )
    return shown(unknown)


def _resume(frame: Frame, id: str | None) -> Resume:
    _refuse_unknown(frame, frozenset({"stream", "after"}), id)
    stream = _value(frame, "stream")
    after = _value(frame, "after", _INTEGER) if "after" in frame else 0
    if id is None or not isinstance(stream, str):
        raise BadFrame("A resume frame needs the `id` and the `stream` of its chat.", id)
    if not isinstance(after, int) or isinstance(after, bool) or after < 0:
        raise BadFrame("`after` must be the last `seq` that was seen, 0 for none.", id)
    return Resume(id, stream, after)


def _request(frame: Frame, id: str | None) -> Request:
    if id is None:
        raise BadFrame("A request needs an `id`, so that its answers can be told apart.", None)
    _refuse_unknown(frame, _REQUEST_KEYS, id)
    method = _value(frame, "method") if "method" in frame else "GET"
    path, body = _value(frame, "path"), frame.get("body", _NULL)
    if not isinstance(method, str) or not isinstance(path, str):
        raise BadFrame("`method` and `path` must be strings.", id)
    return Request(id, method.upper(), path, b"" if body == _NULL else bytes(body))


def _watch(frame: Frame, id: str | None) -> Watch:
    if id is None:
        raise BadFrame("A watch needs an `id`, so that it can be cancelled.", None)
    _refuse_unknown(frame, frozenset(), id)
    return Watch(id)


def _refuse_unknown(frame: Frame, known: frozenset[str], id: str | None) -> None:
    unknown = sorted(frame.keys() - known - {"type", "id"})
    if unknown:
        kind, name = _value(frame, "type"), unknown[0][:MAX_ID_LENGTH]
        raise BadFrame(f"`{name}` is not known in a {kind} frame.", id)
