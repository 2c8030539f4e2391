"""What Ollama has: its version, its models, what they can do, and which are in memory.

All code that needs one of these asks here, and equal questions at the same time share one request:

* Version and loaded models are cached for `KEPT_S` seconds, also when Ollama did not answer, and
  the request runs on when those who wait for it leave: `/health` may be asked as often as clients
  like.
* Lists of models, and what one of them can do, are never cached. A question within `JOINED_S`
  seconds of one that is in flight shares its answer, which may therefore be older by that much, not
  more. While a request that changes the models passes this gateway, such sharing is off, and
  answers requested before its end are not used: after a pull has ended, its model is in every list.
  When the last one who waits leaves, the request is cancelled.

Facts about one backend are never given for another. Nothing here knows credentials: answers are
Ollama's whole ones, and callers filter what a principal may see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from tornado.httpclient import HTTPResponse

from ..access.routes import Route
from ..errors import GatewayError
from ..wire.default_model import KnownModels
from ..wire.headers import Headers
from ..wire.native import LIST_PATH, PS, SHOW_PATH, decode, ollama_version, show_body
from ..wire.ollama_errors import native_error
from ..wire.target import Upstream
from .client import UpstreamClient
from .ollama import Ollama
from .request import UpstreamRequest
from .thoughtless import Thoughtless

KEPT_S = 2.0
JOINED_S = 1.0

PROBE_TIMEOUT_S = 2.0
"""How long Ollama may take to say its version, or which models are in memory."""

_NO_CHANGE = nullcontext()
"""Of nearly every request, so it is made once."""


Fact = TypeVar("Fact")

_Key = tuple[str, str, bytes | None, float | None]
"""What makes two questions the same: the place, the path, the body and the timeout."""


class LoadedModel(NamedTuple):
    """A model that Ollama holds in memory."""

    name: str
    window: int | None
    """The context it was loaded with, in tokens; None where Ollama does not say."""


async def ask_version(
    client: UpstreamClient, upstream: Upstream, *, timeout: float, to_connect: float | None = None
) -> str | None:
    """Asks the server at this address for Ollama's version. Returns None where something answers
    that is not Ollama.

    `timeout` in seconds for each phase; `to_connect`, if given, for connecting instead. Raises
    UpstreamUnavailable, UpstreamTimeout and UpstreamBroken.
    """
    response = await client.fetch(
        UpstreamRequest(
            upstream.url("/api/version"),
            connect_timeout=timeout if to_connect is None else to_connect,
            first_byte_timeout=timeout,
            idle_timeout=timeout,
        ),
        raise_error=False,
    )
    return ollama_version(response.code, response.body)


class Catalogue:
    """Answers questions about one Ollama. `ollama` is an argument of each, because a reload makes a
    new one, while the cached facts stay."""

    def __init__(self) -> None:
        self.known_models = KnownModels()
        """What models can do, by their digest: that cannot become stale."""
        self.thoughtless = Thoughtless()
        self._version = _Kept(_version)
        self._loaded = _Kept(_loaded)
        self._questions: dict[_Key, _Question] = {}
        self._changes = 0

    async def version(self, ollama: Ollama) -> str | None:
        """Ollama's version; None when it cannot be reached, or when what answers is not Ollama."""
        return await self._version.get(ollama)

    async def loaded(self, ollama: Ollama) -> tuple[LoadedModel, ...] | None:
        """The models in memory; None where Ollama does not answer."""
        return await self._loaded.get(ollama)

    def tags(
        self, ollama: Ollama, headers: Headers, *, timeout: float | None = None
    ) -> asyncio.Future[bytes]:
        """Returns the reply of `/api/tags`. Raises the error that Ollama answered with, and what
        `Ollama.fetch` raises; cancel to leave.

        `headers` are sent unless the answer of a request in flight is shared; `timeout` as in
        `Ollama.fetch`.
        """
        return self._ask(ollama, "GET", LIST_PATH, None, headers, timeout)

    def show(
        self, ollama: Ollama, model: str, headers: Headers, *, timeout: float | None = None
    ) -> asyncio.Future[bytes]:
        """Returns the reply of `/api/show` for a model, by the name Ollama knows. Cancelling the
        future gives the question up. Raises the same errors as `tags`."""
        return self._ask(ollama, "POST", SHOW_PATH, show_body(model), headers, timeout)

    def changed_by(self, route: Route) -> AbstractContextManager[None]:
        """A context manager around a request to a route. If the request changes the models, no
        question from its beginning on gets an answer that was requested before its end."""
        return self._changing() if route.changes_models else _NO_CHANGE

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._changes += 1
        try:
            yield
        finally:
            self._changes -= 1
            self._questions.clear()
            self.thoughtless.forget()

    def close(self) -> None:
        """Cancels the requests that run on although nobody waits for them."""
        self._version.close()
        self._loaded.close()

    def _ask(
        self,
        ollama: Ollama,
        method: str,
        path: str,
        body: bytes | None,
        headers: Headers,
        timeout: float | None,
    ) -> asyncio.Future[bytes]:
        now = asyncio.get_running_loop().time()
        key: _Key = (ollama.backend.upstream.base_url, path, body, timeout)
        question = None if self._changes else self._questions.get(key)
        if question is None or not question.may_be_joined(now):
            fetch = ollama.fetch(
                method,
                path,
                headers=headers,
                body=body,
                whole_reply=path == SHOW_PATH and timeout is None,
                replayable=True,
                timeout=timeout,
            )
            question = _Question(fetch, now)
            if not self._changes:
                self._questions[key] = question
                fetch.add_done_callback(partial(self._forget, key, question))
        return question.join()

    def _forget(self, key: _Key, question: _Question, _: asyncio.Future[HTTPResponse]) -> None:
        if self._questions.get(key) is question:
            del self._questions[key]


