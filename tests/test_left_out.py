"""Which tests a run leaves out."""

from __future__ import annotations

import pytest

from .left_out import PAGE, TESTS, is_left_out, names_page, with_page

MARKS = "not browser and not agents"


def test_a_directory_is_left_out_when_its_mark_is() -> None:
    assert is_left_out(TESTS / "agents", MARKS)
    assert is_left_out(PAGE, MARKS)
    assert not is_left_out(TESTS / "wire", MARKS)
    assert not is_left_out(TESTS / "wire" / "agents", MARKS)


def test_tests_of_the_page_can_be_taken_in_while_others_stay_out() -> None:
    assert with_page(MARKS) == "not agents"
    assert with_page("not browser") == ""
    assert with_page("browser") == "browser"


@pytest.mark.parametrize(
    ("test", "directory"),
    [
        ("tests/browser", "."),
        ("tests/browser/test_chat.py", "."),
        ("tests/browser/test_chat.py::test_a[x::y]", "."),
        ("browser", "tests"),
        ("test_chat.py", "tests/browser"),
        (str(PAGE / "test_chat.py"), "tests/wire"),
    ],
)
def test_they_are_taken_in_where_one_of_them_is_named(test: str, directory: str) -> None:
    assert names_page(["tests/wire", test], TESTS.parent / directory)


@pytest.mark.parametrize("test", [".", "tests", "tests/wire", "tests/test_cli.py::test_browser"])
def test_they_are_not_where_others_are_named(test: str) -> None:
    assert not names_page([test], TESTS.parent)
