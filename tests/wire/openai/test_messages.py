from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.images import RemoteImage
from tornado_ollama.wire.openai.messages import native_messages

PNG = "iVBORw0KGgpmYWtlLW93bA=="
USER = {"role": "user", "content": "hi"}


def native(*messages: Any, fetch_images: bool = False) -> list[dict[str, Any]]:
    """As Ollama gets them: arguments that came as text are text until then."""
    talk = native_messages(list(messages), fetch_images=fetch_images)
    sent: list[dict[str, Any]] = json.loads(msgspec.json.encode(talk.messages))
    return sent


def image(url: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


def called(arguments: Any = "{}", id: Any = "c1", **more: Any) -> dict[str, Any]:
    call = {"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [call | more]}


def nested(levels: int) -> Any:
    return {"deep": nested(levels - 1)} if levels else 1


def test_arguments_go_on_as_they_were_written() -> None:
    words = '{"big":%s, "x":1.0,"x":[[],{}]}' % ("9" * 40)
    talk = native_messages([called(words)], fetch_images=False)
    assert words.encode() in msgspec.json.encode(talk.messages)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"role": "developer", "content": "x"}, {"role": "system", "content": "x"}),
        ({"role": "user", "content": []}, {"role": "user", "content": ""}),
        ({"role": "assistant", "content": None}, {"role": "assistant", "content": ""}),
        ({"role": "assistant"}, {"role": "assistant", "content": ""}),
        (
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"role": "assistant", "content": "no"},
        ),
        (
            {"role": "assistant", "content": "a", "refusal": None, "annotations": [], "id": "x"},
            {"role": "assistant", "content": "a"},
        ),
        (
            {"role": "assistant", "content": "a", "thinking": "t", "tool_calls": []},
            {"role": "assistant", "content": "a", "thinking": "t"},
        ),
        (
            {"role": "function", "name": "f", "content": "1"},
            {"role": "tool", "content": "1", "tool_name": "f"},
        ),
        (
            {"role": "tool", "name": "f", "content": "1"},
            {"role": "tool", "content": "1", "tool_name": "f"},
        ),
        (
            {"role": "tool", "tool_call_id": "c9", "content": [{"type": "text", "text": "1"}]},
            {"role": "tool", "content": "1", "tool_call_id": "c9"},
        ),
    ],
)
def test_one_message_becomes_one_message(given: Any, expected: Any) -> None:
    assert native(given) == [expected]


def test_images_and_sound_keep_their_order_within_the_message() -> None:
    parts = [
        {"type": "image_url", "image_url": f"data:image/gif;base64,{PNG}"},
        {"type": "text", "text": "a"},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "mp3"}},
        {"type": "text", "text": "b"},
    ]
    [message] = native({"role": "user", "content": parts})
    assert message == {"role": "user", "content": "a\nb", "images": [PNG, "UklGRg=="]}


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{PNG}",
        f"DATA:IMAGE/WEBP;charset=utf-8;BASE64,{PNG}",
        f"data:;base64,{PNG}",
        f"data:image/svg+xml;base64,{PNG[:8]}\r\n{PNG[8:]}\n",
    ],
)
def test_data_uris_become_bare_base64(url: str) -> None:
    assert native(image(url))[0]["images"] == [PNG]


@pytest.mark.parametrize(
    "url",
    [
        "",
        PNG,
        "data:image/png,abc",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,iVBORw0KGg",
        "data:image/png;base64,iVB ORw0=",
        "data:image/png;base64,猫",
        f"data:image/png{';' * 2000};base64,{PNG}",
        f"data:text/html;base64,{PNG}",
        "file:///etc/passwd",
        "ftp://x/y.png",
        "http://img.example/x.png",
        "HTTPS://img.example/x.png",
    ],
)
def test_what_is_no_image_is_refused_by_name(url: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        native(USER, image(url))
    assert refusal.value.param == "messages[1].content[0].image_url"


def test_images_to_fetch_are_handed_on_in_their_place() -> None:
    parts = [
        {"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"},
        {"type": "image_url", "image_url": {"url": "https://img.example/x.png"}},
    ]
    talk = native_messages([USER, {"role": "user", "content": parts}], fetch_images=True)
    assert talk.messages[1].images == [PNG, ""]
    assert talk.remote_images == [
        RemoteImage("https://img.example/x.png", "messages[1].content[1].image_url", 1, 1)
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"b":1,"a":[2.50]}', {"b": 1, "a": [2.5]}),
        ("", {}),
        (None, {}),
        ({"x": 1}, {"x": 1}),
        (" {} ", {}),
        (r'{"cut":"\ud83d"}', {"cut": "\ufffd"}),
        ('{"deep":' * 100 + "1" + "}" * 100, nested(100)),
        (json.dumps({"text": "[" * 200}), {"text": "[" * 200}),
    ],
)
def test_arguments_become_an_object(arguments: Any, expected: Any) -> None:
    [message] = native(called(arguments))
    [call] = message["tool_calls"]
    assert call == {"id": "c1", "function": {"index": 0, "name": "f", "arguments": expected}}


def test_arguments_keep_the_order_of_their_keys() -> None:
    [message] = native(called('{"z":1,"a":2,"m":3}'))
    assert list(message["tool_calls"][0]["function"]["arguments"]) == ["z", "a", "m"]


