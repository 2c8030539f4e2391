"""`upstream.catalogue`: those who ask the same share one question, and nobody sees a stale list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tornado_ollama.access.routes import find
from tornado_ollama.errors import UpstreamAnswer, UpstreamBroken, UpstreamTimeout
from tornado_ollama.upstream import catalogue as catalogue_module
from tornado_ollama.upstream.catalogue import Catalogue, LoadedModel, ask_version
from tornado_ollama.upstream.client import UpstreamClient
from tornado_ollama.upstream.ollama import Backend as Place
from tornado_ollama.upstream.ollama import Ollama, Timeouts

from ..backend import Backend, Exchange, Reply, Reset, StallBeforeHeaders, json_reply, load
from ..backend.ollama_like import ollama_like

pytestmark = pytest.mark.gen_test

PULL, SHOW = find("/api/pull"), find("/api/show")


@pytest.fixture
def ollama(client: UpstreamClient, backend: Backend) -> Ollama:
    return Ollama(client, Place(backend.url), Timeouts(5, 30, 30))


@pytest.fixture
def catalogue(client: UpstreamClient) -> Iterator[Catalogue]:
    catalogue = Catalogue()
    yield catalogue
    catalogue.close()


class Held:
    """Answers to `/api/tags` that leave when they are let go; each says which it is."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._gate = asyncio.Event()
        self._count = 0
        backend.on("/api/tags", self._answer)

    async def _answer(self, exchange: Exchange) -> None:
        self._count += 1
        number = self._count
        await self._gate.wait()
        await Reply(b"list %d" % number)(exchange)

    async def asked(self) -> Exchange:
        return await self._backend.next_request("/api/tags")

    def let_go(self) -> None:
        self._gate.set()


@pytest.fixture
def held(backend: Backend) -> Held:
    return Held(backend)


# -- lists -----------------------------------------------------------------------------------------


async def test_askers_of_the_same_time_share_one_question(
    catalogue: Catalogue, ollama: Ollama, held: Held, backend: Backend
) -> None:
    answers = [catalogue.tags(ollama, [("X-Number", str(number))]) for number in range(20)]
    await held.asked()
    held.let_go()
    assert set(await asyncio.gather(*answers)) == {b"list 1"}
    [asked] = backend.requests("/api/tags")
    assert asked.header("X-Number") == "0"


async def test_an_answer_is_not_kept(catalogue: Catalogue, ollama: Ollama, held: Held) -> None:
    held.let_go()
    assert await catalogue.tags(ollama, []) == b"list 1"
    assert await catalogue.tags(ollama, []) == b"list 2"


async def test_an_old_question_is_not_joined(
    catalogue: Catalogue, ollama: Ollama, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "JOINED_S", -1.0)  # any age is too old
    old = catalogue.tags(ollama, [])
    await held.asked()
    new = catalogue.tags(ollama, [])
    await held.asked()
    held.let_go()
    assert list(await asyncio.gather(old, new)) == [b"list 1", b"list 2"]


