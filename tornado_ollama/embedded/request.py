"""Parses the bodies of `/api/generate`, `/api/chat` and `/api/embed`.

Pure. Field names, types and messages are of Ollama 0.32.15 (`api/types.go`); see `fields` for how a
body is read. A request for something that this model cannot do is refused here.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from .fields import Fields, read_fields
from .options import read_keep_alive, read_schema
from .refusal import Refusal

THINK_WORDS = ("low", "medium", "high", "max")
TOP_LOGPROBS_MAX = 20


@dataclass(frozen=True, slots=True)
class Common:
    """The fields that chat and generate share."""

    model: str
    stream: bool
    truncate: bool
    keep_alive: float | None
    think: bool
    options: dict[str, Any]
    format: Any
    logprobs: int | None
    """How many alternatives to list beside each token; None when none were asked for."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    common: Common
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    has_images: bool


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    common: Common
    prompt: str
    system: str
    suffix: str
    template: str
    raw: bool
    context: tuple[int, ...]
    has_images: bool


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    model: str
    input: tuple[str, ...]
    truncate: bool
    dimensions: int
    keep_alive: float | None


def chat_request(body: bytes) -> ChatRequest:
    """Parses the body of `/api/chat`. Raises a 400 `Refusal` for a body that is not a chat
    request."""
    fields = read_fields(body, "ChatRequest")
    messages, has_images = [], False
    for item in fields.objects("messages", "api.Message"):
        has_images |= _has_images(item)
        calls = tuple(_tool_call(call) for call in item.objects("tool_calls", "api.ToolCall"))
        messages.append(Message(item.text("role").lower(), item.text("content"), calls))
    tools = tuple(_tool(item) for item in fields.objects("tools", "api.Tool"))
    return ChatRequest(_common(fields), tuple(messages), tools, has_images)


def generate_request(body: bytes) -> GenerateRequest:
    """Parses the body of `/api/generate`. Raises a 400 `Refusal` for a body that is not a generate
    request."""
    fields = read_fields(body, "GenerateRequest")
    request = GenerateRequest(
        common=_common(fields),
        prompt=fields.text("prompt"),
        system=fields.text("system"),
        suffix=fields.text("suffix"),
        template=fields.text("template"),
        raw=fields.flag("raw", False),
        context=_context(fields),
        has_images=_has_images(fields),
    )
    if request.raw and (request.template or request.system or request.context):
        raise Refusal(400, "raw mode does not support template, system, or context")
    return request


def embed_request(body: bytes) -> EmbedRequest:
    """Parses the body of `/api/embed`. Raises a 400 `Refusal` for a body that is not an embed
    request."""
    fields = read_fields(body, "EmbedRequest")
    given = fields.raw("input")
    texts = [] if given is None or given == "" else given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in texts):
        raise Refusal(400, "invalid input type")
    return EmbedRequest(
        model=fields.text("model"),
        input=tuple(texts),
        truncate=fields.flag("truncate", True),
        dimensions=fields.integer("dimensions"),
        keep_alive=read_keep_alive(fields.raw("keep_alive")),
    )


def _common(fields: Fields) -> Common:
    wanted, top = fields.flag("logprobs", False), fields.integer("top_logprobs")
    if not 0 <= top <= TOP_LOGPROBS_MAX:
        raise Refusal(400, f"top_logprobs must be between 0 and {TOP_LOGPROBS_MAX}")
    return Common(
        model=fields.text("model"),
        stream=fields.flag("stream", True),
        truncate=fields.flag("truncate", True),
        keep_alive=read_keep_alive(fields.raw("keep_alive")),
        think=_think(fields.raw("think")),
        options=fields.table("options"),
        format=fields.raw("format"),
        logprobs=top if wanted else None,
    )


def _think(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in THINK_WORDS:
        return True
    raise Refusal(
        400,
        f'invalid think value: "{value}" (must be "high", "medium", "low", "max", true, or false)',
    )


def _context(fields: Fields) -> tuple[int, ...]:
    tokens = fields.items("context", "[]int")
    if not all(type(token) is int and token >= 0 for token in tokens):
        raise Refusal(400, "context must be an array of token numbers")
    return tuple(tokens)


def _has_images(fields: Fields) -> bool:
    images = fields.items("images", "[]api.ImageData")
    for image in images:
        try:
            base64.b64decode(image if isinstance(image, str) else "@", validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, "illegal base64 data at input byte 0") from None
    return bool(images)


def _tool_call(fields: Fields) -> ToolCall:
    function = fields.inner("function", "api.ToolCallFunction")
    return ToolCall(
        function.text("name"),
        function.table("arguments", "api.ToolCallFunctionArguments"),
    )


def _tool(fields: Fields) -> Tool:
    function = fields.inner("function", "api.ToolFunction")
    given = function.raw("parameters")
    if given != []:
        given = function.table("parameters", "api.ToolFunctionParameters")
    parameters = read_schema(given, "parameters")
    return Tool(function.text("name"), function.text("description"), parameters)
