"""Whether a stream of `/v1/responses` is one that the clients of that API can read.

Written from the types of OpenAI's SDK and from what real agents need, not from the gateway's code:
the keys of each event, their order, ids and numbers that hold, texts that add up, and an end that
says what became of the response.
"""

from __future__ import annotations

import json
from typing import Any

LIFECYCLE = {"created", "queued", "in_progress", "completed", "incomplete", "failed"}
ENDS = {"completed", "incomplete", "failed"}

KEYS: dict[str, set[str]] = {
    **{f"response.{name}": {"response"} for name in LIFECYCLE},
    "response.output_item.added": {"output_index", "item"},
    "response.output_item.done": {"output_index", "item"},
    "response.content_part.added": {"item_id", "output_index", "content_index", "part"},
    "response.content_part.done": {"item_id", "output_index", "content_index", "part"},
    "response.output_text.delta": {
        "item_id", "output_index", "content_index", "delta", "logprobs",
    },
    "response.output_text.done": {
        "item_id", "output_index", "content_index", "text", "logprobs",
    },
    "response.reasoning_text.delta": {"item_id", "output_index", "content_index", "delta"},
    "response.reasoning_text.done": {"item_id", "output_index", "content_index", "text"},
    "response.reasoning_summary_part.added": {"item_id", "output_index", "summary_index", "part"},
    "response.reasoning_summary_part.done": {"item_id", "output_index", "summary_index", "part"},
    "response.reasoning_summary_text.delta": {"item_id", "output_index", "summary_index", "delta"},
    "response.reasoning_summary_text.done": {"item_id", "output_index", "summary_index", "text"},
    "response.function_call_arguments.delta": {"item_id", "output_index", "delta"},
    "response.function_call_arguments.done": {"item_id", "output_index", "arguments"},
    "response.custom_tool_call_input.delta": {"item_id", "output_index", "delta"},
    "response.custom_tool_call_input.done": {"item_id", "output_index", "input"},
}  # fmt: skip
"""Event: the keys it must have besides `type` and `sequence_number`; it may have no others."""

SEQUENCES = {
    "message": ("content_part", "output_text", "text"),
    "reasoning": ("content_part", "reasoning_text", "text"),
    "summary": ("reasoning_summary_part", "reasoning_summary_text", "text"),
    "function_call": (None, "function_call_arguments", "arguments"),
    "custom_tool_call": (None, "custom_tool_call_input", "input"),
}
"""Item: the events of its part, of its text, and the key of the whole text."""

RESPONSE_KEYS = set(
    "id object created_at completed_at status error incomplete_details model output usage "
    "background frequency_penalty instructions max_output_tokens max_tool_calls metadata "
    "parallel_tool_calls presence_penalty previous_response_id prompt_cache_key reasoning "
    "safety_identifier service_tier store temperature text tool_choice tools top_logprobs top_p "
    "truncation user".split()
)

ERROR_CODES = {
    "server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded",
    "insufficient_quota", "server_is_overloaded", "slow_down",
}  # fmt: skip
"""Those that clients know, of the ones about anything but an image."""


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each with the name that it bears on its first line."""
    assert stream.endswith(b"\n\n") and b"\r" not in stream
    assert b"[DONE]" not in stream
    found = []
    for block in stream.split(b"\n\n")[:-1]:
        head, data = block.split(b"\n")
        event = json.loads(data.removeprefix(b"data: "))
        assert head.decode() == f"event: {event['type']}"
        found.append(event)
    return found


def valid(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream that ended; fails where something is wrong with them."""
    events = events_of(stream)
    _check_each(events)
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    last = events[-1]
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert [kind for kind in kinds if kind in ENDS] == [kinds[-1]]
    done, opened = _items(event for event in events if "response" not in event)
    check_response(last["response"], kinds[-1])
    output = last["response"]["output"]
    assert output[: len(done)] == done
    if kinds[-1] == "failed":
        assert len(output) <= len(done) + (opened is not None)
    else:
        assert opened is None and output == done
    return events


