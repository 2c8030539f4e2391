"""The spool: what was put into it is there after the process has been killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tornado_ollama.stores import spool as module
from tornado_ollama.stores.spool import SLOT_BYTES, Spool, open_spool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such locks")


def test_entries_outlive_a_kill(tmp_path: Path) -> None:
    program = f"""
import os, signal, pathlib
from tornado_ollama.stores.spool import open_spool
spool = open_spool(pathlib.Path({str(tmp_path)!r}))
for number in range(100):
    assert spool.put(b"entry %d" % number)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    spool = open_spool(tmp_path)
    assert spool.entries() == [(n + 1, b"entry %d" % n) for n in range(100)]
    spool.close()


def test_a_system_that_cannot_reserve_space_gets_zeros_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    for entries in ([], [(1, b"a")]):
        spool = open_spool(tmp_path)
        assert spool.entries() == entries and spool.put(b"a")
        [file] = tmp_path.iterdir()
        assert file.stat().st_blocks * 512 >= file.stat().st_size == (module.SLOTS + 1) * SLOT_BYTES
        spool.close()


def test_a_full_spool_takes_no_more_until_entries_are_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOTS", 3)
    spool = open_spool(tmp_path)
    assert [spool.put(b"%d" % n) for n in range(4)] == [True, True, True, False]
    spool.applied(2)
    assert [spool.put(b"new") for _ in range(3)] == [True, True, False]
    assert spool.entries() == [(3, b"2"), (4, b"new"), (5, b"new")]
    spool.close()


def test_what_an_earlier_process_left_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOTS", 2)
    spool = open_spool(tmp_path)
    assert spool.put(b"a") and spool.put(b"b")
    spool.close()
    spool = open_spool(tmp_path)
    assert not spool.put(b"c")
    assert [payload for _, payload in spool.entries()] == [b"a", b"b"]
    spool.close()


def test_two_processes_have_two_spools(tmp_path: Path) -> None:
    first, second = open_spool(tmp_path), open_spool(tmp_path)
    assert first.id != second.id
    id = first.id
    first.close()
    again = open_spool(tmp_path)
    assert again.id == id
    again.close()
    second.close()


def test_an_entry_that_is_too_long_is_refused(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    assert not spool.put(b"x" * SLOT_BYTES)
    assert spool.last == 0
    spool.close()


@pytest.mark.parametrize("at", [0, 3, 4, 5, 6, 13, 14, 35])
def test_a_damaged_entry_is_left_out(tmp_path: Path, at: int) -> None:
    spool = open_spool(tmp_path)
    for payload in (b"the first entry of all", b"the second"):
        spool.put(payload)
    spool.close()
    with (tmp_path / "usage-0.spool").open("r+b") as file:
        file.seek(SLOT_BYTES + at)
        [byte] = file.read(1)
        file.seek(SLOT_BYTES + at)
        file.write(bytes([byte ^ 0x40]))
    spool = open_spool(tmp_path)
    assert spool.entries() == [(2, b"the second")]
    spool.close()


def test_a_disk_without_room_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        open_spool(tmp_path)


def test_spools_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SPOOLS", 2)
    spools: list[Spool] = [open_spool(tmp_path), open_spool(tmp_path)]
    with pytest.raises(OSError, match="2 processes"):
        open_spool(tmp_path)
    for spool in spools:
        spool.close()


def test_slots_whose_entries_are_applied_are_used_again_first(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    for count in (3, 2):
        for number in range(count):
            spool.put(b"%d" % number)
        spool.applied(spool.last)
    assert spool.entries() == [(3, b"2"), (4, b"0"), (5, b"1")]
    spool.close()
    again = open_spool(tmp_path)
    assert again.put(b"next") and again.last == 6
    again.close()
