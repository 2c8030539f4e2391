"""The SQLite file: transactions, modes, migrations, and what disk and other programs do to it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.config import load
from tornado_ollama.errors import StoreFailed
from tornado_ollama.stores import database as module
from tornado_ollama.stores.database import FILE_NAME, Database

STEPS = (
    "CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT DEFAULT ';');",
    "CREATE TABLE b (n);\nCREATE TRIGGER c AFTER INSERT ON a BEGIN\n"
    "  INSERT INTO b VALUES (new.n);\nEND;",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "state", STEPS) as made:
        yield made


def put(n: int) -> Any:
    return lambda connection: connection.execute("INSERT INTO a (n) VALUES (?)", (n,)) and n


def everything(connection: sqlite3.Connection) -> list[Any]:
    return [n for (n,) in connection.execute("SELECT n FROM b ORDER BY n")]


@pytest.mark.gen_test
async def test_a_function_runs_on_the_one_thread_of_the_database(database: Database) -> None:
    first = await database.run(lambda _: threading.get_ident())
    assert await database.read(lambda _: threading.get_ident()) == first != threading.get_ident()


@pytest.mark.gen_test
async def test_nothing_is_made_before_something_is_written(database: Database) -> None:
    assert await database.read(everything) is None
    assert not database.path.parent.exists()
    await database.run(put(1))
    assert await database.read(everything) == [1]


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state" / FILE_NAME).touch(mode=0o644)
    for directory in (tmp_path / "state", tmp_path / "deep" / "er"):
        with Database(directory, STEPS) as database:
            database.submit(put(1)).result()
            modes = {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
            assert modes == {0o600} and len(list(directory.iterdir())) == 3
    assert stat.S_IMODE((tmp_path / "deep" / "er").stat().st_mode) == 0o700


def test_an_exception_takes_back_what_its_function_did(database: Database) -> None:
    database.submit(put(1)).result()

    def breaks(connection: sqlite3.Connection) -> None:
        put(2)(connection)
        raise KeyError("mine")

    with pytest.raises(KeyError):
        database.submit(breaks).result()
    assert database.submit_read(everything).result() == [1]
    database.submit(put(3)).result()
    assert database.submit_read(everything).result() == [1, 3]


def test_a_file_gets_the_steps_that_it_has_not_seen(tmp_path: Path) -> None:
    with Database(tmp_path, STEPS[:1]) as old:
        old.submit(put(1)).result()
    for _ in range(2):
        with Database(tmp_path, STEPS) as new:
            new.submit_read(everything).result()
    with Database(tmp_path, STEPS) as new:
        new.submit(put(2)).result()
        assert new.submit_read(everything).result() == [2]
    with Database(tmp_path, STEPS[:1]) as old, pytest.raises(StoreFailed, match="newer version"):
        old.submit(put(3)).result()


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with (
        Database(tmp_path, (*STEPS, "CREATE TABLE d (n); SELECT nothing;")) as broken,
        pytest.raises(sqlite3.OperationalError, match="nothing"),
    ):
        broken.submit(put(1)).result()
    with Database(tmp_path, STEPS[:1]) as old:
        old.submit(put(1)).result()


def test_the_steps_of_this_version_can_be_taken(tmp_path: Path) -> None:
    with Database(tmp_path) as database:
        database.submit(lambda connection: connection.execute("SELECT 1").fetchall()).result()


def test_a_file_that_another_program_holds_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_S", 0.0)
    database.submit(put(1)).result()
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="another program has locked it") as caught:
        database.submit(put(2)).result()
    assert str(database.path) not in caught.value.message
    assert caught.value.path == database.path
    assert database.submit_read(everything).result() == [1]
    other.execute("ROLLBACK")
    other.close()
    database.submit(put(2)).result()


def test_a_file_that_another_program_holds_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_S", 0.1)
    with Database(tmp_path, STEPS) as made:
        made.submit(put(1)).result()
    blocker = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with Database(tmp_path, STEPS) as opened:
        assert opened.submit_read(everything).result() == [1]
    blocker.close()


def test_who_opens_a_new_file_waits_for_another_that_makes_it(database: Database) -> None:
    # SQLite refuses the switch to WAL at once where another connection is about to write.
    database.path.parent.mkdir(exist_ok=True)
    other = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, other.execute, ("COMMIT",)).start()
    assert database.submit(lambda connection: connection.execute("SELECT 1").fetchone()).result()
    other.close()


OTHER_PROCESS = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1])
other.execute("INSERT INTO a (n) VALUES (2)")
other.commit()
other.close()
"""


def test_another_process_leaves_the_wal_in_its_place(tmp_path: Path) -> None:
    # Who closes the last connection removes it. Locks that this process has lost would make another
    # believe that it was the last, and what is written to the removed file is lost.
    with Database(tmp_path, STEPS) as first, Database(tmp_path, STEPS) as second:
        first.submit(put(1)).result()
        assert second.submit_read(everything).result() == [1]
        subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(first.path)], check=True)
        assert first.path.with_name(f"{FILE_NAME}-wal").exists()
        first.submit(put(3)).result()
    with Database(tmp_path, STEPS) as later:
        assert later.submit_read(everything).result() == [1, 2, 3]


def test_a_full_disk_says_so_and_can_be_written_again(database: Database) -> None:
    database.submit(put(1)).result()

    def pages(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])

    def limit(count: int) -> Any:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {count}").fetchall()

    def long(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO a (t) VALUES (?)", ("x" * 100_000,))

    full = database.submit_read(pages).result()
    database.submit_read(limit(full or 0)).result()
    with pytest.raises(StoreFailed, match="the disk is full"):
        database.submit(long).result()
    database.submit_read(limit(10_000)).result()
    database.submit(long).result()


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_file_says_so(database: Database, content: bytes) -> None:
    database.path.parent.mkdir()
    database.path.write_bytes(content)
    with pytest.raises(StoreFailed, match="it is damaged"):
        database.submit(put(1)).result()


def test_a_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        Database(tmp_path / "file" / "state", STEPS) as database,
        pytest.raises(StoreFailed, match="Not a directory"),
    ):
        database.submit(put(1)).result()


def test_a_mistake_of_the_program_is_no_fault_of_the_disk(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        database.submit(lambda connection: connection.execute("SELEKT")).result()


def test_a_closed_database_takes_nothing_more(tmp_path: Path) -> None:
    database = Database(tmp_path, STEPS)
    database.close()
    database.close()
    with pytest.raises(StoreFailed, match="shutting down"):
        database.submit(put(1))


# -- the directory ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/x", "XDG_STATE_HOME": "/xdg"}, "/var/lib/x"),
        ({"XDG_STATE_HOME": "/xdg"}, "/xdg/tornado-ollama"),
        ({"XDG_STATE_HOME": "relative"}, "/me/.local/state/tornado-ollama"),
        ({}, "/me/.local/state/tornado-ollama"),
    ],
)
def test_the_state_directory(
    environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/me")
    assert load(None, environ, {}).state.directory == expected


def test_a_relative_state_directory_starts_at_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("state: {directory: here}", encoding="utf-8")
    assert load(path, {}, {}).state.directory == str(tmp_path / "here")
