from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.wire.chat.unanswered import Called, Unanswered


def one_by_one(events: list[tuple[bool, str, str]]) -> Called | None:
    """The rule in its plainest form: a result strikes off the first call that fits."""
    calls: list[Called] = []
    for is_call, id, tool in events:
        if is_call:
            calls.append((id, tool))
            continue
        for call in calls:
            if call[0] == id if id else bool(tool) and call[1] == tool:
                calls.remove(call)
                break
    return calls[0] if len(calls) == 1 else None


LETTERS = st.sampled_from(["", "a", "b"])


@given(st.lists(st.tuples(st.booleans(), LETTERS, LETTERS), max_size=12), st.integers(0, 12))
def test_calls_and_results_are_matched_whenever_it_is_asked(
    events: list[tuple[bool, str, str]], asked_at: int
) -> None:
    unanswered = Unanswered()
    for at, (is_call, id, tool) in enumerate(events):
        if at == asked_at:
            assert unanswered.only() == one_by_one(events[:at])
        if is_call:
            unanswered.call(id, tool)
        else:
            unanswered.results.append((id or None, tool or None))
    assert unanswered.only() == one_by_one(events)


def test_another_message_begins_anew() -> None:
    unanswered = Unanswered()
    unanswered.call("a", "f")
    assert unanswered.only() == ("a", "f")
    unanswered.clear()
    assert unanswered.only() is None
    unanswered.call("b", "g")
    assert unanswered.only() == ("b", "g")


class Counted(str):
    """A text that counts how often any of its kind is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


def test_thousands_of_results_in_any_order_take_linear_time() -> None:
    unanswered = Unanswered()
    names = [f"call_{index}" for index in range(5000)]
    for name in names:
        unanswered.call(Counted(name), Counted("f"))
    for name in reversed(names[1:]):
        unanswered.results.append((Counted(name), None))
    Counted.compared = 0
    assert unanswered.only() == ("call_0", "f")
    assert Counted.compared < 20_000
