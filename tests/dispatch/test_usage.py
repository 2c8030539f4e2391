"""`dispatch.usage`: what a reply has cost, however its bytes were cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.principal import Principal
from tornado_ollama.dispatch import usage
from tornado_ollama.dispatch.ask import Caller
from tornado_ollama.dispatch.usage import Meter, Usage

from ..backend.transcripts import load

LAST = {
    "model": "m:latest",
    "done": True,
    "load_duration": 2_000_000_000,
    "prompt_eval_count": 26,
    "prompt_eval_cached_count": 20,
    "prompt_eval_duration": 500_000_000,
    "eval_count": 3,
    "eval_duration": 1_500_000_000,
}
COUNTED = Usage("m:latest", 26, 20, 3, 2.0, 0.5, 1.5)


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


STREAM = line(message={"content": "a"}) + line(message={"content": "\n\u20ac"}) + line(**LAST)


def metered(*pieces: bytes) -> Usage:
    meter = Meter()
    for piece in pieces:
        meter.feed(piece)
    return meter.usage()


def test_every_cut_in_two() -> None:
    for at in range(1, len(STREAM)):
        assert metered(STREAM[:at], STREAM[at:]) == COUNTED


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_any_cuts(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(STREAM)})
    pieces = [STREAM[a:b] for a, b in zip(places, places[1:], strict=False)]
    assert metered(*pieces) == COUNTED


def test_a_whole_reply_has_the_same_counts() -> None:
    assert metered(line(**LAST)[:-1]) == COUNTED


def test_a_stream_cut_short_counts_its_lines() -> None:
    assert metered(line(message={"content": "a"}) * 7) == Usage(completion_tokens=7)
    assert metered(line(model="m", message={"content": "a"}) * 7 + b'{"mess') == Usage(
        completion_tokens=7
    )


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"no JSON\n",
        b"[]\n",
        b'{"eval_count": "many", "prompt_eval_count": 3}',
        b'{"eval_count": -1, "prompt_eval_count": 1e400}',
        b'{"eval_count": 99999999999999999999999}',
        b"[" * 100_000,
        b"\xff\xfe{}",
    ],
)
def test_what_is_no_reply_costs_nothing_that_is_known(reply: bytes) -> None:
    seen = metered(reply)
    assert seen.prompt_tokens in (0, 3) and seen.load_s == 0.0


@pytest.mark.parametrize("size", [100, 5_000, 1_000_000])
def test_of_a_long_line_the_end_is_kept(size: int) -> None:
    meter = Meter()
    meter.feed(b'{"model":"m","embeddings":[[')
    for _ in range(300_000 // size + 2):
        meter.feed(b"1," * (size // 2))
        assert sum(map(len, meter._line)) <= usage.MAX_LINE_BYTES + usage.END_BYTES + 2 * size
    meter.feed(b'1]],"load_duration":2000000000,"prompt_ev')
    meter.feed(b'al_count":26}')
    assert meter.usage() == Usage(prompt_tokens=26, load_s=2.0)


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 1_000_000])
@pytest.mark.parametrize(
    "counts", [b'"prompt_eval_count":8', b'"prompt_eval_count": 8, "eval_count": 3']
)
@pytest.mark.parametrize("end", [b"}", b"}\n"])
@pytest.mark.parametrize("length", [10, 70_000, 200_000])
def test_the_counts_of_a_line_are_told_before_its_last_piece_is_passed_on(
    counts: bytes, end: bytes, length: int, size: int
) -> None:
    numbers = b"1," * (length // 2)
    body = b'{"a":{"b":1},"embeddings":[[%b1]],%b,"x":{}%b' % (numbers, counts, end)
    begin = max(0, len(body) - 300) if size < 100 else 0
    pieces = [body[at : at + size] for at in range(begin, len(body), size)]
    passed: list[bytes] = []
    told: list[int] = []
    meter = Meter(lambda: told.append(len(b"".join(passed))))
    feed = meter.before(passed.append)
    for piece in [body[:begin], *pieces] if begin else pieces:
        feed(piece)
    assert len(told) == 1 and told[0] < len(body.rstrip())
    assert meter.usage().prompt_tokens == 8 and b"".join(passed) == body


@pytest.mark.parametrize("name", ["chat-stream", "generate-stream", "embed-single"])
def test_the_recorded_replies(name: str) -> None:
    reply = b"".join(load(name).chunks)
    last = json.loads(reply.strip().rsplit(b"\n", 1)[-1])
    seen = metered(reply)
    assert seen.prompt_tokens == last["prompt_eval_count"] > 0
    assert seen.completion_tokens == last.get("eval_count", 0)
    assert seen.model == last["model"]


def test_choices_are_summed_and_their_waits_are_not() -> None:
    one = Usage("m", 1, 2, 3, 4.0, 5.0, 6.0, 7.0)
    two = Usage(None, 10, 20, 30, 40.0, 50.0, 60.0, 1.0)
    assert one + two == Usage("m", 11, 22, 33, 44.0, 55.0, 66.0, 7.0)


def test_a_caller_is_the_credential_or_else_the_address() -> None:
    assert Caller(None, "192.0.2.1").key == "address 192.0.2.1"
    nobody = Principal("anonymous", "anonymous", frozenset())
    assert Caller(nobody, "192.0.2.1").key == "address 192.0.2.1"
    assert Caller(Principal("ci", "token", frozenset()), "192.0.2.1").key == "token ci"
