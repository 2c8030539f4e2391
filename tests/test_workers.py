"""How tests are shared out among processes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .workers import GROUPS, Parts, group, seconds_by_file, tell_less

ROOT = Path(__file__).parent.parent


def test_a_group_is_of_tests_that_are_there() -> None:
    assert all((ROOT / place).exists() for places in GROUPS.values() for place in places)


def test_what_shares_the_model_stays_together() -> None:
    assert group("tests/clients/test_node.py::test_a") == group("tests/embedded/test_x.py::test_b")


def test_a_file_of_tests_of_the_page_stays_together_apart_from_the_others() -> None:
    chat = group("tests/browser/test_chat.py::test_a[b]")
    assert chat == group("tests/browser/test_chat.py::test_c")
    assert chat != group("tests/browser/test_turns.py::test_a")


def test_what_is_tried_in_other_browsers_stays_together_whichever_file_it_is_of() -> None:
    voice = group("tests/browser/test_voice.py::test_in_other_browsers_too[firefox-reading]")
    assert voice == group("tests/browser/test_other_browsers.py::test_webkit_opens_the_page")
    assert voice != group("tests/browser/test_voice.py::test_reading_ends[again]")


def test_a_group_comes_first_then_tests_of_the_page_and_then_what_takes_longest() -> None:
    weights = {"tests/test_a.py": 1.0, "tests/test_b.py": 9.0, "tests/browser/test_c.py": 2.0}
    weights["tests/clients/test_d.py"] = 0.5
    parts = Parts([f"{file}::test_it" for file in weights], weights)
    first = sorted(parts.seconds, key=parts.rank, reverse=True)
    assert first == [
        "model",
        "tests/browser/test_c.py",
        "tests/test_b.py, part 0",
        "tests/test_a.py, part 0",
    ]


def test_other_tests_have_no_group(request: pytest.FixtureRequest) -> None:
    assert group(request.node.nodeid) is None


def test_a_file_without_a_group_is_cut_into_parts_of_some_seconds() -> None:
    tests = [f"tests/test_a.py::test_it[{number}]" for number in range(10)]
    parts = Parts(tests, {"tests/test_a.py": 5.0})
    assert [parts.of[test][-1] for test in tests] == [*"0000111122"]
    assert list(parts.seconds.values()) == [2.0, 2.0, 1.0]


def test_a_group_is_one_part_with_the_seconds_of_all_its_files() -> None:
    tests = [f"tests/{file}.py::test_it" for file in ("embedded/test_a", "clients/test_b")]
    parts = Parts(tests, {"tests/embedded/test_a.py": 30.0, "tests/clients/test_b.py": 40.0})
    assert parts.seconds == {"model": 70.0}


def test_a_file_of_no_known_weight_counts_as_long() -> None:
    tests = ["tests/browser/test_new.py::test_a", "tests/browser/test_new.py::test_b"]
    assert Parts(tests, {}).seconds == {"tests/browser/test_new.py": 1.0}


def test_the_seconds_of_a_file_are_those_of_all_steps_of_its_tests() -> None:
    steps = [SimpleNamespace(nodeid="tests/test_a.py::test_it", duration=n) for n in (0.1, 2, 0.3)]
    assert seconds_by_file([*steps, SimpleNamespace(nodeid="")]) == {"tests/test_a.py": 2.4}


def test_of_a_test_that_passes_a_process_tells_once_and_all_of_one_that_does_not() -> None:
    told: list[tuple[str, Any]] = []
    interactor = SimpleNamespace(sendevent=lambda name, **more: told.append((name, more)))
    tell_less(interactor)
    interactor.sendevent("logstart", nodeid="a")
    for when, outcome in product(("setup", "call", "teardown"), ("passed", "failed", "skipped")):
        interactor.sendevent("testreport", data={"when": when, "outcome": outcome})
    interactor.sendevent("logfinish", nodeid="a")
    interactor.sendevent("runtest_protocol_complete", item_index=1)
    reports = [(more["data"]["when"], more["data"]["outcome"]) for _, more in told[:-1]]
    assert ("call", "passed") in reports and len(reports) == 7
    assert not {("setup", "passed"), ("teardown", "passed")} & set(reports)
    assert told[-1] == ("runtest_protocol_complete", {"item_index": 1})
