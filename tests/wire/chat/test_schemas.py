"""`wire.chat.schemas`: what PHP writes as a list is an object where one belongs, and only there."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.schemas import checked_schema


@pytest.mark.parametrize(
    "key", ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas",
            "additionalProperties", "items", "not", "if", "contains", "propertyNames"],
)  # fmt: skip
def test_an_empty_list_is_an_empty_object_where_one_belongs(key: str) -> None:
    assert checked_schema({key: []}, "p") == {key: {}}
    deep: dict[str, Any] = {"properties": {"a": {key: []}}}
    assert checked_schema(deep, "p") == {"properties": {"a": {key: {}}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"required": [], "enum": [], "type": [], "examples": [], "default": [], "const": []},
        {"default": {"properties": []}, "const": {"items": []}, "enum": [{"properties": []}]},
        {"properties": {"required": {"enum": []}}},
        {"anyOf": [], "items": [{"type": "string"}], "prefixItems": []},
    ],
)
def test_lists_that_belong_there_stay(schema: dict[str, Any]) -> None:
    assert checked_schema(schema, "p") == schema


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    schema = {"properties": {"properties": [], "required": {"properties": []}}}
    assert checked_schema(schema, "p") == {
        "properties": {"properties": {}, "required": {"properties": {}}}
    }


@pytest.mark.parametrize("value", [[1], "x", 3, True])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(BadRequest) as refusal:
        checked_schema(value, "p")
    assert refusal.value.param == "p"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"required": {}}, {}),
        ({"required": True}, {}),
        ({"required": None}, {}),
        ({"required": ["a"]}, {"required": ["a"]}),
        ({"enum": {"0": "a", "2": 1}}, {"enum": ["a", 1]}),
        ({"properties": {"a": True, "b": None, "c": False}},
         {"properties": {"a": {}, "b": {}, "c": {}}}),
        ({"properties": {"required": {}, "enum": {"enum": {}}}},
         {"properties": {"required": {}, "enum": {"enum": []}}}),
    ],
)  # fmt: skip
def test_shapes_that_go_refuses_are_mended(given: Any, expected: Any) -> None:
    wrapped = checked_schema({"items": copy.deepcopy(given)}, "p")
    assert (checked_schema(given, "p"), wrapped) == (expected, {"items": expected})
