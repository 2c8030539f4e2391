"""Ollama's reply messages as types, decoded in one pass.

Owns the shapes of `/api/chat`, `/api/generate`, `/api/embed`, `/api/tags`, `/api/ps`, `/api/show`
and `/api/version` replies, as far as anybody here reads them; fields that nobody reads are skipped
by the decoder without being built. Source: Ollama 0.32.15 `api/types.go`, and the recorded
transcripts.

Go leaves out fields that are zero (`omitempty`), so every field has a default: a missing count is
0, a missing text is empty. Durations are nanoseconds.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import msgspec

from ..errors import UpstreamBroken

LIST_PATH = "/api/tags"
SHOW_PATH = "/api/show"
COUNT_PATH = "/api/count_tokens"
"""Of the embedded backend alone: how many tokens the prompt of a chat has."""

EMBEDDED = "+embedded"
"""What the version of the embedded backend ends in."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not what it decodes."""

NOTHING = msgspec.Raw(b"null")
"""The raw text of a field that was absent."""


class Function(msgspec.Struct, gc=False):
    name: str = ""
    arguments: msgspec.Raw = NOTHING
    """The object's own text, so that order and numbers stay as the model wrote them."""


class ToolCall(msgspec.Struct, gc=False):
    function: Function
    id: str | None = None
    """Missing or empty on the native template path."""


class Message(msgspec.Struct, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None


class TopLogprob(msgspec.Struct, gc=False):
    token: str
    logprob: float
    bytes: list[int] | None = None


class Logprob(msgspec.Struct, gc=False):
    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: list[TopLogprob] | None = None


class Record(msgspec.Struct, gc=False):
    """The fields that the lines of both streams and both whole replies share."""

    done: bool = False
    done_reason: str | None = None
    error: Any = None
    logprobs: list[Logprob] | None = None
    prompt_eval_count: int = 0
    prompt_eval_cached_count: int | None = None
    eval_count: int = 0


class ChatRecord(Record, gc=False):
    """A line of the stream of `/api/chat`, or its whole reply."""

    message: Message | None = None


class GenerateRecord(Record, gc=False):
    """A line of the stream of `/api/generate`, or its whole reply. It is its own `message`, so that
    it has the same attributes as a line of a chat."""

    content: str | None = msgspec.field(default=None, name="response")
    thinking: str | None = None
    tool_calls: ClassVar[None] = None

    @property
    def message(self) -> GenerateRecord:
        return self


ReplyRecord = ChatRecord | GenerateRecord
"""What a reply to a chat or a generation is made of."""


class EmbedReply(msgspec.Struct):
    error: Any = None
    embeddings: list[msgspec.Raw] | None = None
    prompt_eval_count: int = 0


class ModelEntry(msgspec.Struct):
    name: str = ""
    digest: str = ""
    modified_at: str = ""
    details: dict[str, Any] | None = None
    capabilities: list[str] | None = None


class TagsReply(msgspec.Struct):
    models: list[ModelEntry] | None = None


class LoadedEntry(msgspec.Struct):
    name: str = ""
    context_length: Any = None


class PsReply(msgspec.Struct):
    models: list[LoadedEntry] | None = None


class VersionReply(msgspec.Struct):
    version: str


class CountReply(msgspec.Struct):
    prompt_tokens: int


class ShowReply(msgspec.Struct):
    modified_at: str = ""
    model_info: dict[str, Any] | None = None
    capabilities: list[str] | None = None


Reply = TypeVar("Reply")


def decode(decoder: msgspec.json.Decoder[Reply], body: bytes) -> Reply:
    """Decodes the reply in `body`. Raises `UpstreamBroken` for a body of another shape."""
    try:
        return decoder.decode(body)
    except UNREADABLE:
        raise UpstreamBroken("Ollama answered with something that cannot be read.") from None


def show_body(model: str) -> bytes:
    """The body of `/api/show` for a model, by the name Ollama knows."""
    return msgspec.json.encode({"model": model})


def ollama_version(status: int, body: bytes) -> str | None:
    """The version in a reply of `/api/version`; None where the reply is not Ollama's."""
    if status != 200:
        return None
    try:
        return VERSION.decode(body).version or None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


CHAT = msgspec.json.Decoder(ChatRecord)
GENERATE = msgspec.json.Decoder(GenerateRecord)
EMBED = msgspec.json.Decoder(EmbedReply)
TAGS = msgspec.json.Decoder(TagsReply)
PS = msgspec.json.Decoder(PsReply)
SHOW = msgspec.json.Decoder(ShowReply)
VERSION = msgspec.json.Decoder(VersionReply)
COUNT = msgspec.json.Decoder(CountReply)
