"""How tests are shared out among processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .workers import GROUPS, group

ROOT = Path(__file__).parent.parent


def test_a_group_is_of_tests_that_are_there() -> None:
    assert all((ROOT / place).exists() for places in GROUPS.values() for place in places)


def test_what_shares_the_model_stays_together() -> None:
    assert group("tests/clients/test_node.py::test_a") == group("tests/embedded/test_x.py::test_b")


def test_a_file_of_tests_of_the_page_stays_together_apart_from_the_others() -> None:
    chat = group("tests/browser/test_chat.py::test_a[b]")
    assert chat == group("tests/browser/test_chat.py::test_c")
    assert chat != group("tests/browser/test_turns.py::test_a")


def test_other_tests_are_given_out_one_by_one(request: pytest.FixtureRequest) -> None:
    assert group(request.node.nodeid) == request.node.nodeid
