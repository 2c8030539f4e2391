from __future__ import annotations

from typing import Any

import pytest

from tornado_ollama.embedded.options import (
    FOREVER,
    MODEL_PARAMETERS,
    read_format,
    read_keep_alive,
    read_options,
)
from tornado_ollama.embedded.refusal import Refusal

from ..deadline import deadline


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": "hot"}, 'option "temperature" must be of type float32'),
        ({"num_ctx": "1"}, 'option "num_ctx" must be of type integer'),
        ({"seed": True}, 'option "seed" must be of type integer'),
        ({"use_mmap": 1}, 'option "use_mmap" must be of type boolean'),
        ({"stop": "x"}, 'option "stop" must be of type array'),
        ({"stop": [1]}, 'option "stop" must be of an array of strings'),
    ],
)
def test_a_wrong_type_is_a_500(options: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_options(options)
    assert (caught.value.status, caught.value.message) == (500, message)


def test_unknown_and_null_options_are_ignored() -> None:
    assert read_options({"wizardry": "yes", "temperature": None}).sampling == MODEL_PARAMETERS


def test_a_request_wins_over_the_models_parameters() -> None:
    options = read_options({"temperature": 1, "top_k": 3.9, "seed": 5, "stop": ["", "x"]})
    assert options.sampling == {**MODEL_PARAMETERS, "temperature": 1, "top_k": 3, "seed": 5}
    assert options.stop == ("x",)


def test_a_negative_seed_is_none() -> None:
    assert "seed" not in read_options({"seed": -1}).sampling


def test_numbers_fit_what_llama_cpp_reads() -> None:
    assert read_options({"num_predict": 10**30}).num_predict == 2**31 - 1
    assert read_options({"num_predict": -2}).num_predict == -1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (0, 0),
        (1.5, 1.5),
        (-1, FOREVER),
        ("0", 0),
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        ("-1s", FOREVER),
    ],
)
def test_keep_alive_is_seconds_or_a_duration(value: object, seconds: float | None) -> None:
    assert read_keep_alive(value) == seconds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("soon", 'time: invalid duration "soon"'),
        ("300", 'time: missing unit in duration "300"'),
        ("-1", 'time: missing unit in duration "-1"'),
        ("", 'time: invalid duration ""'),
        ("..", 'time: invalid duration ".."'),
        ("-.5.", 'time: missing unit in duration "-.5."'),
        (True, "Unsupported type: 'bool'"),
    ],
)
def test_other_durations_are_refused(value: object, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_keep_alive(value)
    assert (caught.value.status, caught.value.message) == (400, message)


@pytest.mark.parametrize("text", ["1", "1.", "1h", "."])
def test_a_duration_of_a_megabyte_is_refused_as_fast_as_it_is_read(text: str) -> None:
    with deadline(), pytest.raises(Refusal, match="invalid duration"):
        read_keep_alive(text * (1_000_000 // len(text)) + "x")


@pytest.mark.parametrize("value", [None, ""])
def test_no_format_is_none(value: object) -> None:
    assert read_format(value) is None


def test_format_json_is_any_object() -> None:
    assert read_format("json") == {"type": "object"}


@pytest.mark.parametrize("value", ["xml", 5, ["json"], True])
def test_other_formats_are_a_500(value: object) -> None:
    with pytest.raises(Refusal, match="invalid format") as caught:
        read_format(value)
    assert caught.value.status == 500