def test_arguments_nested_without_end_are_refused_by_name() -> None:
    with pytest.raises(BadRequest) as refusal:
        native(called(nested(101)))
    assert refusal.value.param == "messages[0].tool_calls[0].function.arguments"


def test_a_tool_result_is_given_the_name_of_the_latest_call_with_its_id() -> None:
    first, second = called(), called()
    second["tool_calls"][0]["function"]["name"] = "g"
    result = {"role": "tool", "tool_call_id": "c1", "content": "1"}
    talk = native(first, result, second, result)
    assert [message.get("tool_name") for message in talk] == [None, "f", None, "g"]


def test_a_call_without_an_id_is_kept() -> None:
    [message] = native(called(id=None))
    assert "id" not in message["tool_calls"][0]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("x", ""),
        ({}, ".role"),
        ({"role": "User", "content": "x"}, ".role"),
        ({"role": ["user"], "content": "x"}, ".role"),
        ({"role": "user"}, ".content"),
        ({"role": "system", "content": None}, ".content"),
        ({"role": "user", "content": 3}, ".content"),
        ({"role": "user", "content": {"type": "text"}}, ".content"),
        ({"role": "user", "content": [3]}, ".content[0]"),
        ({"role": "user", "content": [{"type": "thinking", "thinking": "x"}]}, ".content[0].type"),
        ({"role": "tool", "content": [{"type": "document"}]}, ".content[0].type"),
        ({"role": "user", "content": [{}]}, ".content[0].type"),
        ({"role": "user", "content": [{"type": "file"}]}, ".content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, ".content[0].text"),
        ({"role": "user", "content": [{"type": "text", "text": 1}]}, ".content[0].text"),
        ({"role": "user", "content": [{"type": "image_url"}]}, ".content[0].image_url"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]},
            ".content[0].image_url",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA=="}}]},
            ".content[0].input_audio.format",
        ),
    ],
)
def test_what_is_wrong_is_named(message: Any, param: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        native(USER, message)
    assert refusal.value.param == "messages[1]" + param


WORD = {"type": "text", "text": "x"}


@pytest.mark.parametrize(
    "broken",
    [
        None,
        5,
        {"type": "text"},
        {"type": "text", "text": 5},
        {"type": "image_url", "image_url": None},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,@@@"}},
        {"type": "image_url", "image_url": "http://example.com/a.png"},
        {"type": "image", "source": {"type": "base64"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "flac"}},
        {"type": "file"},
        {"type": ["text"]},
    ],
)
def test_a_broken_part_is_left_out_of_what_an_assistant_has_said(broken: Any) -> None:
    [message] = native({"role": "assistant", "content": [broken, WORD]})
    assert message == {"role": "assistant", "content": "x"}


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_text_may_stand_in_an_object(role: str) -> None:
    part = {"type": "text", "text": {"value": "x", "annotations": []}}
    assert native({"role": role, "content": [part]})[0]["content"] == "x"


@pytest.mark.parametrize(
    "calls",
    [
        "[]",
        {"a": 1},
        [None],
        [{}],
        [{"id": "c1", "type": "function", "function": None}],
        [{"type": "function", "function": "f"}],
        [{"type": "custom", "custom": [1]}],
    ],
)
def test_what_is_no_call_is_left_out(calls: Any) -> None:
    message = {"role": "assistant", "content": "x", "function_call": [1]}
    assert native(message | {"tool_calls": calls}) == [{"role": "assistant", "content": "x"}]
    if isinstance(calls, list):
        mixed = calls + called()["tool_calls"]
        assert native(message | {"tool_calls": mixed}) == native(called() | {"content": "x"})


def test_a_number_is_an_id_and_no_name_is_an_empty_one() -> None:
    call, result = native(called(id=5), {"role": "tool", "tool_call_id": 5, "content": "1"})
    assert (call["tool_calls"][0]["id"], result["tool_call_id"]) == ("5", "5")
    [message] = native(called(function={"name": {}}))
    assert message["tool_calls"][0]["function"]["name"] == ""


@pytest.mark.parametrize("id", [None, "", {}])
@pytest.mark.parametrize("role", ["tool", "function"])
def test_a_result_without_an_id_answers_the_one_open_call(role: str, id: Any) -> None:
    result = {"role": role, "tool_call_id": id, "content": "1"}
    answers = {"role": "tool", "content": "1", "tool_call_id": "c1", "tool_name": "f"}
    assert native(called(), result)[1:] == [answers]
    bare = {"role": "tool", "content": "1"}
    assert native(USER, result)[1:] == [bare]
    assert native(called(), result, result)[1:] == [answers, bare]
    two = called()
    two["tool_calls"] += called(id="c2")["tool_calls"]
    assert native(two, result)[1:] == [bare]
    known = {"role": "tool", "tool_call_id": "c2", "content": "2"}
    assert native(two, known, result)[2:] == [answers]


def test_an_unknown_part_is_named_with_all_that_is_taken() -> None:
    with pytest.raises(BadRequest, match="part of type 'file'; it takes: text, image_url"):
        native({"role": "user", "content": [{"type": "file"}]})
    with pytest.raises(BadRequest, match=r"^'messages\[0\]\.content\[0\]\.type' must be one"):
        native({"role": "user", "content": [{"type": "what a\nsecret"}]})
