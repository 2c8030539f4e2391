"""The spool: what was put into it is there after the process has been killed."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.stores import spool as module
from tornado_ollama.stores.spool import MAX_BYTES, Spool, open_left_spools, open_spool

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


HEADER_BYTES = module._HEADER.size


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """The size of each segment, the smallest that can be mapped."""
    monkeypatch.setattr(module, "SEGMENT_BYTES", mmap.ALLOCATIONGRANULARITY)
    return mmap.ALLOCATIONGRANULARITY


def test_a_system_that_cannot_reserve_space_gets_zeros_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    for entries in ([], [(1, b"a")]):
        spool = open_spool(tmp_path)
        assert spool.entries() == entries and spool.put(b"a")
        [file] = tmp_path.iterdir()
        assert file.stat().st_blocks * 512 >= file.stat().st_size == 2 * module.SEGMENT_BYTES
        spool.close()


def test_a_full_spool_takes_no_more_until_entries_are_applied(tmp_path: Path, small: int) -> None:
    payload = b"x" * (small // 3)
    spool = open_spool(tmp_path)
    assert [spool.put(payload) for _ in range(3)] == [True, True, False]
    assert spool.turn() == 2
    assert [spool.put(payload) for _ in range(3)] == [True, True, False]
    assert spool.turn() == 4 and not spool.put(payload), "neither segment has been applied"
    spool.applied(2)
    assert spool.turn() == 4 and spool.put(payload)
    assert [number for number, _ in spool.entries()] == [3, 4, 5]
    spool.close()


def test_what_an_earlier_process_left_is_not_written_over(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    assert spool.put(b"a") and spool.turn() == 1 and spool.put(b"b")
    spool.close()
    for newer in (b"c", b"d"):
        spool = open_spool(tmp_path)
        assert spool.turn() == spool.last and spool.put(newer)
        spool.close()
    spool = open_spool(tmp_path)
    assert spool.entries() == [(1, b"a"), (2, b"b"), (3, b"c"), (4, b"d")]
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


def test_an_entry_that_is_too_long_is_refused(tmp_path: Path, small: int) -> None:
    spool = open_spool(tmp_path)
    assert not spool.put(b"x" * (MAX_BYTES + 1)) and not spool.put(b"x" * small)
    assert spool.last == 0 and spool.put(b"a")
    assert spool.entries() == [(1, b"a")]
    spool.close()


def test_an_entry_reaches_to_the_end_of_its_segment(tmp_path: Path, small: int) -> None:
    spool = open_spool(tmp_path)
    payload = b"x" * (small - HEADER_BYTES - module._HEAD_BYTES)
    assert not spool.put(payload + b"x") and spool.put(payload) and not spool.put(b"")
    spool.close()
    spool = open_spool(tmp_path)
    assert spool.entries() == [(1, payload)] and not spool.put(b"")
    spool.close()


@pytest.mark.parametrize("at", [0, 1, 2, 5, 6, 15])
def test_a_damaged_entry_is_left_out_with_those_behind_it(tmp_path: Path, at: int) -> None:
    first, second = b"the first entry of all", b"the second"
    spool = open_spool(tmp_path)
    for payload in (first, second, b"the third"):
        spool.put(payload)
    spool.close()
    with (tmp_path / "usage-0.spool").open("r+b") as file:
        file.seek(HEADER_BYTES + module._HEAD_BYTES + len(first) + at)
        [byte] = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x40]))
    spool = open_spool(tmp_path)
    assert spool.entries() == [(1, first)]
    assert spool.put(b"new") and spool.entries() == [(1, first), (2, b"new")]
    spool.close()


def test_an_entry_of_which_a_part_was_written_is_none(tmp_path: Path, small: int) -> None:
    """What lies behind the part is older, and may have the same lengths."""
    file = tmp_path / "usage-0.spool"
    spool = open_spool(tmp_path)
    images = []
    for generation in range(4):  # the last of them is written over the second
        for number in range(3):
            images.append(file.read_bytes())
            assert spool.put(b"%d, %d" % (generation, number))
        images.append(file.read_bytes())
        spool.applied(spool.turn())
    spool.close()
    before, after = images[-2:]
    kept = [(10, b"3, 0"), (11, b"3, 1")]
    changed = [at for at, byte in enumerate(before) if after[at] != byte]
    parts = [*range(changed[0], changed[-1] + 1)]
    assert len(parts) > 4
    for at in parts:
        for image in (after[:at] + before[at:], before[:at] + after[at:]):
            file.write_bytes(image)
            spool = open_spool(tmp_path)
            whole = image == after
            assert spool.entries()[-2 - whole :] == kept + [(12, b"3, 2")] * whole
            spool.close()


def test_numbers_go_on_where_all_entries_were_applied(tmp_path: Path) -> None:
    for number in range(1, 6):
        spool = open_spool(tmp_path)
        assert spool.put(b"a") and spool.last == number
        assert spool.turn() == number
        spool.applied(number)
        spool.close()


def test_numbers_go_on_where_the_beginning_of_a_segment_was_written_in_part(
    tmp_path: Path,
) -> None:
    spool = open_spool(tmp_path)
    for _ in range(300):
        spool.put(b"a")
    spool.turn()
    id = spool.id
    spool.close()
    with (tmp_path / "usage-0.spool").open("r+b") as file:
        file.seek(module.SEGMENT_BYTES + HEADER_BYTES - 8)
        file.write(bytes(8))
    spool = open_spool(tmp_path)
    assert (spool.last, spool.id) == (300, id)
    spool.close()


def test_entries_behind_what_is_stored_are_found(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.put(b"a")
    spool.applied(100)
    assert spool.last == 100 and spool.put(b"b")
    spool.close()
    spool = open_spool(tmp_path)
    assert spool.entries() == [(101, b"b")]
    spool.close()


@given(number=st.integers(1, 2**40), other=st.integers(1, 2**32 - 2**18))
def test_an_entry_with_another_number_has_another_checksum(number: int, other: int) -> None:
    assert module._head(b"payload", number) != module._head(b"payload", number + other)


def test_spools_that_no_process_has_are_opened(tmp_path: Path) -> None:
    mine, left, other = (open_spool(tmp_path) for _ in range(3))
    left.put(b"a")
    left.close()
    [found] = open_left_spools(tmp_path)
    assert found.id == left.id and found.entries() == [(1, b"a")]
    assert open_left_spools(tmp_path) == []
    for spool in (found, mine, other):
        spool.close()


def test_a_spool_of_another_form_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "usage-0.spool").write_bytes(b"tornado-ollama spool 2\n" + bytes(range(256)) * 16)
    spool = open_spool(tmp_path)
    assert spool.entries() == [] and spool.put(b"a") and spool.last == 1
    spool.close()


@given(steps=st.lists(st.sampled_from(["put", "put long", "turn", "store", "kill"])))
def test_what_was_put_is_there_until_it_is_stored(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SEGMENT_BYTES", mmap.ALLOCATIONGRANULARITY)
        spool, kept, stored = open_spool(Path(name)), dict[int, bytes](), 0
        try:
            for number, step in enumerate(steps):
                if step.startswith("put"):
                    payload = b"%d" % number * (200 if step == "put long" else 1)
                    if spool.put(payload):
                        assert spool.last > stored and spool.last not in kept
                        kept[spool.last] = payload
                elif step in ("store", "turn"):
                    last = spool.turn()
                    if step == "store":
                        spool.applied(last)
                        kept, stored = {}, last
                elif step == "kill":
                    spool.close()
                    spool = open_spool(Path(name))
                left = {number: text for number, text in spool.entries() if number > stored}
                assert left == kept
        finally:
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
