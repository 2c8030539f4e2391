"""`stores.captures`: files with a limit on age and size."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tornado_ollama.stores import captures as module
from tornado_ollama.stores.captures import CaptureStore


def kept(store: CaptureStore) -> list[str]:
    return [json.loads(path.read_bytes())["a"] for path in sorted(store.directory.glob("*.json"))]


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(tmp_path)


def test_the_oldest_are_deleted_beyond_the_total_size(store: CaptureStore) -> None:
    store.apply((), 700, 7)
    for letter in "abcde":
        store.put({"a": letter, "text": b"x" * 200 + b"\xff"})
    store.close()
    assert kept(store) == ["d", "e"]


def test_what_is_too_old_is_deleted_also_when_capture_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CaptureStore(tmp_path)
    store.apply((), 10_000, 7)
    store.put({"a": "old"})
    store.close()
    (store.directory / "notes.json").write_text('{"a": "of the operator"}')
    assert kept(store) == ["old", "of the operator"]
    later = time.time() + 8 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    again = CaptureStore(tmp_path)
    again.apply((), 10_000, 7)
    again.close()
    assert kept(again) == ["of the operator"]


def test_where_the_disk_is_slow_some_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., None]
) -> None:
    monkeypatch.setattr(module, "MAX_PENDING", 0)
    store = CaptureStore(tmp_path)
    expect_log("tornado_ollama.stores.captures", "too slow")
    store.apply((), 10_000, 7)
    for _ in range(3):
        store.put({"a": "x"})
    store.close()
    assert not store.directory.exists()


def test_after_the_end_nothing_is_written(store: CaptureStore) -> None:
    store.close()
    store.close()
    store.put({"a": "late"})
    assert os.listdir(store.directory.parent) == []
