"""Structured output: `response_format`, into Ollama's `format`.

Owns what shape a reply is held to. The schema goes through unchanged: llama.cpp compiles it into
a grammar, so it is enforced whether `strict` is set or not.
"""

from __future__ import annotations

from ...errors import BadRequest
from ..checks import Json, shallow
from .fields import JSON_SCHEMA, RESPONSE_FORMAT

Format = str | Json

_PARAM = "response_format"


def reply_format(body: Json) -> Format | None:
    """Ollama's `format`, from `response_format` or else from Ollama's own `format`."""
    wanted = body.get(_PARAM)
    if wanted is None:
        return _native_format(body)
    wanted = _object(wanted, _PARAM)
    RESPONSE_FORMAT.check(wanted, _PARAM)
    match wanted.get("type"):
        case "text":
            return None
        case "json_object":
            return "json"
        case "json_schema":
            return _schema(wanted.get("json_schema"))
    raise BadRequest(
        f"'{_PARAM}.type' must be one of: text, json_object, json_schema.", param=_PARAM
    )


def _schema(wrapper: object) -> Json:
    wrapper = _object(wrapper, f"{_PARAM}.json_schema")
    JSON_SCHEMA.check(wrapper, f"{_PARAM}.json_schema")
    schema = _object(wrapper.get("schema"), f"{_PARAM}.json_schema.schema")
    shallow(schema, _PARAM)
    return schema


def _object(value: object, path: str) -> Json:
    """As `checks.mapping`, but `param` is the field as a whole, as OpenAI has it."""
    if value is None:
        raise BadRequest(f"'{path}' is required.", param=_PARAM)
    if not isinstance(value, dict):
        raise BadRequest(f"'{path}' must be an object.", param=_PARAM)
    return value


def _native_format(body: Json) -> Format | None:
    wanted = body.get("format")
    if wanted is None or wanted == "":
        return None
    if wanted == "json":
        return "json"
    if isinstance(wanted, dict):
        shallow(wanted, "format")
        return wanted
    raise BadRequest("'format' must be \"json\" or a JSON Schema object.", param="format")
