"""Translates the messages of chat completions into Ollama's.

Owns roles, an assistant's calls and thoughts. A system message within the conversation becomes a
note in a user's message: templates would move it to the beginning. Fields of a message that are not
read here are always ignored: a client sends its history as its framework keeps it. For the same
reason what is no call among an assistant's calls is left out.
"""

from __future__ import annotations

from ...errors import BadRequest
from ..chat.content import plain_text
from ..chat.conversation import Conversation, label
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import Json, items, mapping, text

_NATIVE_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}

_PART_KINDS = "text, image_url, input_audio, refusal, input_text, output_text, input_image, image"

_THOUGHTS = ("reasoning", "reasoning_content", "thinking", "reasoning_text")
"""Fields that hold an assistant's thoughts, as clients send them back."""

_MORE = frozenset((*_THOUGHTS, "tool_calls", "function_call"))
"""What an assistant's message may have besides its content."""


def native_messages(value: object, *, fetch_images: bool) -> Conversation:
    """Translates the whole conversation. Raises `BadRequest` naming the message and the field at
    fault."""
    given = items(value, "messages")
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Conversation(fetch_images, _PART_KINDS)
    begun = False
    for index, item in enumerate(given):  # there may be thousands: only errors need a path
        message = item if isinstance(item, dict) else mapping(item, f"messages[{index}]")
        role, content = message.get("role"), message.get("content")
        native_role = _NATIVE_ROLES.get(role) if isinstance(role, str) else None
        if native_role is None:
            here, roles = f"messages[{index}].role", ", ".join(_NATIVE_ROLES)
            text(role, here)
            raise BadRequest(f"'{here}' must be one of: {roles}.", param=here)
        said = plain_text(content)
        if native_role == "system" and begun:
            talk.note(content, f"messages[{index}].content")
            continue
        begun = begun or native_role != "system"
        if said is None:
            native = talk.add(native_role, content, f"messages[{index}].content")
        else:
            native = talk.say(native_role, said)
        if role == "assistant":
            if not _MORE.isdisjoint(message):
                _assistant(message, native, f"messages[{index}]", talk)
        elif role == "tool":
            tool = message.get("name") or message.get("tool_name")
            talk.result(native, label(message.get("tool_call_id")), label(tool))
        elif role == "function":
            talk.result(native, None, label(message.get("name")))
    return talk


def _assistant(message: Json, native: Json, param: str, talk: Conversation) -> None:
    for key in _THOUGHTS:
        thought = message.get(key)
        if isinstance(thought, str) and thought:
            native["thinking"] = thought
            break
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        for index, call in enumerate(calls):
            if isinstance(call, dict):
                _tool_call(call, native, f"{param}.tool_calls[{index}]", talk)
    else:
        _called(message, "function_call", native, param, talk)


def _tool_call(call: Json, native: Json, param: str, talk: Conversation) -> None:
    """Adds a tool call. One of an unknown kind is left out, unless it has a function."""
    kind = call.get("type") or "function"
    call_id = label(call.get("id")) or ""
    if kind == "custom" and isinstance(tool := call.get("custom"), dict):
        arguments = {CUSTOM_INPUT: tool.get("input") or ""}
        called = label(tool.get("name")) or ""
        talk.call(native, called, arguments, f"{param}.custom.input", call_id)
    else:
        _called(call, "function", native, param, talk, call_id)


def _called(
    call: Json, key: str, native: Json, param: str, talk: Conversation, call_id: str = ""
) -> None:
    """Adds the function that stands under a key of a call, if there is one; its name is empty where
    the model left it out."""
    function = call.get(key)
    if isinstance(function, dict):
        called, arguments = label(function.get("name")) or "", function.get("arguments")
        talk.call(native, called, arguments, f"{param}.{key}.arguments", call_id)
