"""`wire.json_weight`: what would stop the loop or fill the memory is refused unparsed."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tornado_ollama.embedded.fields import read_fields
from tornado_ollama.embedded.refusal import Refusal
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.checks import read_json
from tornado_ollama.wire.json_members import members
from tornado_ollama.wire.json_weight import BYTES_PER_BYTE, FREE_BYTES, refuse_heavy
from tornado_ollama.wire.model_names import named_models
from tornado_ollama.wire.openai.chat_request import chat_request
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.socket.commands import BadFrame, read_frame

MIB = 1 << 20

HEAVY = {
    "empty lists": "[]",
    "empty objects": "{}",
    "objects of one key": '{"":0}',
    "short texts": '"a"',
    "texts that look like values": '":,"',
    "texts of escapes": r'"\"\\"',
    "numbers": "-9",
    "lists in lists": "[[[[]]]]",
    "messages that say nothing": '{"role":"user","content":""}',
}


def listed(unit: str, size: int) -> bytes:
    """A chat whose messages are as many of `unit` as make `size` bytes."""
    units = ",".join([unit] * (size // (len(unit) + 1)))
    return f'{{"model":"m","messages":[{units}]}}'.encode()


def is_heavy(text: bytes) -> bool:
    try:
        refuse_heavy(text)
    except BadRequest:
        return True
    return False


@pytest.mark.parametrize("unit", HEAVY.values(), ids=HEAVY)
def test_values_without_end_are_refused(unit: str) -> None:
    with pytest.raises(BadRequest, match="too many (values|objects)"):
        read_json(listed(unit, 4 * MIB))


MANY_OBJECTS = {
    "calls with blanks": '{"role":"assistant","tool_calls":['
    + ",".join(
        ['{"id":"1","type":"function","function":{"name":"f","arguments":"{}%s"}}' % (" " * 95)]
        * 100
    )
    + "]}",
    "little pictures": '{"role":"user","content":['
    + ",".join(
        ['{"type":"image_url","image_url":{"url":"data:image/png;base64,%s"}}' % ("A" * 60)] * 100
    )
    + "]}",
    "short messages of a part": '{"role":"user","content":[{"type":"text","text":"%s"}]}'
    % ("x" * 90),
}


@pytest.mark.parametrize("unit", MANY_OBJECTS.values(), ids=MANY_OBJECTS)
def test_objects_without_end_are_refused(unit: str) -> None:
    """Each is small work for the translation; together they would stop the loop for seconds."""
    with pytest.raises(BadRequest, match="too many objects"):
        read_json(listed(unit, 9 * MIB))
    assert read_json(listed(unit, MIB))


def test_braces_in_texts_are_no_objects() -> None:
    code = json.dumps("if (a) {b();} " * 300_000)
    assert read_json(listed(f'{{"role":"user","content":{code}}}', len(code) + 40))


@pytest.mark.parametrize("unit", HEAVY.values(), ids=HEAVY)
def test_a_small_body_passes_whatever_it_is_made_of(unit: str) -> None:
    assert read_json(listed(unit, 64 * 1024))


@pytest.mark.parametrize("unit", HEAVY.values(), ids=HEAVY)
def test_what_is_not_parsed_is_not_weighed(unit: str) -> None:
    body = listed(unit, 4 * MIB)
    assert named_models(body) == ["m"]
    assert members(body)[0][0] == "model"


def message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


PROPERTY = {"type": "string", "description": "The path of a file, from the root of the project."}
TOOL = {
    "type": "function",
    "function": {
        "name": "edit",
        "description": "Changes a file.",
        "parameters": {
            "type": "object",
            "properties": {
                f"p{i}": {"type": "object", "properties": {f"q{j}": PROPERTY for j in range(5)}}
                for i in range(10)
            },
        },
    },
}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_0123456789abcdef",
            "type": "function",
            "function": {"name": "edit", "arguments": '{"p0":{"q0":"src/main.py"}}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_0123456789abcdef", "content": "Done. " * 40}

LIGHT: dict[str, dict[str, Any]] = {
    "an agent with a hundred tools": {
        "messages": [message("Find it."), *[CALL, RESULT] * 1500],
        "tools": [TOOL] * 100,
    },
    "twenty thousand messages": {"messages": [message("As I said before: " * 8)] * 20_000},
    "thousands of short messages": {"messages": [message("Yes.")] * 6000},
    "an agent for days": {"messages": [message("Go on."), *[CALL, RESULT] * 12_000]},
    "a picture": {"messages": [{"role": "user", "content": "What?", "images": ["A" * 10_000_000]}]},
    "a table as text": {"messages": [message(json.dumps([{"a": [1, 2], "b": {}}] * 50_000))]},
    "inputs": {"input": ["One sentence of a document."] * 50_000},
}


@pytest.mark.parametrize("reader", [named_models, read_json])
@pytest.mark.parametrize("asked", LIGHT.values(), ids=LIGHT)
def test_what_clients_send_passes(reader: Callable[[bytes], object], asked: Any) -> None:
    assert reader(json.dumps({"model": "m", **asked}, separators=(",", ":")).encode())


def test_the_embedded_backend_weighs_too() -> None:
    with pytest.raises(Refusal, match="too many"):
        read_fields(listed("[]", 4 * MIB), "ChatRequest")


# -- the estimate, against what Python really takes -------------------------------------------

FINITE = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no other

values = st.recursive(
    st.none() | st.integers() | FINITE | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(unit=values, escaped=st.booleans())
def test_what_is_parsed_stays_below_ten_times_its_size(unit: Any, escaped: bool) -> None:
    body = listed(json.dumps(unit, separators=(",", ":"), ensure_ascii=escaped), MIB)
    tracemalloc.start()
    try:
        read_json(body)
    except BadRequest as error:
        assert "too many" in error.message
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10 * len(body)


def counted(text: str) -> int:
    """The weight of a JSON value's parts by a parser, to compare with what its bytes tell."""

    def weigh(value: Any) -> int:
        if isinstance(value, list):
            return 72 + sum(map(weigh, value)) + 72 * max(0, len(value) - 1)
        if isinstance(value, dict):
            inside = sum(map(weigh, value.values())) + 40 * len(value)
            return 160 + inside + 72 * max(0, len(value) - 1)
        return 0

    return weigh(json.loads(text))


