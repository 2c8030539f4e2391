"""Translates the content blocks of a message into parts that Ollama knows: text, images, thinking.

Owns the kinds of blocks. A block of an unknown kind is left out of an assistant's message, and
refused in other messages, because its content would be lost. It is never refused inside a tool's
result: the user could not remove it from the history, so the model is told that something was
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import BadRequest
from ..chat.content import Part, numbered
from ..chat.sealed_thoughts import unsealed
from ..checks import Json, mapping, text
from .tool_changes import ToolChanges

ATTRIBUTION = "x-anthropic-billing-header:"
"""Begins a line that Claude Code puts before its system prompt. It is no word to the model, and in
some versions another for every request, so that nothing of the prompt could be kept."""

KINDS = "text, image, document, search_result, tool_result"
"""What a user's message may hold."""


def system_text(value: object, param: str, tools: ToolChanges) -> str:
    """The text of a system prompt. Its blocks that add or remove tools are recorded in `tools`
    instead. Raises BadRequest where `value` is neither a string nor an array of text blocks."""
    if value is None or isinstance(value, str):
        said = [value or ""]
    elif isinstance(value, list):
        blocks = ((mapping(block, here), here) for block, here in numbered(value, param))
        said = [_system_block(block, here) for block, here in blocks if not tools.read(block, here)]
    else:
        raise BadRequest(f"'{param}' must be a string or an array of text blocks.", param=param)
    return "\n".join(filter(None, map(_without_attribution, said)))


def told_parts(block: Json, param: str, *, in_result: bool = False) -> list[Part]:
    """The parts made of one block of a user's message or, with `in_result`, of a tool's result.
    Raises BadRequest for a block that cannot be read; in a result, a block, an image or a document
    of an unknown kind gives no parts instead."""
    match block.get("type"):
        case "text":
            return [(block, param)]
        case "image" if not in_result or _has_image(block):
            return [(_image(block, param), param)]
        case "document":
            found = list(_document(block, param))
            if found or in_result:
                return found
            raise BadRequest(
                "A document must be given as text: no model here reads files of other kinds.",
                param=f"{param}.source",
            )
        case "search_result":
            return list(_search_result(block, param))
        case "tool_reference":
            return [(f"The tool {block.get('tool_name')} can be called now.", param)]
        case _ if in_result:
            return []
    raise BadRequest(f"'{param}.type' must be one of: {KINDS}.", param=f"{param}.type")


def assistant_part(block: Json, param: str) -> Part | None:
    """The part made of one block of an assistant's message; None for a block with nothing to pass
    on to the model, or of an unknown kind."""
    match block.get("type"):
        case "thinking":
            thought = block.get("thinking") or unsealed(block.get("signature"))
            return ({"type": "thinking", "thinking": thought}, param) if thought else None
        case "redacted_thinking":
            thought = unsealed(block.get("data"))
            return ({"type": "thinking", "thinking": thought}, param) if thought else None
        case "text":
            return block, param
        case "compaction" if isinstance(block.get("content"), str):
            return block["content"], param
        case "image":
            return (_image(block, param), param) if _has_image(block) else None
    return None


def _system_block(block: Json, param: str) -> str:
    if block.get("type", "text") != "text":
        raise BadRequest(f"'{param}.type' must be text.", param=f"{param}.type")
    return text(block.get("text"), f"{param}.text")


def _without_attribution(said: str) -> str:
    return said.partition("\n")[2] if said.startswith(ATTRIBUTION) else said


def _has_image(block: Json) -> bool:
    source = block.get("source")
    return isinstance(source, dict) and source.get("type") in ("base64", "url")


def _image(block: Json, param: str) -> Json:
    source = mapping(block.get("source"), f"{param}.source")
    if source.get("type") not in ("base64", "url"):
        raise _no_files(f"{param}.source", "base64 or url")
    return {"type": "image", "source": source}


def _document(block: Json, param: str) -> Iterator[Part]:
    """Title, context and text; nothing where it is no text."""
    here = f"{param}.source"
    source = mapping(block.get("source"), here)
    if source.get("type") == "text":
        content: Any = text(source.get("data"), f"{here}.data")
    elif source.get("type") == "content":
        content = source.get("content")
    else:
        return
    for key in ("title", "context"):
        if isinstance(block.get(key), str) and block[key]:
            yield block[key], f"{param}.{key}"
    if isinstance(content, str):
        yield content, here
    else:
        yield from _inner(content, f"{here}.content")


def _search_result(block: Json, param: str) -> Iterator[Part]:
    for key in ("title", "source"):
        if isinstance(block.get(key), str):
            yield block[key], f"{param}.{key}"
    yield from _inner(block.get("content"), f"{param}.content")


def _inner(content: object, param: str) -> Iterator[Part]:
    """Texts and images within a block."""
    if not isinstance(content, list):
        raise BadRequest(f"'{param}' must be an array of blocks.", param=param)
    for block, here in numbered(content, param):
        given = mapping(block, here)
        yield (_image(given, here) if given.get("type") == "image" else given), here


def _no_files(param: str, kinds: str) -> BadRequest:
    return BadRequest(
        f"'{param}.type' must be {kinds}: files cannot be stored here.", param=f"{param}.type"
    )
