"""Translates `POST /v1/embeddings` into `/api/embed`, and its reply back.

Rules: docs/openai.md, "Embeddings". Too long an input is an error unless the request says
`truncate`: a vector of half a text looks like any other.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

import msgspec

from ...errors import BadRequest, UpstreamBroken
from .. import native
from ..chat.options import keep_alive, native_options
from ..checks import Json, flag, integer, missing, name
from ..decisions import unwrapped
from ..ignored_fields import shown
from ..ollama_errors import reported_error
from ..policy import Policy
from . import fields

PATH = "/api/embed"

_ENCODINGS = ("float", "base64")


@dataclass(frozen=True, slots=True)
class EmbeddingPlan:
    """A parsed embeddings request: the native request, and what the reply needs."""

    model: str
    """As the client wrote it; the reply repeats it."""
    native_model: str
    """As Ollama knows it: what access is decided on."""
    body: bytes
    """The native request."""
    inputs: int
    base64: bool
    ignored: tuple[str, ...]
    """The fields that nothing came of, as the client is told of them."""


def embedding_request(body: Json, policy: Policy) -> EmbeddingPlan:
    """Parses a request. Raises `BadRequest` naming the field that is missing, wrong, unsupported or
    unknown."""
    body = unwrapped(body)
    unknown = fields.EMBEDDING.check(body, policy)
    model = name(body.get("model"), "model")
    native_model = policy.resolve(model)
    defaults = policy.defaults_for(native_model)
    texts = _input(body.get("input"))
    request: Json = {
        "model": native_model,
        "input": texts,
        "truncate": flag(body.get("truncate"), "truncate"),
    }
    if body.get("dimensions") is not None:
        request["dimensions"] = integer(body["dimensions"], "dimensions", 1, 2**31 - 1)
    known = {key: value for key, value in body.items() if key in fields.EMBEDDING.honoured}
    options = native_options(known, defaults.options)
    if options:
        request["options"] = options
    kept = keep_alive(body)
    if kept is None:
        kept = defaults.keep_alive
    if kept is not None:
        request["keep_alive"] = kept
    return EmbeddingPlan(
        model=model,
        native_model=native_model,
        body=msgspec.json.encode(request),
        inputs=len(texts) if isinstance(texts, list) else 1,
        base64=_encoding(body) == "base64",
        ignored=shown(unknown),
    )


def embedding_reply(body: bytes, plan: EmbeddingPlan) -> bytes:
    """Translates Ollama's reply. Raises `UpstreamBroken` for another body, or another number of
    vectors than there were inputs."""
    reply = native.decode(native.EMBED, body)
    if reply.error:
        raise reported_error(reply.error, input_field="input")
    vectors = reply.embeddings or []
    if len(vectors) != plan.inputs:
        raise UpstreamBroken(
            f"Ollama answered with {len(vectors)} vectors for {plan.inputs} inputs."
        )
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(raw, plan.base64)}
        for index, raw in enumerate(vectors)
    ]
    tokens = reply.prompt_eval_count
    return msgspec.json.encode(
        {
            "object": "list",
            "data": data,
            "model": plan.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _vector(raw: msgspec.Raw, base64: bool) -> str | list[float]:
    try:
        numbers = msgspec.json.decode(raw, type=list[float])
        if not base64:
            return numbers
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
    except (msgspec.DecodeError, struct.error, OverflowError):
        raise UpstreamBroken("Ollama answered with a vector that cannot be read.") from None
    return binascii.b2a_base64(packed, newline=False).decode()


def _input(value: object) -> str | list[str]:
    """Reads `input`, one text or many. A single empty text is put into a list, because Ollama takes
    it for no input at all otherwise."""
    given = value if isinstance(value, list) else [value]
    if value is None or not given:
        raise missing("input")
    texts: list[str] = []
    for item in given:
        if isinstance(item, (int, list)) and not isinstance(item, bool):
            raise BadRequest("Token array inputs are not supported: send text.", param="input")
        if not isinstance(item, str):
            raise BadRequest("'input' must be a string or an array of strings.", param="input")
        texts.append(item)
    return value if isinstance(value, str) and value else texts


def _encoding(body: Json) -> str:
    wanted = body.get("encoding_format")
    encoding = "float" if wanted is None else wanted
    if not isinstance(encoding, str) or encoding.lower() not in _ENCODINGS:
        raise BadRequest(
            "Invalid value for 'encoding_format'. Supported values: ['float', 'base64'].",
            param="encoding_format",
        )
    return encoding.lower()
