"""Structured output: `output_config.format`, into Ollama's `format`.

The schema goes through as it is: llama.cpp compiles it into a grammar.
"""

from __future__ import annotations

from typing import Any

from ...errors import BadRequest
from ..chat.schemas import checked_schema
from ..checks import Json, mapping


def reply_format(body: Json) -> Json | None:
    """The JSON Schema that the reply must match, from `output_config.format` or from
    `output_format`, the field's name in the beta; None where there is neither. Raises
    BadRequest."""
    config = body.get("output_config")
    wanted = None if config is None else mapping(config, "output_config").get("format")
    if wanted is not None:
        return _schema(wanted, "output_config.format")
    wanted = body.get("output_format")
    return None if wanted is None else _schema(wanted, "output_format")


def _schema(value: Any, param: str) -> Json:
    wanted = mapping(value, param)
    if wanted.get("type") != "json_schema":
        raise BadRequest(f"'{param}.type' must be json_schema.", param=f"{param}.type")
    return checked_schema(wanted.get("schema"), f"{param}.schema")
