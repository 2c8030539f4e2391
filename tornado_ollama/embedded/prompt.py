"""Turns messages into the prompt format that the model was trained on (ChatML), and selects those
that fit the context.

Pure. The text is what the chat template inside the model file makes of the same messages, which a
test checks with llama.cpp. Roles are not checked and special tokens inside a content are not
escaped, as in Ollama.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from .request import Message, Tool
from .tools import CALL_CLOSE, CALL_OPEN

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
"""The system prompt the model's template puts before a conversation that brings none."""

TEMPLATE = (
    "{{- range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
    "<|im_start|>{{ .Role }}\n{{ .Content }}"
    '{{ if not (and $last (eq .Role "assistant")) }}<|im_end|>\n{{ end }}'
    '{{ if and $last (ne .Role "assistant") }}<|im_start|>assistant\n{{ end }}{{ end }}'
)
"""What `chat_prompt` does, in the template language that `/api/show` reports."""

STOP = ("<|im_start|>", "<|im_end|>")

TOOLS_SYSTEM = (
    "{system}\nYou can call these functions:\n{tools}\n"
    'To call one, answer only with {open}{{"name": its name, "arguments": its arguments}}{close}'
)


def chat_prompt(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> str:
    """The prompt for the assistant's next message; the first of `messages` is the system
    message. A last message of the assistant's own is a beginning, from which it goes on."""
    *before, last = with_system(messages, tools)
    lines = [_block(message) for message in before]
    if last.role == "assistant" and not last.tool_calls:
        return "".join(lines) + f"<|im_start|>assistant\n{last.content}"
    return "".join(lines) + _block(last) + "<|im_start|>assistant\n"


def with_system(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
    """The conversation with its system message, which also lists the tools."""
    own = bool(messages) and messages[0].role == "system"
    system = messages[0].content if own else SYSTEM
    if tools:
        listed = "\n".join(
            json.dumps(
                {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
                ensure_ascii=False,
            )
            for tool in tools
        )
        system = TOOLS_SYSTEM.format(system=system, tools=listed, open=CALL_OPEN, close=CALL_CLOSE)
    return [Message("system", system), *messages[1 if own else 0 :]]


def without_oldest(messages: Sequence[Message], count: int) -> list[Message]:
    """The conversation without its `count` oldest messages; system messages and the last stay."""
    kept: list[Message] = []
    for index, message in enumerate(messages):
        last = index == len(messages) - 1
        if count > 0 and not last and message.role != "system":
            count -= 1
        else:
            kept.append(message)
    return kept


def droppable(messages: Sequence[Message]) -> int:
    """How many messages `without_oldest` may leave out."""
    return sum(message.role != "system" for message in messages[:-1])


def shorten(tokens: Sequence[int], limit: int, keep: int) -> list[int]:
    """The first `keep` tokens and as many of the last as fit into `limit` together."""
    if len(tokens) <= limit:
        return list(tokens)
    keep = min(keep, limit // 2)
    return [*tokens[:keep], *tokens[len(tokens) - (limit - keep) :]]


def _block(message: Message) -> str:
    content = message.content
    for call in message.tool_calls:
        written = json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)
        content += f"{CALL_OPEN}{written}{CALL_CLOSE}"
    return f"<|im_start|>{message.role}\n{content}<|im_end|>\n"
