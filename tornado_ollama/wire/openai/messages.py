"""Translates the messages of chat completions into Ollama's.

Owns roles, an assistant's calls and thoughts. A system message within the conversation becomes a
note in a user's message: templates would move it to the beginning. Fields of a message that are not
read here are always ignored: a client sends its history as its framework keeps it. For the same
reason what is no call among an assistant's calls is left out.
"""

from __future__ import annotations

from ...errors import BadRequest
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

_THOUGHT_FIELDS = frozenset(_THOUGHTS)


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
        if role == "user" and isinstance(content, str):
            talk.say("user", content)
            begun = True
        elif role == "assistant":
            begun = True
            if content is None or isinstance(content, str):
                native = talk.say("assistant", content or "")
            else:
                native = talk.add("assistant", content, f"messages[{index}].content")
            if len(message) > 2 or content is None:
                _assistant(message, native, index, talk)
        elif role == "tool" or role == "function":
            begun = True
            if isinstance(content, str):
                native = talk.say("tool", content)
            else:
                native = talk.add("tool", content, f"messages[{index}].content")
            call_id, tool = message.get("tool_call_id"), message.get("name")
            if role == "function":
                call_id = None
            elif not tool:
                tool = message.get("tool_name")
            talk.result(native, label(call_id), label(tool))
        else:
            native_role = _native_role(role, index)
            if native_role == "system" and begun:
                talk.note(content, f"messages[{index}].content")
            else:
                talk.add(native_role, content, f"messages[{index}].content")
                begun = begun or native_role != "system"
    talk.finish()
    return talk


def _native_role(role: object, index: int) -> str:
    """Raises BadRequest for a role that there is not."""
    native_role = _NATIVE_ROLES.get(role) if isinstance(role, str) else None
    if native_role is not None:
        return native_role
    here, roles = f"messages[{index}].role", ", ".join(_NATIVE_ROLES)
    text(role, here)
    raise BadRequest(f"'{here}' must be one of: {roles}.", param=here)


def _assistant(message: Json, native: Json, at: int, talk: Conversation) -> None:
    """Adds an assistant's thoughts and calls; `at` is the index of its message."""
    if not _THOUGHT_FIELDS.isdisjoint(message):
        for key in _THOUGHTS:
            thought = message.get(key)
            if isinstance(thought, str) and thought:
                native["thinking"] = thought
                break
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        for index, call in enumerate(calls):
            if not isinstance(call, dict):
                continue
            function, kind = call.get("function"), call.get("type")
            if isinstance(function, dict) and kind == "function":
                called, arguments = function.get("name"), function.get("arguments")
                if isinstance(called, str) and isinstance(arguments, str):
                    talk.call(native, called, arguments, "", label(call.get("id")) or "")
                    continue
            _tool_call(call, native, f"messages[{at}].tool_calls[{index}]", talk)
    elif isinstance(function := message.get("function_call"), dict):
        _called(function, native, f"messages[{at}].function_call", talk, "")


def _tool_call(call: Json, native: Json, param: str, talk: Conversation) -> None:
    """Adds a tool call. One of an unknown kind is left out, unless it has a function; its name is
    empty where the model left it out."""
    kind = call.get("type") or "function"
    call_id = label(call.get("id")) or ""
    if kind == "custom" and isinstance(tool := call.get("custom"), dict):
        arguments = {CUSTOM_INPUT: tool.get("input") or ""}
        called = label(tool.get("name")) or ""
        talk.call(native, called, arguments, f"{param}.custom.input", call_id)
    elif isinstance(function := call.get("function"), dict):
        _called(function, native, f"{param}.function", talk, call_id)


def _called(function: Json, native: Json, param: str, talk: Conversation, call_id: str) -> None:
    called = label(function.get("name")) or ""
    talk.call(native, called, function.get("arguments"), f"{param}.arguments", call_id)
