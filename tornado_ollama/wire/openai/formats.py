"""Translates `response_format` and its other spellings into Ollama's `format` (structured output).

The schema is passed on unchanged: llama.cpp compiles it into a grammar, so it is enforced whether
`strict` is set or not.
"""

from __future__ import annotations

from ...errors import BadRequest
from ..chat.schemas import checked_schema
from ..checks import Json, mapping

Format = str | Json

_PARAM = "response_format"


def reply_format(body: Json) -> Format | None:
    """Ollama's `format`: from `response_format`, else from Ollama's own `format`, else from the
    fields of llama.cpp and vLLM. Raises BadRequest."""
    wanted = body.get(_PARAM)
    if wanted is None or wanted in ({}, []):
        return _native_format(body)
    wanted = _object(wanted, _PARAM)
    match wanted.get("type"):
        case "text":
            return None
        case "json_object":
            return _schema(wanted, _PARAM) if wanted.get("schema") else "json"
        case "json_schema" if wanted.get("json_schema") is None and wanted.get("schema"):
            return _schema(wanted, _PARAM)
        case "json_schema":
            path = f"{_PARAM}.json_schema"
            return _schema(_object(wanted.get("json_schema"), path), path)
    raise BadRequest(
        f"'{_PARAM}.type' must be one of: text, json_object, json_schema.", param=_PARAM
    )


def _schema(wrapper: Json, path: str) -> Json:
    return checked_schema(_object(wrapper.get("schema"), f"{path}.schema"), _PARAM)


def _object(value: object, path: str) -> Json:
    """Checks for an object as `checks.mapping`, but errors name the whole field, as OpenAI's do."""
    if value is None:
        raise BadRequest(f"'{path}' is required.", param=_PARAM)
    if not isinstance(value, dict):
        raise BadRequest(f"'{path}' must be an object.", param=_PARAM)
    return value


def _native_format(body: Json) -> Format | None:
    wanted = body.get("format")
    if wanted is None or wanted == "":
        return _foreign_format(body)
    if wanted == "json":
        return "json"
    if isinstance(wanted, dict):
        return checked_schema(wanted, "format")
    raise BadRequest("'format' must be \"json\" or a JSON Schema object.", param="format")


def _foreign_format(body: Json) -> Format | None:
    for name in ("json_schema", "guided_json"):
        if body.get(name):
            return checked_schema(body[name], name)
    outputs = body.get("structured_outputs")
    if outputs is None:
        return None
    path = "structured_outputs.json"
    schema = mapping(outputs, "structured_outputs").get("json")
    return checked_schema(schema, path) if schema else None