class _Question:
    """One request in flight, and all callers that wait for its answer."""

    def __init__(self, fetch: asyncio.Future[HTTPResponse], asked_at: float) -> None:
        self._asked_at = asked_at
        self._fetch = fetch
        self._waiting: set[asyncio.Future[bytes]] = set()
        fetch.add_done_callback(self._answer)

    def may_be_joined(self, now: float) -> bool:
        """Whether another caller may share the answer: the request is in flight and recent
        enough."""
        return not self._fetch.done() and now - self._asked_at <= JOINED_S

    def join(self) -> asyncio.Future[bytes]:
        """A future of the answer for one more caller. Cancelling it does not affect the other
        callers."""
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        waiter.add_done_callback(self._leave)
        return waiter

    def _leave(self, waiter: asyncio.Future[bytes]) -> None:
        self._waiting.discard(waiter)
        if not self._waiting:
            self._fetch.cancel()

    def _answer(self, fetch: asyncio.Future[HTTPResponse]) -> None:
        waiting = [waiter for waiter in self._waiting if not waiter.done()]
        if fetch.cancelled():
            for waiter in waiting:
                waiter.cancel()
            return
        error = fetch.exception()
        if error is None:
            response = fetch.result()
            if response.code == 200:
                for waiter in waiting:
                    waiter.set_result(response.body)
                return
            error = native_error(response.code, response.body)
        for waiter in waiting:
            waiter.set_exception(error)


class _Kept(Generic[Fact]):
    """A cached fact, requested at most every `KEPT_S` seconds, and again when the backend
    switches."""

    def __init__(self, ask: Callable[[Ollama], Coroutine[Any, Any, Fact]]) -> None:
        """`ask` must not raise: an unanswered question is cached as well."""
        self._ask = ask
        self._asking: asyncio.Task[Fact] | None = None
        self._tasks: set[asyncio.Task[Fact]] = set()
        self._where = ""
        self._asked_at = 0.0

    def get(self, ollama: Ollama) -> Awaitable[Fact]:
        now = asyncio.get_running_loop().time()
        where = ollama.backend.upstream.base_url
        if (
            self._asking is None
            or where != self._where
            or (self._asking.done() and now - self._asked_at > KEPT_S)
        ):
            self._where, self._asked_at = where, now
            self._asking = asyncio.create_task(self._ask(ollama))
            self._tasks.add(self._asking)
            self._asking.add_done_callback(self._tasks.discard)
        return asyncio.shield(self._asking)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _version(ollama: Ollama) -> str | None:
    try:
        return await ask_version(ollama.client, ollama.backend.upstream, timeout=PROBE_TIMEOUT_S)
    except GatewayError:
        return None


async def _loaded(ollama: Ollama) -> tuple[LoadedModel, ...] | None:
    try:
        response = await ollama.fetch("GET", "/api/ps", timeout=PROBE_TIMEOUT_S)
        if response.code != 200:
            return None
        models = decode(PS, response.body).models or ()
    except GatewayError:
        return None
    return tuple(LoadedModel(model.name, _window(model.context_length)) for model in models)


def _window(said: Any) -> int | None:
    return said if isinstance(said, int) and said > 0 else None
