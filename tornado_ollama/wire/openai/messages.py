"""The conversation: OpenAI's messages into Ollama's.

Owns roles, content parts and the history of tool calls. One message stays one message: text
parts are joined by a line end, images ride along in order (Ollama's own /v1 makes one message of
every part and loses the tool call id on the way).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...errors import BadRequest
from ..checks import (
    Json,
    items,
    json_object,
    mapping,
    missing,
    name,
    shallow,
    text,
)
from . import fields
from .images import (
    RemoteImage,
    audio_base64,
    fetching_is_off,
    image_base64,
    image_source,
    is_remote,
)

_ROLES = {
    "system": fields.SYSTEM_MESSAGE,
    "developer": fields.SYSTEM_MESSAGE,
    "user": fields.USER_MESSAGE,
    "assistant": fields.ASSISTANT_MESSAGE,
    "tool": fields.TOOL_MESSAGE,
    "function": fields.FUNCTION_MESSAGE,
}
_NATIVE_ROLES = {"developer": "system", "function": "tool"}


@dataclass(slots=True)
class Conversation:
    """The native messages, and what is still to be fetched for them."""

    messages: list[Json] = field(default_factory=list)
    remote_images: list[RemoteImage] = field(default_factory=list)
    tools_called: dict[str, str] = field(default_factory=dict)
    """Call id -> tool name, from the latest assistant message that used the id."""


def native_messages(value: object, *, fetch_images: bool) -> Conversation:
    """The whole conversation; raises `BadRequest` naming the message and the field at fault."""
    given = items(value, "messages")
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Conversation()
    for index, item in enumerate(given):
        param = f"messages[{index}]"
        message = mapping(item, param)
        role = text(message.get("role"), f"{param}.role")
        known = _ROLES.get(role)
        if known is None:
            roles = ", ".join(_ROLES)
            raise BadRequest(f"'{param}.role' must be one of: {roles}.", param=f"{param}.role")
        known.check(message, param)
        native: Json = {"role": _NATIVE_ROLES.get(role, role), "content": ""}
        talk.messages.append(native)
        _content(message.get("content"), native, f"{param}.content", talk, fetch_images)
        if role == "assistant":
            _assistant(message, native, param, talk)
        elif role == "tool":
            _tool_result(message, native, param, talk)
        elif role == "function":
            native["tool_name"] = name(message.get("name"), f"{param}.name")
    return talk


def _content(value: Any, native: Json, param: str, talk: Conversation, fetch_images: bool) -> None:
    if isinstance(value, str):
        native["content"] = value
    elif value is None:
        if native["role"] != "assistant":
            raise missing(param)
    elif isinstance(value, list):
        _parts(value, native, param, talk, fetch_images)
    else:
        raise BadRequest(f"'{param}' must be a string or an array of parts.", param=param)


def _parts(
    parts: list[Any], native: Json, param: str, talk: Conversation, fetch_images: bool
) -> None:
    texts: list[str] = []
    images: list[str] = []
    for index, item in enumerate(parts):
        here = f"{param}[{index}]"
        part = mapping(item, here)
        match part.get("type"):
            case "text":
                fields.TEXT_PART.check(part, here)
                texts.append(text(part.get("text"), f"{here}.text"))
            case "refusal":
                fields.REFUSAL_PART.check(part, here)
                texts.append(text(part.get("refusal"), f"{here}.refusal"))
            case "image_url":
                fields.IMAGE_PART.check(part, here)
                here += ".image_url"
                url = image_source(part.get("image_url"), here)
                if not is_remote(url):
                    images.append(image_base64(url, here))
                elif fetch_images:
                    slot = len(images)
                    talk.remote_images.append(RemoteImage(url, here, len(talk.messages) - 1, slot))
                    images.append("")
                else:
                    raise fetching_is_off(here)
            case "input_audio":
                fields.AUDIO_PART.check(part, here)
                images.append(audio_base64(part.get("input_audio"), f"{here}.input_audio"))
            case _:
                raise BadRequest(
                    f"'{here}.type' must be one of: text, image_url, input_audio, refusal.",
                    param=f"{here}.type",
                )
    native["content"] = "\n".join(texts)
    if images:
        native["images"] = images


def _assistant(message: Json, native: Json, param: str, talk: Conversation) -> None:
    for key in ("reasoning", "reasoning_content", "thinking"):
        if message.get(key):
            native["thinking"] = text(message[key], f"{param}.{key}")
            break
    calls: list[Json] = []
    if message.get("tool_calls") is not None:
        for index, item in enumerate(items(message["tool_calls"], f"{param}.tool_calls")):
            calls.append(_tool_call(item, index, f"{param}.tool_calls[{index}]", talk))
    elif message.get("function_call") is not None:
        calls.append({"function": _called(message["function_call"], 0, f"{param}.function_call")})
    if calls:
        native["tool_calls"] = calls


def _tool_call(item: object, index: int, param: str, talk: Conversation) -> Json:
    call = mapping(item, param)
    if call.get("type", "function") not in ("function", None):
        raise BadRequest(f"'{param}.type' must be function.", param=f"{param}.type")
    fields.TOOL_CALL.check(call, param)
    function = _called(call.get("function"), index, f"{param}.function")
    if not call.get("id"):
        return {"function": function}
    call_id = text(call["id"], f"{param}.id")
    talk.tools_called[call_id] = function["name"]
    return {"id": call_id, "function": function}


def _called(item: object, index: int, param: str) -> Json:
    function = mapping(item, param)
    fields.CALLED_FUNCTION.check(function, param)
    return {
        "index": index,
        "name": name(function.get("name"), f"{param}.name"),
        "arguments": _arguments(function.get("arguments"), f"{param}.arguments"),
    }


def _arguments(value: object, param: str) -> Json | msgspec.Raw:
    """OpenAI sends the arguments as JSON text, Ollama wants the object."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        return json_object(value, param)
    if not isinstance(value, dict):
        raise BadRequest(f"'{param}' must be the JSON text of an object.", param=param)
    shallow(value, param)
    return value


def _tool_result(message: Json, native: Json, param: str, talk: Conversation) -> None:
    """Ollama finds the call by id, templates print the tool's name: both are set."""
    call_id = message.get("tool_call_id")
    tool = message.get("name") or message.get("tool_name")
    if call_id is None and tool is None:
        raise missing(f"{param}.tool_call_id")
    if call_id is not None:
        native["tool_call_id"] = text(call_id, f"{param}.tool_call_id")
    if tool is not None:
        native["tool_name"] = text(tool, f"{param}.name")
    elif call_id in talk.tools_called:
        native["tool_name"] = talk.tools_called[call_id]
