"""Checks JSON Schemas that clients send: the parameters of tools, the format of a reply.

They go to Ollama unchanged but for one mistake of PHP clients: PHP has one empty array, so that an
object without members arrives as `[]`, which Ollama's parser refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..checks import Json, mapping, shallow

_TABLES = frozenset("properties patternProperties $defs definitions dependentSchemas".split())
"""Keys whose value is an object of schemas."""

_SCHEMAS = frozenset(
    "additionalItems additionalProperties contains else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
"""Keys whose value is a schema; of `items` it may be a list of them."""

_LISTS = frozenset("allOf anyOf oneOf prefixItems items".split())
"""Keys whose value is a list of schemas."""


def checked_schema(value: object, param: str) -> Json:
    """Checks a schema, and turns its empty lists into objects where objects belong; changes the
    value in place. Raises BadRequest for a value that is not an object, or is nested deeper than
    `checks.MAX_DEPTH`."""
    schema = mapping(value, param)
    shallow(schema, param)
    found = [schema]
    while found:
        node = found.pop()
        for key, inner in node.items():
            if key in _TABLES or key in _SCHEMAS:
                if inner == []:
                    node[key] = {}
            if isinstance(inner, dict | list):
                found.extend(_below(key, inner))
    return schema


def _below(key: str, inner: Any) -> Iterator[Json]:
    """The schemas inside the value of a key."""
    if isinstance(inner, list):
        if key in _LISTS:
            yield from (item for item in inner if isinstance(item, dict))
    elif key in _TABLES:
        for name, schema in inner.items():
            if schema == []:
                inner[name] = {}
            elif isinstance(schema, dict):
                yield schema
    elif key in _SCHEMAS:
        yield inner
