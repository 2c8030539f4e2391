"""Which models a multipart form names (`/v1/audio/transcriptions`).

Reads only what the authorisation of a bound credential needs. Where two parsers could disagree
about a form, it is refused: the one that decides here is not the one that reads it at Ollama.
"""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP

from ..errors import BadRequest


def named_models_in_form(content_type: str, body: bytes) -> list[str]:
    """The values of all fields called `model`, in any case. Raises BadRequest when there is none
    or the form is broken."""
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = form.get_payload()
    if form.defects or not isinstance(parts, list):
        raise BadRequest("The form could not be read as multipart/form-data.")
    models = [_text(part) for part in parts if isinstance(part, Message) and _is_model(part)]
    if not models:
        raise BadRequest("The form names no model; add the field `model`.", param="model")
    return models


def _is_model(part: Message) -> bool:
    name = part.get_param("name", header="content-disposition")
    return isinstance(name, str) and name.casefold() == "model"


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
