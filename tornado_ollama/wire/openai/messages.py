"""Translates the messages of chat completions into Ollama's.

Owns roles, an assistant's calls and thoughts. A system message within the conversation becomes a
note in a user's message: templates would move it to the beginning. Fields of a message that are not
read here are always ignored: a client sends its history as its framework keeps it. For the same
reason what is no call among an assistant's calls is left out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...errors import BadRequest
from ..chat.arguments import call_arguments
from ..chat.conversation import Conversation
from ..chat.given import GivenParts, Scalar
from ..chat.native_message import Message
from ..chat.toolbox import CUSTOM_INPUT
from ..checks import text
from ..typed_list import TypedList

_NATIVE_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}

_PART_KINDS = "text, image_url, input_audio, refusal, input_text, output_text, input_image, image"


class GivenFunction(msgspec.Struct, gc=False):
    name: Any = None
    arguments: Any = None


class GivenCall(msgspec.Struct, gc=False):
    id: Any = None
    type: Any = None
    function: GivenFunction | Scalar | list[Any] = None
    custom: Any = None


class GivenMessage(msgspec.Struct, gc=False):
    """A message as a client sends it; every field takes any JSON value, see `chat/given.py`."""

    role: Any = None
    content: GivenParts = None
    tool_calls: list[GivenCall | Scalar | list[Any]] | dict[str, Any] | Scalar = None
    tool_call_id: Any = None
    name: Any = None
    tool_name: Any = None
    function_call: GivenFunction | Scalar | list[Any] = None
    reasoning: Any = None
    """This and the next three: an assistant's thoughts, as clients send them back. The first that
    is a text counts."""
    reasoning_content: Any = None
    thinking: Any = None
    reasoning_text: Any = None


MESSAGES = TypedList("messages", GivenMessage)


def native_messages(value: object, *, fetch_images: bool) -> Conversation:
    """Translates the whole conversation. Raises `BadRequest` naming the message and the field at
    fault."""
    given = MESSAGES.elements(value)
    if not given:
        raise BadRequest("'messages' must hold at least one message.", param="messages")
    talk = Conversation(fetch_images, _PART_KINDS)
    messages = talk.messages
    begun = False
    for index, item in enumerate(given):  # there may be thousands: only errors need a path
        if isinstance(item, GivenMessage):
            message = item
        else:
            message = MESSAGES.element(item, f"messages[{index}]")
        role, content = message.role, message.content
        if role == "user" and isinstance(content, str):
            messages.append(Message("user", content))
            begun = True
        elif role == "assistant":
            begun = True
            if content is None or isinstance(content, str):
                messages.append(native := Message("assistant", content or ""))
            else:
                native = talk.add("assistant", content, f"messages[{index}].content")
            if (
                message.reasoning
                or message.reasoning_content
                or message.thinking
                or message.reasoning_text
            ):
                _thought(message, native)
            if message.tool_calls or message.function_call:
                _calls(message, native, index, talk)
        elif role == "tool" or role == "function":
            begun = True
            if isinstance(content, str):
                messages.append(native := Message("tool", content))
            else:
                native = talk.add("tool", content, f"messages[{index}].content")
            if role == "tool":
                talk.result(native, message.tool_call_id, message.name or message.tool_name)
            else:
                talk.result(native, None, message.name)
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


def _thought(message: GivenMessage, native: Message) -> None:
    """Adds an assistant's thought, in whichever field it stands."""
    told = (message.reasoning, message.reasoning_content, message.thinking, message.reasoning_text)
    thought = next((text for text in told if isinstance(text, str) and text), None)
    native.thinking = thought or native.thinking


def _calls(message: GivenMessage, native: Message, at: int, talk: Conversation) -> None:
    """Adds an assistant's calls; `at` is the index of its message."""
    calls, legacy = message.tool_calls, message.function_call
    if isinstance(calls, list) and calls:
        for index, call in enumerate(calls):
            if isinstance(call, GivenCall):
                function = call.function
                if call.type == "function" and isinstance(function, GivenFunction):
                    arguments = function.arguments
                    if isinstance(arguments, str):
                        talk.call(native, function.name, arguments, call.id)
                        continue
                _call(call, native, f"messages[{at}].tool_calls[{index}]", talk)
    elif isinstance(legacy, GivenFunction):
        _called(legacy, native, f"messages[{at}].function_call", talk, "")


def _call(call: GivenCall, native: Message, param: str, talk: Conversation) -> None:
    """Adds a tool call. One of an unknown kind is left out, unless it has a function; its name is
    empty where the model left it out."""
    function, tool = call.function, call.custom
    if (call.type or "function") == "custom" and isinstance(tool, dict):
        written = {CUSTOM_INPUT: tool.get("input") or ""}
        arguments = call_arguments(written, f"{param}.custom.input")
        talk.call(native, tool.get("name"), arguments, call.id)
    elif isinstance(function, GivenFunction):
        _called(function, native, f"{param}.function", talk, call.id)


def _called(
    function: GivenFunction, native: Message, param: str, talk: Conversation, call_id: Any
) -> None:
    arguments = call_arguments(function.arguments, f"{param}.arguments")
    talk.call(native, function.name, arguments, call_id)