async def test_askers_of_other_patience_do_not_share(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    backend.on("/api/tags", StallBeforeHeaders())
    patient = catalogue.tags(ollama, [])
    with pytest.raises(UpstreamTimeout):
        await catalogue.tags(ollama, [], timeout=0.05)
    assert not patient.done()
    patient.cancel()


async def test_whoever_leaves_leaves_the_others_alone(
    catalogue: Catalogue, ollama: Ollama, held: Held
) -> None:
    leaving, staying = catalogue.tags(ollama, []), catalogue.tags(ollama, [])
    await held.asked()
    leaving.cancel()
    held.let_go()
    assert await staying == b"list 1"


async def test_the_last_to_leave_hangs_up(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    backend.on("/api/tags", StallBeforeHeaders())
    askers = [catalogue.tags(ollama, []) for _ in range(3)]
    exchange = await backend.next_request("/api/tags")
    for asker in askers:
        asker.cancel()
    await exchange.until_closed()


async def test_a_question_that_was_given_up_is_not_joined(
    catalogue: Catalogue, ollama: Ollama, held: Held
) -> None:
    leaving = catalogue.tags(ollama, [])
    await held.asked()
    leaving.cancel()
    await asyncio.sleep(0)  # the question is cancelled, and nobody has been told
    held.let_go()
    assert await catalogue.tags(ollama, []) == b"list 2"


async def test_what_ollama_says_instead_reaches_every_asker(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    backend.on("/api/tags", json_reply({"error": "out of order"}, 500))
    answers = [catalogue.tags(ollama, []) for _ in range(3)]
    for error in await asyncio.gather(*answers, return_exceptions=True):
        assert isinstance(error, UpstreamAnswer)
        assert (error.status, error.message) == (500, "out of order")
    backend.on("/api/tags", Reset())
    with pytest.raises(UpstreamBroken):
        await catalogue.tags(ollama, [])


async def test_a_model_is_asked_about_by_its_name(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    answers = await asyncio.gather(*(catalogue.show(ollama, name, []) for name in "aba"))
    assert answers == [load("show").body] * 3
    asked = [exchange.json()["model"] for exchange in backend.requests("/api/show")]
    assert sorted(asked) == ["a", "b"]


# -- changes ---------------------------------------------------------------------------------------


async def test_whoever_asks_after_a_pull_does_not_get_an_answer_from_before(
    catalogue: Catalogue, ollama: Ollama, held: Held
) -> None:
    before = catalogue.tags(ollama, [])
    await held.asked()
    with catalogue.changed_by(PULL):
        pass
    after = catalogue.tags(ollama, [])
    await held.asked()
    held.let_go()
    assert list(await asyncio.gather(before, after)) == [b"list 1", b"list 2"]


async def test_while_a_pull_is_under_way_everybody_asks_afresh(
    catalogue: Catalogue, ollama: Ollama, held: Held
) -> None:
    """Its client may know that it has ended before the gateway does."""
    answers = [catalogue.tags(ollama, [])]
    await held.asked()
    with catalogue.changed_by(PULL):
        for _ in range(2):
            answers.append(catalogue.tags(ollama, []))
            await held.asked()
    held.let_go()
    assert await asyncio.gather(*answers) == [b"list 1", b"list 2", b"list 3"]


async def test_a_route_that_changes_nothing_disturbs_nobody(
    catalogue: Catalogue, ollama: Ollama, held: Held
) -> None:
    answers = [catalogue.tags(ollama, [])]
    with catalogue.changed_by(SHOW):
        answers.append(catalogue.tags(ollama, []))
    held.let_go()
    assert await asyncio.gather(*answers) == [b"list 1", b"list 1"]


# -- version and loaded models ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", [None, Reset(), Reply(b"[]")], ids=["told", "cut", "nonsense"])
async def test_the_version_is_kept_also_when_it_was_not_told(
    catalogue: Catalogue, ollama: Ollama, backend: Backend, fault: Any
) -> None:
    if fault is not None:
        backend.on("/api/version", fault)
    told = [await catalogue.version(ollama) for _ in range(3)]
    assert told == [None if fault is not None else "0.32.15"] * 3
    assert len(backend.requests("/api/version")) == 1


async def test_what_is_too_old_is_asked_again(
    catalogue: Catalogue, ollama: Ollama, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "KEPT_S", -1.0)
    for _ in range(2):
        await catalogue.version(ollama)
    assert len(backend.requests("/api/version")) == 2


async def test_an_asker_who_leaves_does_not_end_the_question_that_is_kept(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    leaving = asyncio.ensure_future(catalogue.version(ollama))
    await backend.next_request("/api/version")
    leaving.cancel()
    assert await catalogue.version(ollama) == "0.32.15"
    assert len(backend.requests("/api/version")) == 1


async def test_nothing_is_told_of_another_backend(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    embedded = Backend(ollama_like)
    await embedded.start()
    embedded.on("/api/version", Reply(b'{"version":"other"}'))
    embedded.on("/api/tags", Reply(b"other"))
    backend.on("/api/tags", StallBeforeHeaders())
    assert await catalogue.version(ollama) == "0.32.15"
    listing = catalogue.tags(ollama, [])
    ollama.backend.use_embedded(embedded.url)
    assert await catalogue.version(ollama) == "other"
    assert await catalogue.tags(ollama, []) == b"other"
    ollama.backend.use_real()
    assert await catalogue.version(ollama) == "0.32.15"
    listing.cancel()
    await embedded.stop()


async def test_closing_ends_the_questions_that_nobody_waits_for(
    catalogue: Catalogue, ollama: Ollama, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "PROBE_TIMEOUT_S", 600.0)
    backend.on("/api/version", StallBeforeHeaders())
    asker = asyncio.ensure_future(catalogue.version(ollama))
    exchange = await backend.next_request("/api/version")
    asker.cancel()
    catalogue.close()
    await exchange.until_closed()


async def test_loaded_models_have_their_windows(
    catalogue: Catalogue, ollama: Ollama, backend: Backend
) -> None:
    odd: list[Any] = [0, -1, "x", 1.5, [], None]
    models = [{"name": "a", "context_length": 4096}, {"name": "b"}]
    models += [{"name": "c", "context_length": length} for length in odd]
    backend.on("/api/ps", json_reply({"models": models}))
    loaded = await catalogue.loaded(ollama)
    assert loaded == (LoadedModel("a", 4096), *(LoadedModel(name, None) for name in "bcccccc"))


async def test_the_recorded_loaded_models_are_read(catalogue: Catalogue, ollama: Ollama) -> None:
    loaded = await catalogue.loaded(ollama)
    assert loaded and all(model.name and model.window for model in loaded)


async def test_who_answers_otherwise_than_ollama_has_no_version(
    client: UpstreamClient, ollama: Ollama, backend: Backend
) -> None:
    where = ollama.backend.upstream
    assert await ask_version(client, where, timeout=5) == "0.32.15"
    backend.on("/api/version", Reply(b"hello"))
    assert await ask_version(client, where, timeout=5) is None
    backend.on("/api/version", StallBeforeHeaders())
    with pytest.raises(UpstreamTimeout):
        await ask_version(client, where, timeout=0.05)
