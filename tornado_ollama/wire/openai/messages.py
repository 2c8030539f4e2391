"""Translates the messages of chat completions into Ollama's.

Owns roles, an assistant's calls and thoughts. Fields of a message that are not read here are always
ignored: a client sends its history as its framework keeps it.
"""

from __future__ import annotations

from ...errors import BadRequest
from ..chat.conversation import Conversation
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import Json, items, mapping, missing, name, text

_NATIVE_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}

_PART_KINDS = "text, image_url, input_audio, refusal"

_THOUGHTS = ("reasoning", "reasoning_content", "thinking", "reasoning_text")
"""Fields that hold an assistant's thoughts, as clients send them back."""


def native_messages(value: object, *, fetch_images: bool) -> Conversation:
    """Translates the whole conversation. Raises `BadRequest` naming the message and the field at
    fault."""
    given = items(value, "messages")
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Conversation(fetch_images, _PART_KINDS)
    for index, item in enumerate(given):
        param = f"messages[{index}]"
        message = mapping(item, param)
        role = text(message.get("role"), f"{param}.role")
        native_role = _NATIVE_ROLES.get(role)
        if native_role is None:
            roles = ", ".join(_NATIVE_ROLES)
            raise BadRequest(f"'{param}.role' must be one of: {roles}.", param=f"{param}.role")
        native = talk.add(native_role, message.get("content"), f"{param}.content")
        if role == "assistant":
            _assistant(message, native, param, talk)
        elif role == "tool":
            _tool_result(message, native, param, talk)
        elif role == "function":
            talk.result(native, None, name(message.get("name"), f"{param}.name"))
    return talk


def _assistant(message: Json, native: Json, param: str, talk: Conversation) -> None:
    for key in _THOUGHTS:
        thought = message.get(key)
        if isinstance(thought, str) and thought:
            native["thinking"] = thought
            break
    if message.get("tool_calls"):
        for index, item in enumerate(items(message["tool_calls"], f"{param}.tool_calls")):
            here = f"{param}.tool_calls[{index}]"
            _tool_call(mapping(item, here), native, here, talk)
    elif message.get("function_call"):
        _called(message, "function_call", native, param, talk)


def _tool_call(call: Json, native: Json, param: str, talk: Conversation) -> None:
    """Adds a tool call. One of an unknown kind is left out, unless it has a function."""
    kind = call.get("type") or "function"
    call_id = text(call["id"], f"{param}.id") if call.get("id") else ""
    if kind == "custom" and call.get("custom"):
        here = f"{param}.custom"
        tool = mapping(call["custom"], here)
        arguments = {CUSTOM_INPUT: tool.get("input") or ""}
        talk.call(native, _called_name(tool, here), arguments, f"{here}.input", call_id)
    elif kind == "function" or call.get("function"):
        _called(call, "function", native, param, talk, call_id)


def _called(
    call: Json, key: str, native: Json, param: str, talk: Conversation, call_id: str = ""
) -> None:
    """Adds the function that stands under a key of a call."""
    here = f"{param}.{key}"
    function = mapping(call.get(key), here)
    arguments = function.get("arguments")
    talk.call(native, _called_name(function, here), arguments, f"{here}.arguments", call_id)


def _called_name(tool: Json, param: str) -> str:
    """The name of the called function; empty where the model left it out."""
    called = tool.get("name")
    return "" if called is None else text(called, f"{param}.name")


def _tool_result(message: Json, native: Json, param: str, talk: Conversation) -> None:
    call_id, tool = message.get("tool_call_id"), message.get("name") or message.get("tool_name")
    if call_id is not None:
        call_id = text(call_id, f"{param}.tool_call_id")
    elif tool is None:
        raise missing(f"{param}.tool_call_id")
    talk.result(native, call_id, None if tool is None else text(tool, f"{param}.name"))