@settings(deadline=None, max_examples=25)
@given(unit=values, escaped=st.booleans())
def test_marks_in_texts_do_not_weigh(unit: Any, escaped: bool) -> None:
    text = json.dumps([unit], ensure_ascii=escaped)
    times = FREE_BYTES // max(1, counted(text) + 72)
    light, heavy = (f"[{','.join([text] * n)}]".encode() for n in (times - 10, times + 10))
    if len(heavy) * BYTES_PER_BYTE < FREE_BYTES:
        assert not is_heavy(light) and is_heavy(heavy)


@given(st.text(alphabet='"\\[]{},:a', max_size=30), st.integers(1, 70_000))
def test_no_text_is_weighed_without_end(text: str, times: int) -> None:
    is_heavy((text * times)[:200_000].encode())


# -- work, counted ----------------------------------------------------------------------------


def calls(function: Callable[[], object]) -> int:
    """How many functions, Python's own included, are called."""
    count = 0

    def look(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(look)
    try:
        function()
    except BadRequest:
        pass
    finally:
        sys.setprofile(None)
    return count


def _many_keys(times: int) -> str:
    keys = ",".join(f'"{number}":0' for number in range(times))
    return f'{{"type":"chat","id":"1","messages":[],{keys}}}'


FRAMES: dict[str, Callable[[int], str]] = {
    "escapes, not closed": lambda times: '{"type":"x","a":"' + r"\n" * times,
    "backslashes": lambda times: "{" + "\\" * times,
    "halves of surrogates": lambda times: r'{"text":"%s"}' % (r"\ud83d" * times),
    "pairs and a half": lambda times: r'{"text":"%s"}' % (r"\ud83d\ude00" * times + r"\ud83d"),
    "keys": _many_keys,
    "a type of lists": lambda times: '{"type":[' + "[]," * times + "0]}",
    "an id of lists": lambda times: '{"id":[' + "[]," * times + "0]}",
    "messages": lambda times: listed('{"role":"user","content":""}', times).decode(),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_costs_no_call_more_for_being_longer(frame: Callable[[int], str]) -> None:
    short, long = frame(10_000), frame(40_000)
    read_frame('{"text":"x"}')
    assert calls(lambda: read_frame(long)) <= calls(lambda: read_frame(short)) + 100


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_takes_a_few_times_its_size(frame: Callable[[int], str]) -> None:
    text = frame(200_000)
    tracemalloc.start()
    try:
        read_frame(text)
    except BadFrame:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(text) + 500_000


@pytest.mark.parametrize("unit", HEAVY.values(), ids=HEAVY)
def test_weighing_calls_go_with_the_length(unit: str) -> None:
    small, large = listed(unit, MIB), listed(unit, 4 * MIB)
    assert calls(lambda: refuse_heavy(large)) <= 5 * calls(lambda: refuse_heavy(small)) + 20
    assert calls(lambda: refuse_heavy(large)) < 2000


def test_a_conversation_costs_a_few_calls_a_message() -> None:
    def request(times: int) -> Callable[[], object]:
        body = {"model": "m", "messages": [message("Hello"), CALL, RESULT] * times}
        text = json.dumps(body).encode()
        return lambda: chat_request(read_json(text), Policy())

    assert calls(request(400)) < 4.2 * calls(request(100))
