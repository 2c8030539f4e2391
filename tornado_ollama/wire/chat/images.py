"""Reads images and sound inside a message into the base64 texts that Ollama takes.

Owns data URIs and base64. Fetching an image from the network is not done here: where the policy
allows it, the URL is returned as a `RemoteImage` for the caller to replace.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from ...errors import BadRequest
from ..checks import mapping, text

MAX_MEDIA_CHARS = 1000
"""Of a data URI, up to its comma: a type and a few parameters."""

_AUDIO_FORMATS = ("wav", "mp3")


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """An image that must be fetched before the request can be sent."""

    url: str
    param: str
    """The field that named it, for the error when it cannot be had."""
    message: int
    """Index of the native message it belongs to."""
    slot: int
    """Index in that message's `images`."""


def image_source(value: object, param: str) -> str:
    """The URL of an image, given as an object or, as many clients do, as a string. Raises
    BadRequest."""
    if isinstance(value, str):
        return value
    return text(mapping(value, param).get("url"), param)


def is_remote(url: str) -> bool:
    return url[:8].lower().startswith(("http://", "https://"))


def image_base64(url: str, param: str) -> str:
    """Reads the image of a data URI (RFC 2397) as Ollama takes it: bare, padded base64. Raises
    BadRequest."""
    comma = url.find(",", 0, MAX_MEDIA_CHARS)
    scheme, _, media = url[: max(comma, 0)].partition(":")
    kind, *parameters = media.lower().split(";")
    if scheme.lower() != "data" or "base64" not in parameters:
        raise BadRequest("An image must be given as a base64 data URI.", param=param)
    if kind and not kind.startswith("image/"):
        raise BadRequest("The data URI of an image must have an image type.", param=param)
    return checked_base64(url[comma + 1 :], param)


def audio_base64(value: object, param: str) -> str:
    """Reads the sound of an `input_audio` part; Ollama takes it in `images` and detects its type.
    Raises BadRequest."""
    audio = mapping(value, param)
    if audio.get("format") not in _AUDIO_FORMATS:
        raise BadRequest(f"'{param}.format' must be wav or mp3.", param=f"{param}.format")
    return checked_base64(text(audio.get("data"), f"{param}.data"), param)


def fetching_is_off(param: str) -> BadRequest:
    return BadRequest(
        "Images are not fetched from URLs here: send the image as a base64 data URI, "
        "or ask the operator to set openai.fetch_images.",
        param=param,
    )


def checked_base64(data: str, param: str) -> str:
    """Returns `data` without the line ends that MIME encoders put in. Raises BadRequest for text
    that is not base64."""
    data = data.replace("\r", "").replace("\n", "")
    try:
        if binascii.a2b_base64(data, strict_mode=True):
            return data
    except (binascii.Error, ValueError):
        pass
    raise BadRequest("The data is not valid base64.", param=param)