def check_response(response: dict[str, Any], status: str) -> None:
    """A whole response object."""
    assert set(response) == RESPONSE_KEYS and response["object"] == "response"
    assert response["id"].startswith("resp_") and type(response["created_at"]) is int
    assert response["status"] == status
    if status in ("completed", "incomplete"):
        usage = response["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        details = usage["input_tokens_details"], usage["output_tokens_details"]
        assert set(details[0]) == {"cached_tokens", "cache_write_tokens"}
        assert set(details[1]) == {"reasoning_tokens"}
        numbers = [*details[0].values(), *details[1].values(), usage["total_tokens"]]
        assert all(type(number) is int for number in numbers)
        assert response["output"] and response["completed_at"] >= response["created_at"]
    reason = {"reason": "max_output_tokens"} if status == "incomplete" else None
    assert response["incomplete_details"] == reason
    if status == "failed":
        assert response["error"]["code"] in ERROR_CODES and response["error"]["message"]
    else:
        assert response["error"] is None
    calls = [item["call_id"] for item in response["output"] if "call_id" in item]
    assert len(set(calls)) == len(calls) and all(calls)
    ids = [item["id"] for item in response["output"]]
    assert len(set(ids)) == len(ids) and all(ids)
    for item in response["output"]:
        check_item(item)


def check_item(item: dict[str, Any]) -> None:
    kind = item["type"]
    if kind == "message":
        assert set(item) == {"id", "type", "status", "role", "content"}
        assert item["status"] in ("completed", "incomplete") and item["role"] == "assistant"
        [part] = item["content"]
        assert set(part) == {"type", "text", "annotations", "logprobs"}
        assert part["type"] == "output_text" and part["annotations"] == []
    elif kind == "reasoning":
        assert set(item) <= {"id", "type", "summary", "content", "encrypted_content"}
        assert len(item["summary"]) + len(item.get("content", [])) == 1
        assert item.get("encrypted_content", "to1.").startswith("to1.")
    elif kind == "function_call":
        assert isinstance(json.loads(item["arguments"]), dict) and item["status"] == "completed"
    else:
        assert kind == "custom_tool_call" and isinstance(item["input"], str)


def _check_each(events: list[dict[str, Any]]) -> None:
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    responses = [event["response"] for event in events if "response" in event]
    assert len({response["id"] for response in responses}) == 1
    for event in events:
        assert set(event) == {"type", "sequence_number"} | KEYS[event["type"]], event
        if "response" in event:
            status = event["type"].removeprefix("response.")
            assert event["response"]["status"] == status.replace("created", "in_progress")


def _items(events: Any) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The items that were done, and the one that was still open at the end; in between each went
    its way, one after the other."""
    done: list[dict[str, Any]] = []
    stream = iter(events)
    for event in stream:
        assert event["type"] == "response.output_item.added", event
        item = event["item"]
        assert event["output_index"] == len(done)
        finished = _one_item(item, len(done), stream)
        if finished is None:
            return done, item
        done.append(finished)
    return done, None


def _one_item(item: dict[str, Any], index: int, stream: Any) -> dict[str, Any] | None:
    kind = item["type"]
    event = next(stream, None)
    if event is None:
        return None
    if kind == "reasoning" and event["type"].startswith("response.reasoning_summary"):
        kind = "summary"
    part, text, key = SEQUENCES[kind]
    if kind in ("message", "reasoning", "summary"):
        assert item.get("content", []) == [] and item.get("summary", []) == []
    else:
        assert item[key] == ""
    where = {"item_id": item["id"], "output_index": index}
    if part is not None:
        where["summary_index" if kind == "summary" else "content_index"] = 0
        assert event["type"] == f"response.{part}.added" and where.items() <= event.items()
        assert event["part"]["text"] == ""
        event = next(stream, None)
    said = ""
    while event is not None and event["type"] == f"response.{text}.delta":
        assert where.items() <= event.items()
        said += event["delta"]
        event = next(stream, None)
    if event is None:
        return None
    assert event["type"] == f"response.{text}.done" and where.items() <= event.items(), event
    assert event[key] == said
    if part is not None:
        event = next(stream)
        assert event["type"] == f"response.{part}.done" and where.items() <= event.items()
        assert event["part"]["text"] == said
    event = next(stream)
    assert event["type"] == "response.output_item.done" and event["output_index"] == index
    finished: dict[str, Any] = event["item"]
    for same in ("id", "type", "call_id", "name", "namespace"):
        assert finished.get(same) == item.get(same)
    assert _text_of(finished, kind) == said
    check_item(finished)
    return finished


def _text_of(item: dict[str, Any], kind: str) -> Any:
    if kind == "summary":
        return item["summary"][0]["text"]
    if kind in ("message", "reasoning"):
        return item["content"][0]["text"]
    return item[SEQUENCES[kind][2]]
