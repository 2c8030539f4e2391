"""The protocol of `/ws`: text frames to commands, Ollama's lines to frames.

Pure. `docs/websocket.md` shows every frame with an example. Keys that are not understood are
refused by name instead of ignored, so that a misspelt option does not go unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import BadRequest
from .policy import Defaults

CHAT_KEYS = frozenset(
    {
        "model",
        "messages",
        "options",
        "think",
        "format",
        "tools",
        "keep_alive",
        "truncate",
        "shift",
        "logprobs",
        "top_logprobs",
    }
)
"""What a `chat` frame may carry besides `type` and `id`: Ollama's own fields of /api/chat."""

_REQUEST_KEYS = frozenset({"method", "path", "body"})
MAX_ID_LENGTH = 128


@dataclass(frozen=True, slots=True)
class PlainText:
    """Text that is not a JSON object: answered as text, then the socket closes."""

    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """`{"text": ...}`: one turn of the conversation that the connection keeps."""

    text: str
    model: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat with all it needs; `body` is a body of /api/chat, but for `stream`."""

    id: str
    body: dict[str, Any]
    resumable: bool = False
    """It may run on without its socket for a while."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Takes up a resumable chat on a new socket; `after` is the last `seq` that was seen."""

    id: str
    stream: str
    after: int


@dataclass(frozen=True, slots=True)
class Request:
    """Any native route, over the socket."""

    id: str
    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Cancel:
    """`id` None: the turn of the conversation."""

    id: str | None


@dataclass(frozen=True, slots=True)
class Auth:
    token: str


class Ping:
    """Answered with pong."""


Command = PlainText | Turn | Chat | Resume | Request | Cancel | Auth | Ping


class BadFrame(BadRequest):
    """A frame that is not understood; `id` is the frame's, where it has a usable one."""

    def __init__(self, message: str, id: str | None) -> None:
        super().__init__(message)
        self.id = id


def read_frame(text: str) -> Command:
    """The command in a text frame. Raises BadFrame for a JSON object that holds none."""
    frame = _object(text)
    if frame is None:
        return PlainText(text)
    id = _id(frame)
    kind = frame.get("type")
    if kind is None and "text" in frame:
        return _turn(frame)
    if kind == "chat":
        return _chat(frame, id)
    if kind == "resume":
        return _resume(frame, id)
    if kind == "request":
        return _request(frame, id)
    if kind == "cancel":
        return Cancel(id)
    if kind == "ping":
        return Ping()
    if kind == "auth":
        if not isinstance(frame.get("token"), str):
            raise BadFrame("`token` must be a string.", id)
        return Auth(frame["token"])
    raise BadFrame(
        'Send {"text": ...} or a frame of type chat, resume, request, cancel, ping or auth.',
        id,
    )


def native_chat(body: Mapping[str, Any], model: str, defaults: Defaults) -> dict[str, Any]:
    """The body of /api/chat for a chat frame: the operator's defaults under the client's own
    settings, always streamed."""
    sent = {**body, "model": model, "stream": True}
    options = body.get("options")
    if defaults.options and (options is None or isinstance(options, dict)):
        sent["options"] = {**defaults.options, **(options or {})}
    for key, value in (("keep_alive", defaults.keep_alive), ("think", defaults.think)):
        if value is not None and body.get(key) is None:
            sent[key] = value
    return sent


def frame(type: str, id: str | None = None, **fields: Any) -> str:
    """A frame to the client; keys whose value is None are left out."""
    whole = {"type": type, "id": id, **fields}
    return encode({key: value for key, value in whole.items() if value is not None})


def error_frame(id: str | None, status: int, message: str) -> str:
    """`id` is always there, null where the error belongs to no request."""
    return encode({"type": "error", "id": id, "status": status, "message": message})


def delta_frame(id: str | None, message: Mapping[str, Any]) -> str | None:
    """The frame for a line's `message`; None when it brings nothing."""
    content, thinking = message.get("content") or None, message.get("thinking") or None
    calls = message.get("tool_calls") or None
    if content is None and thinking is None and calls is None:
        return None
    return frame("delta", id, content=content, thinking=thinking, tool_calls=calls)


