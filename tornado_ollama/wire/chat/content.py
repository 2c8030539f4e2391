"""Reads the content of a message: parts of any dialect into text, thoughts and images.

Owns the kinds of parts. Text parts are joined by a line end, images keep their order. A part of an
assistant's message that is of an unknown kind, or broken, is left out: the client sends its history
as it is, and cannot do otherwise. In other messages it is refused, because its content would be
lost. Unknown fields of a part are always ignored.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadRequest
from ..checks import Json, mapping, text
from .given import GivenPart
from .images import (
    RemoteImage,
    audio_base64,
    checked_base64,
    fetching_is_off,
    image_base64,
    image_source,
    is_remote,
)

_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
"""Kind of a part: the key of its text."""

_THOUGHTS = frozenset("thinking reasoning reasoning_text reasoning_content summary_text".split())
"""Kinds that hold what an assistant has thought. Its text stands under the kind's own name or under
`text` or `summary`, as a text or as a list of parts."""

_KIND = re.compile(r"[A-Za-z0-9_.-]{1,40}")

_PLAIN = ("text", "input_text", "output_text")

Part = tuple[Any, str]
"""What a message holds, and where it stands."""


def numbered(parts: list[Any], param: str) -> Iterator[Part]:
    """The parts of a list at `param`, each with its own path."""
    return ((item, f"{param}[{index}]") for index, item in enumerate(parts))


def plain_text(content: Any) -> str | None:
    """The text of a content that is a string or a list of one text part, as nearly every message
    has it; None for any other content."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or len(content) != 1:
        return None
    part = content[0]
    said = part.text if isinstance(part, GivenPart) else None
    return said if isinstance(said, str) and part.type in _PLAIN else None


@dataclass(slots=True)
class Content:
    """The text, thoughts and images collected from the parts of one message."""

    assistant: bool
    fetch_images: bool
    message: int
    """Index of the native message, for `RemoteImage`."""
    kinds: str
    """What the dialect's messages may hold, in its words."""
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    remote_images: list[RemoteImage] = field(default_factory=list)

    def read(self, parts: Iterable[Part]) -> None:
        """Adds these parts. Raises BadRequest naming the part at fault, but for an assistant's."""
        for item, param in parts:
            if isinstance(item, str):
                self.texts.append(item)
            elif not self.assistant:
                self._part(mapping(item, param), param)
            elif isinstance(item, dict):
                with contextlib.suppress(BadRequest):
                    self._part(item, param)

    def _part(self, part: Json, param: str) -> None:
        kind = part.get("type") or ("text" if "text" in part else None)
        match kind:
            case "text" | "input_text" | "output_text" | "refusal":
                self.texts.append(_text(part, _TEXTS[kind], param))
            case "image_url" | "input_image":
                self._image(image_source(part.get("image_url"), f"{param}.image_url"),
                            f"{param}.image_url")  # fmt: skip
            case "image" if isinstance(part.get("source"), dict):
                self._sourced_image(part["source"], f"{param}.source")
            case "input_audio":
                self.images.append(audio_base64(part.get("input_audio"), f"{param}.input_audio"))
            case str() if self.assistant and kind in _THOUGHTS:
                self.thoughts.extend(_thought(part, kind))
            case _:
                raise self._unknown(kind, f"{param}.type")

    def _image(self, url: str, param: str) -> None:
        if not is_remote(url):
            self.images.append(image_base64(url, param))
        elif self.fetch_images:
            slot = len(self.images)
            self.remote_images.append(RemoteImage(url, param, self.message, slot))
            self.images.append("")
        else:
            raise fetching_is_off(param)

    def _unknown(self, kind: object, param: str) -> BadRequest:
        """The error for a part of a kind that is not taken. It quotes what looks like a kind."""
        if isinstance(kind, str) and _KIND.fullmatch(kind):
            says = f"A message here cannot carry a part of type '{kind}'; it takes: {self.kinds}."
        else:
            says = f"'{param}' must be one of: {self.kinds}."
        return BadRequest(says, param=param)

    def _sourced_image(self, source: Json, param: str) -> None:
        """Adds an image in Anthropic's form."""
        if source.get("type") == "url":
            self._image(text(source.get("url"), f"{param}.url"), f"{param}.url")
        else:
            here = f"{param}.data"
            self.images.append(checked_base64(text(source.get("data"), here), here))


def _text(part: Json, key: str, param: str) -> str:
    """The text of a part; it may stand in an object, as OpenAI's Assistants had it
    (`{"value": "...", "annotations": []}`). Raises BadRequest."""
    given = part.get(key)
    if isinstance(given, dict) and "value" in given:
        return text(given["value"], f"{param}.{key}.value")
    return text(given, f"{param}.{key}")


def _thought(part: Json, kind: str) -> list[str]:
    """The texts of a thought; elements that are not text are left out."""
    for key in (kind, "text", "summary", "content"):
        value = part.get(key)
        if isinstance(value, str) and value:
            return [value]
        if isinstance(value, list) and value:
            texts = (item.get("text") for item in value if isinstance(item, dict))
            return [found for found in texts if isinstance(found, str)]
    return []
