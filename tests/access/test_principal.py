from __future__ import annotations

from tornado_ollama.access.principal import Principal, Scope, loggable_name


def test_scopes_do_not_include_each_other() -> None:
    manager = Principal("m", "token", frozenset((Scope.MANAGE,)))
    assert manager.may(Scope.MANAGE) and not manager.may(Scope.GENERATE)


def test_without_bounds_every_model_may_be_used() -> None:
    assert Principal("a", "token", frozenset()).may_use("anything")


def test_bounds_are_globs_over_the_canonical_name() -> None:
    bound = Principal("a", "token", frozenset(), ("llama3", "qwen*"))
    assert bound.may_use("Library/LLAMA3") and bound.may_use("qwen3:8b")
    assert not bound.may_use("llama3:8b")


def test_empty_bounds_allow_no_model() -> None:
    assert not Principal("a", "token", frozenset(), ()).may_use("llama3")


def test_a_name_cannot_forge_a_log_line() -> None:
    assert loggable_name("a\nb\x1b[0m c\u2028d") == "a_b_[0m_c_d"
    assert len(loggable_name("x" * 1000)) == 64
