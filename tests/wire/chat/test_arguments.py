"""`wire.chat.arguments`: an object, whatever was sent. Its inputs after reports are in
`tests/wire/openai/test_field_reports.py`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.deadline import deadline
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat import arguments
from tornado_ollama.wire.chat.arguments import arguments_text, call_arguments
from tornado_ollama.wire.native import UNREADABLE

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def sent(value: Any) -> Any:
    return json.loads(msgspec.json.encode(call_arguments(value, "a")))


@given(values)
def test_any_value_is_an_object_and_an_object_stays(value: Any) -> None:
    assert isinstance(sent(value), dict)
    if isinstance(value, dict):
        assert (
            sent(value) == sent(json.dumps(value)) == sent(json.dumps(json.dumps(value))) == value
        )


@given(st.text(max_size=30))
def test_any_text_is_an_object(text: str) -> None:
    assert isinstance(sent(text), dict)


def test_an_object_goes_on_as_it_was_written() -> None:
    words = '{"b":1.50, "a":[ ], "b":2}'
    assert msgspec.json.encode(call_arguments(f" {words}\n", "a")) == words.encode()


def test_a_text_that_was_encoded_without_end_is_kept_as_text() -> None:
    text = "{}"
    for _ in range(8):
        text = json.dumps(text)
    found = sent(text)
    assert list(found) == ["arguments"]
    assert isinstance(found["arguments"], str)


def test_a_value_nested_without_end_is_refused() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    with pytest.raises(BadRequest) as refusal:
        call_arguments(value, "a.b")
    assert refusal.value.param == "a.b"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{ "a" : 1.50 }', '{"a":1.50}'),
        (b"null", "{}"),
        (b'"{\\"a\\": 1}"', '{"a": 1}'),
        (b'"cut {"', '{"arguments":"cut {"}'),
    ],
)
def test_what_ollama_says_is_the_text_of_an_object(raw: bytes, text: str) -> None:
    assert arguments_text(msgspec.Raw(raw)) == text


@pytest.mark.parametrize("raw", [b'{"a":"\xff"}', b'"\xff"'])
def test_bytes_that_are_no_text_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(UNREADABLE):
        arguments_text(msgspec.Raw(raw))


@pytest.mark.parametrize("number", ["1e999", "-1E+400", "9" * 400, "9" * 5000, "9" * 309 + ".5"])
def test_a_number_that_go_cannot_hold_makes_a_text_of_the_whole(number: str) -> None:
    text = f'{{"a":[{{"b":{number}}}]}}'
    assert sent(text) == {"arguments": text}
    assert sent(f"[{number}]") == {"arguments": f"[{number}]"}


def test_an_integer_that_go_cannot_hold_makes_a_text_of_the_whole() -> None:
    assert sent({"a": [10**400]}) == {"arguments": '{"a":[1%s]}' % ("0" * 400)}


@pytest.mark.parametrize("text", ['{"a":1e300}', '{"a":"1e999"}', '{"a":1e-999}',
                                  '{"a":"%s"}' % ("9" * 400)])  # fmt: skip
def test_other_numbers_go_on_as_they_were_written(text: str) -> None:
    assert msgspec.json.encode(call_arguments(text, "a")) == text.encode()


def test_what_may_be_huge_and_is_heavy_to_parse_is_wrapped_as_text() -> None:
    heavy = '{"a":[1e5' + ",[]" * 200_000 + "]}"
    assert sent(heavy) == {"arguments": heavy}
    light = heavy.replace("1e5", "15")
    assert sent(light) != {"arguments": light}


def test_many_digits_are_looked_through_in_linear_time() -> None:
    digits = '{"a":"' + ("9" * 299 + " ") * 10_000 + '"}'
    with deadline(1.0):
        assert "arguments" not in sent(digits)


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            ['{"a":1}', "", "null", "[]", '{"a":1},{"b":2}', '{"x":"', '"}', '{"a":', "}", "{", "1"]
            + ['{"a":1e999}', '{"a":"0e"}', ' {"a":1}', '{"a":1} ', '"{}"', "{}", '{"a":"é"}']
            + ['{"a":"\\ud83d"}', '{"a":%s}' % ("9" * 400)]
        ),
        st.text(alphabet='{}[]",:a1e \\', max_size=8),
    ),
    max_size=6,
)


@given(TEXTS, st.integers(1, 4))
@example(['{"a":1},{"b":2}', '{"x":"', '{"}'], 3)  # three objects, if they are joined by commas
@example(['{"a":1}', '"b"'], 2)
@example(['{"a":1}', '{"a":1e999}'], 2)
def test_many_texts_are_what_each_is_alone(texts: list[str], size: int) -> None:
    """Whatever commas and halves of objects stand in some of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arguments, "BATCH", size)
        found = [bytes(one) for one in arguments.text_arguments(texts)]
    assert found == [msgspec.json.encode(call_arguments(text, "x")) for text in texts]
