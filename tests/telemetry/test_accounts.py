"""`telemetry.accounts`: each charge is stored once, whatever happens to the process, its tasks, the
spool and the database meanwhile."""

from __future__ import annotations

import asyncio
import mmap
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tornado_ollama.dispatch.journal import Charge
from tornado_ollama.dispatch.usage import Usage
from tornado_ollama.stores import spool as spools
from tornado_ollama.stores.database import FILE_NAME
from tornado_ollama.telemetry import accounts as module
from tornado_ollama.telemetry.accounts import Accounts
from tornado_ollama.telemetry.entry_keys import EntryKeys
from tornado_ollama.telemetry.labels import Labels
from tornado_ollama.telemetry.registry import Telemetry
from tornado_ollama.wire.parties import NOBODY, Party

from ..waiting import until

Make = Callable[..., Accounts]


@pytest.fixture
def make(io_loop: Any, tmp_path: Path) -> Iterator[Make]:
    """Makes accounts in one state directory; they are stopped at the end."""
    made: list[Accounts] = []

    def make(keep_days: int = 30) -> Accounts:
        accounts = Accounts(tmp_path, Telemetry())
        accounts.apply(keep_days, ())
        made.append(accounts)
        return accounts

    yield make
    for accounts in made:
        io_loop.run_sync(accounts.stop)


def charge(account: str = "token ci", party: Party = NOBODY) -> Charge:
    return Charge(time.time(), account, "ci", party, True, Usage("m", 9, 0, 5, runs=1))


def kill(accounts: Accounts) -> None:
    """Leaves the files as the end of a process would."""
    assert accounts._task is not None and accounts._spool is not None
    accounts._task.cancel()
    accounts._task = None
    accounts._pending, accounts._taken = {}, []
    accounts._spool.close()
    accounts._spool = None


def stored(directory: Path) -> int:
    """The requests in the database."""
    with sqlite3.connect(directory / FILE_NAME) as connection:
        [(requests,)] = connection.execute("SELECT SUM(requests) FROM usage")
    connection.close()
    return int(requests or 0)


