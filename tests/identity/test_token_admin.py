"""The token store: what becomes of names, times and forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.access.fingerprint import Fingerprint, digest
from tornado_ollama.access.principal import Scope
from tornado_ollama.access.tokens import StaticToken
from tornado_ollama.errors import BadRequest, Conflict, NotFound
from tornado_ollama.identity.stored import read_store
from tornado_ollama.identity.token_admin import TokenAdmin
from tornado_ollama.stores.database import Database

pytestmark = pytest.mark.gen_test

GENERATE = (Scope.GENERATE,)
CONFIGURED = StaticToken("fixed", digest("fixed-token"), frozenset(GENERATE))


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Told:
    times = 0

    async def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path) as database:
        yield database


@pytest.fixture
def admin(database: Database, clock: Clock, told: Told) -> TokenAdmin:
    return TokenAdmin(database, lambda: [CONFIGURED], told, clock)


async def valid(database: Database, text: str, now: float) -> bool:
    found = await database.read(read_store)
    assert found is not None
    return found[1].tokens.find(Fingerprint.of(text), now) is not None


async def test_a_new_token_is_what_was_asked_for(
    admin: TokenAdmin, database: Database, clock: Clock, told: Told
) -> None:
    form = {"models": ["l*"], "expires": "2030-01-31T12:00:00Z", "path": True}
    made = await admin.create("a", [Scope.MANAGE, Scope.GENERATE], form)
    found = await database.read(read_store)
    assert found is not None and told.times == 1
    who = found[1].tokens.find(Fingerprint.of(made.text), clock.now, in_path=True)
    assert who is not None
    assert (who.name, who.scopes, who.models) == ("a", frozenset(Scope), ("l*",))
    assert who.expires == 1896091200.0
    assert made.text not in repr(made) and made.text.encode() not in database.path.read_bytes()


@pytest.mark.parametrize(
    ("name", "form", "param"),
    [
        ("", {}, "name"),
        ("a b", {}, "name"),
        ("a\n", {}, "name"),
        (7, {}, "name"),
        ("x" * 65, {}, "name"),
        *((name, {}, "name") for name in ("a/b", "..", "é", "%41", "--json", "=1+1", "a?b")),
        ("a", {"expires": Clock.now}, "expires"),
        ("a", {"expires": "1970-01-02"}, "expires"),
        ("a", {"models": "l*"}, "models"),
        ("a", {"models": [""]}, "models"),
        ("a", {"expires": "soon"}, "expires"),
        ("a", {"expires": -1}, "expires"),
        ("a", {"path": 1}, "path"),
        ("a", {"token": "my-own"}, None),
        ("a", {"sha256": "0" * 64}, None),
        ("a", {"name": "b"}, None),
        ("a", {"scope": "manage"}, None),
    ],
)
async def test_a_wrong_form_is_refused(
    admin: TokenAdmin, told: Told, name: Any, form: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(BadRequest) as caught:
        await admin.create(name, GENERATE, form)
    assert caught.value.param == param and not told.times
    assert [token["name"] for token in await admin.listed()] == ["fixed"]


async def test_a_token_without_a_scope_is_refused(admin: TokenAdmin) -> None:
    with pytest.raises(BadRequest, match="needs a scope"):
        await admin.create("a", [], {})


async def test_a_name_is_free_again_when_its_token_is_none(
    admin: TokenAdmin, database: Database, clock: Clock
) -> None:
    first = await admin.create("a", GENERATE, {"expires": clock.now + 10})
    for name in ("a", "fixed"):
        with pytest.raises(Conflict):
            await admin.create(name, GENERATE, {})
    clock.now += 10
    second = await admin.create("a", GENERATE, {})
    assert not await valid(database, first.text, clock.now)
    await admin.revoke("a")
    third = await admin.create("a", GENERATE, {})
    assert not await valid(database, second.text, clock.now)
    assert await valid(database, third.text, clock.now)


@pytest.mark.parametrize(("expires", "grace", "lasts"), [(None, 60, 60), (30, 60, 30), (90, 0, 0)])
async def test_an_old_token_is_valid_for_a_while_after_a_rotation(
    admin: TokenAdmin,
    database: Database,
    clock: Clock,
    expires: float | None,
    grace: float,
    lasts: float,
) -> None:
    form = {} if expires is None else {"expires": clock.now + expires}
    old = await admin.create("a", GENERATE, form)
    new = await admin.rotate("a", grace)
    assert new.row.form == form
    for after, expected in ((lasts - 1, True), (lasts, False)):
        if after >= 0:
            assert await valid(database, old.text, clock.now + after) == expected
    assert await valid(database, new.text, clock.now)


async def test_a_revocation_reaches_a_token_that_is_being_replaced(
    admin: TokenAdmin, database: Database, clock: Clock
) -> None:
    old = await admin.create("a", GENERATE, {})
    new = await admin.rotate("a", 60)
    await admin.revoke("a")
    assert not await valid(database, old.text, clock.now)
    assert not await valid(database, new.text, clock.now)


@pytest.mark.parametrize("name", ["nobody", "", "a\n" * 100])
async def test_what_is_not_there_is_not_found(admin: TokenAdmin, name: str) -> None:
    for work in (admin.revoke(name), admin.rotate(name)):
        with pytest.raises(NotFound):
            await work


async def test_an_expired_token_is_not_rotated(admin: TokenAdmin, clock: Clock) -> None:
    await admin.create("a", GENERATE, {"expires": clock.now + 10})
    clock.now += 10
    with pytest.raises(Conflict, match="create a new one"):
        await admin.rotate("a", 60)
    await admin.create("a", GENERATE, {})


async def test_a_token_of_the_configuration_is_revoked_but_not_rotated(
    admin: TokenAdmin, database: Database
) -> None:
    with pytest.raises(NotFound, match="it is one of the configuration"):
        await admin.rotate("fixed")
    await admin.revoke("fixed")
    found = await database.read(read_store)
    assert found is not None
    assert found[1].revocations.credentials == {CONFIGURED.sha256}
    assert [token["status"] for token in await admin.listed()] == ["revoked"]


async def test_the_list_says_how_each_token_stands(admin: TokenAdmin, clock: Clock) -> None:
    for name in ("gone", "late", "old", "good"):
        await admin.create(name, GENERATE, {"expires": clock.now + 5} if name == "late" else {})
    await admin.revoke("gone")
    await admin.rotate("old", 60)
    clock.now += 10
    found = await admin.listed()
    assert [(token["name"], token["status"]) for token in found] == [
        ("fixed", "valid"),
        ("gone", "revoked"),
        ("late", "expired"),
        ("old", "being replaced"),
        ("good", "valid"),
        ("old", "valid"),
    ]
    json.dumps(found)


async def test_a_form_that_this_version_does_not_know_is_not_used(
    admin: TokenAdmin, database: Database, clock: Clock, expect_log: Any
) -> None:
    made = await admin.create("a", GENERATE, {})
    await database.run(
        lambda connection: connection.execute("""UPDATE tokens SET form = '{"only": "mondays"}'""")
    )
    assert not await valid(database, made.text, clock.now)
    expect_log("tornado_ollama.identity", "The stored token a is not used")