def done_frame(id: str | None, line: Mapping[str, Any]) -> str:
    """The frame for Ollama's last line. Counters that Ollama omits are 0; times in milliseconds."""
    prompt, reply = line.get("prompt_eval_count") or 0, line.get("eval_count") or 0
    eval_ms = _ms(line.get("eval_duration"))
    speed = {"tokens_per_second": round(reply / eval_ms * 1000, 2)} if eval_ms else {}
    return frame(
        "done",
        id,
        reason=line.get("done_reason") or "stop",
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": reply,
            "total_tokens": prompt + reply,
        },
        timings={
            "total_ms": _ms(line.get("total_duration")),
            "load_ms": _ms(line.get("load_duration")),
            "prompt_ms": _ms(line.get("prompt_eval_duration")),
            "reply_ms": eval_ms,
            **speed,
        },
    )


def encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _ms(nanoseconds: Any) -> float:
    return round(nanoseconds / 1e6, 2) if isinstance(nanoseconds, int) else 0.0


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise BadFrame("The frame is nested too deeply.", None) from None
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def _id(frame: dict[str, Any]) -> str | None:
    id = frame.get("id")
    if id is None:
        return None
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID_LENGTH:
        raise BadFrame(f"`id` must be a string of 1 to {MAX_ID_LENGTH} characters.", None)
    return id


def _turn(frame: dict[str, Any]) -> Turn:
    text, model = frame["text"], frame.get("model")
    if not isinstance(text, str) or not text.strip():
        raise BadFrame("`text` must be a string that is not empty.", None)
    if model is not None and not isinstance(model, str):
        raise BadFrame("`model` must be a string.", None)
    return Turn(text, model or None)


def _chat(frame: dict[str, Any], id: str | None) -> Chat:
    if id is None:
        raise BadFrame("A chat needs an `id`, so that its answers can be told apart.", None)
    _refuse_unknown(frame, CHAT_KEYS | {"resumable"}, id)
    model, messages = frame.get("model"), frame.get("messages")
    if model is not None and not isinstance(model, str):
        raise BadFrame("`model` must be a string.", id)
    if not isinstance(messages, list):
        raise BadFrame("`messages` must be a list of messages.", id)
    if not isinstance(frame.get("resumable", False), bool):
        raise BadFrame("`resumable` must be true or false.", id)
    body = {key: frame[key] for key in CHAT_KEYS & frame.keys()}
    return Chat(id, body, frame.get("resumable", False))


def _resume(frame: dict[str, Any], id: str | None) -> Resume:
    _refuse_unknown(frame, frozenset({"stream", "after"}), id)
    stream, after = frame.get("stream"), frame.get("after", 0)
    if id is None or not isinstance(stream, str):
        raise BadFrame("A resume frame needs the `id` and the `stream` of its chat.", id)
    if not isinstance(after, int) or isinstance(after, bool) or after < 0:
        raise BadFrame("`after` must be the last `seq` that was seen, 0 for none.", id)
    return Resume(id, stream, after)


def _request(frame: dict[str, Any], id: str | None) -> Request:
    if id is None:
        raise BadFrame("A request needs an `id`, so that its answers can be told apart.", None)
    _refuse_unknown(frame, _REQUEST_KEYS, id)
    method, path, body = frame.get("method", "GET"), frame.get("path"), frame.get("body")
    if not isinstance(method, str) or not isinstance(path, str):
        raise BadFrame("`method` and `path` must be strings.", id)
    return Request(id, method.upper(), path, b"" if body is None else msgspec.json.encode(body))


def _refuse_unknown(frame: dict[str, Any], known: frozenset[str], id: str | None) -> None:
    unknown = sorted(frame.keys() - known - {"type", "id"})
    if unknown:
        raise BadFrame(f"`{unknown[0]}` is not known in a {frame['type']} frame.", id)