async def taken_up(accounts: Accounts, directory: Path, requests: int) -> None:
    """Starts the next process, after which so many requests are in the database."""
    await accounts.start()
    await until(lambda: stored(directory) == requests, "what was left is taken up")


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Another program holds the database."""
    connection = sqlite3.connect(directory / FILE_NAME, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@pytest.mark.gen_test
async def test_what_is_being_stored_is_stored_once_though_its_caller_is_cancelled(
    make: Make, tmp_path: Path
) -> None:
    accounts = make()
    await accounts.start()
    accounts.charge(charge())
    await accounts.flush()
    with locked(tmp_path):
        accounts.charge(charge())
        asking = asyncio.create_task(accounts.flush())
        await until(lambda: bool(accounts._batch), "it is being stored")
        assert accounts.pending == 1
        asking.cancel()
        stopping = asyncio.create_task(accounts.stop())
        await asyncio.sleep(0.05)
    await stopping
    assert asking.cancelled() and stored(tmp_path) == 2


@pytest.mark.gen_test
async def test_the_spool_of_a_killed_process_is_taken_up_by_whoever_starts(
    make: Make, tmp_path: Path
) -> None:
    first, second, third = make(), make(), make()
    for accounts in (first, second, third):
        await accounts.start()
    first.charge(charge())
    for _ in range(2):
        second.charge(charge())
    await first.stop()
    kill(second)  # its spool is the second
    for _ in range(2):
        await make().start()
        assert stored(tmp_path) == 3
    for _ in range(3):
        third.charge(charge())
    kill(third)
    last = make()
    await last.start()
    [row] = await last.ask("2000-01-01", "3000-01-01", (), None)
    assert row["requests"] == 6


@pytest.mark.gen_test
async def test_what_a_killed_process_left_waits_for_a_locked_database(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tornado_ollama.stores.database.BUSY_S", 0.1)
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    first, second = make(), make()
    await first.start()
    await second.start()
    for accounts in (first, second):
        accounts.charge(charge())
        await accounts.flush()
        accounts.charge(charge())
    await first.stop()
    kill(second)
    with locked(tmp_path):
        third = make()
        await third.start()
        assert third.failure is None
    await until(lambda: stored(tmp_path) == 4, "it is taken up")


@pytest.mark.gen_test
@pytest.mark.parametrize("stop", [False, True])
async def test_accounts_that_a_reload_switches_on_are_stored(
    make: Make, tmp_path: Path, stop: bool
) -> None:
    accounts = make(0)
    await accounts.start()
    accounts.charge(charge())
    await asyncio.sleep(0.02)
    assert not any(tmp_path.iterdir())
    accounts.apply(30, ())
    accounts.charge(charge())
    if stop:
        await accounts.stop()
    else:
        await until(lambda: (tmp_path / FILE_NAME).exists(), "the file is made")
        await until(lambda: not accounts.pending, "they are stored")
        assert (tmp_path / "usage-0.spool").exists()
    assert stored(tmp_path) == 1


@pytest.mark.gen_test
async def test_a_spool_that_is_full_is_told_once_and_takes_more_after_a_batch(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.accounts", "spool of the accounts is full")
    monkeypatch.setattr(spools, "SEGMENT_BYTES", mmap.ALLOCATIONGRANULARITY)
    accounts = make()
    await accounts.start()
    for _ in range(300):
        accounts.charge(charge())
    await accounts.flush()
    assert stored(tmp_path) == 300
    accounts.charge(charge())
    kill(accounts)
    await taken_up(make(), tmp_path, 301)


@pytest.mark.gen_test
async def test_a_spool_that_could_not_be_opened_is_opened_when_it_can(
    make: Make, tmp_path: Path, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.accounts", "do not outlive a kill")
    (tmp_path / "usage-0.spool").mkdir()
    accounts = make()
    await accounts.start()
    accounts.charge(charge())
    await accounts.flush()
    assert accounts.failure == "The spool of the accounts cannot be opened: Is a directory."
    assert len(await accounts.ask("2000-01-01", "3000-01-01", (), None)) == 1
    (tmp_path / "usage-0.spool").rmdir()
    await until(lambda: accounts.failure is None, "it is opened")
    accounts.charge(charge())
    kill(accounts)
    await taken_up(make(), tmp_path, 2)


@pytest.mark.gen_test
async def test_a_failure_is_over_though_nothing_was_charged_since(
    make: Make, tmp_path: Path, expect_log: Any
) -> None:
    expect_log("tornado_ollama.telemetry.accounts", "cannot be opened|directory")
    (tmp_path / FILE_NAME).mkdir()
    accounts = make()
    await accounts.start()
    assert await accounts.used_this_month() == [] and accounts.failure
    (tmp_path / FILE_NAME).rmdir()
    await accounts.flush()
    assert accounts.failure is None


@pytest.mark.gen_test
async def test_what_is_left_is_taken_up_once_though_somebody_asks_meanwhile(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(), make()
    await first.start()
    first.charge(charge())
    kill(first)
    asked: list[spools.Spool] = []
    both = asyncio.Event()
    ask = second._stored

    async def slow(spool: spools.Spool) -> int:
        asked.append(spool)
        await both.wait()
        return await ask(spool)

    monkeypatch.setattr(second, "_stored", slow)
    starting = asyncio.create_task(second.start())
    await until(lambda: len(asked) == 1, "the spool is opened")
    flushing = asyncio.create_task(second.flush())
    await until(lambda: len(asked) == 2, "a flush takes it up, too")
    both.set()
    await asyncio.gather(starting, flushing)
    await second.flush()
    assert stored(tmp_path) == 1 and second.failure is None


@pytest.mark.gen_test
async def test_a_spool_older_than_the_database_begins_behind_it(make: Make, tmp_path: Path) -> None:
    accounts = make()
    await accounts.start()
    before = (tmp_path / "usage-0.spool").read_bytes()
    for _ in range(20):
        accounts.charge(charge())
    await accounts.stop()
    (tmp_path / "usage-0.spool").write_bytes(before)  # as a crash of the machine may leave it
    accounts = make()
    await accounts.start()
    for _ in range(3):
        accounts.charge(charge())
    kill(accounts)
    await taken_up(make(), tmp_path, 23)


@pytest.mark.gen_test
async def test_accounts_that_are_switched_off_forget_nothing(make: Make, tmp_path: Path) -> None:
    accounts = make()
    accounts.charge(replace(charge(), at=time.time() - 86400))
    await accounts.start()
    await accounts.flush()
    await accounts.stop()
    accounts = make(0)
    await accounts.start()
    await asyncio.sleep(0.05)
    await accounts.stop()
    assert stored(tmp_path) == 1


def test_a_person_is_believed_of_the_token_alone_that_is_trusted() -> None:
    keys = EntryKeys(Labels())
    keys.apply(["ci"])
    party = Party("s", "ann@example.com")
    for account, user in (
        ("token ci", "ann@example.com"),
        ("jwt ci", ""),
        ("key ci", ""),
        ("token other", ""),
    ):
        believed = keys.believed(charge(account, party))
        assert believed.party == Party("s", user)
        assert keys.of(believed)[-2:] == ("s", user)
