"""Checks JSON Schemas that clients send: the parameters of tools, the format of a reply.

They go to Ollama unchanged but for shapes that its parser refuses though their meaning is plain.
PHP has one empty array, so that an object without members arrives as `[]`, and a list with gaps as
an object; a property may be a boolean or `null` instead of a schema; and `required` of an older
draft is no list.
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
    """Checks a schema, and mends the shapes that Ollama's parser refuses; changes the value in
    place. Raises BadRequest for a value that is not an object, or is nested deeper than
    `checks.MAX_DEPTH`."""
    schema = mapping(value, param)
    shallow(schema, param)
    found = [schema]
    while found:
        node = found.pop()
        _mend(node)
        for key, inner in node.items():
            if isinstance(inner, dict | list):
                found.extend(_below(key, inner))
    return schema


def _mend(node: Json) -> None:
    """Gives the members of a schema the types that Ollama's parser takes."""
    for key in [key for key in node if key in _TABLES or key in _SCHEMAS]:
        if node[key] == []:
            node[key] = {}
    if "required" in node and not isinstance(node["required"], list):
        del node["required"]
    if isinstance(node.get("enum"), dict):
        node["enum"] = list(node["enum"].values())
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, schema in properties.items():
            if schema is None or isinstance(schema, bool):
                properties[name] = {}


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
