"""What Ollama is and has: its version, its models, what they can do, which are in memory.

Everybody who wants to know one of these asks here, and those who ask the same at the same time
share one question:

* Version and loaded models are kept for `KEPT_S`, also when Ollama did not tell, and one question
  runs on when its askers leave: anybody may ask for `/health`, as often as they like.
* Lists of models, and what one of them can do, are never kept. Whoever asks within `JOINED_S` of a
  question that is under way gets its answer as well, so an answer may have been asked for that much
  earlier, not more. While a request that changes the models goes through this gateway, and for
  questions from before its end, not even that: whoever has seen a pull end sees its model. The last
  asker who leaves closes the connection.

What was learned of one backend is never told of another. Nothing here knows credentials: answers
are Ollama's whole ones, and who may see what is for the askers to look at.
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
    """A model in memory."""

    name: str
    window: int | None
    """The context it was loaded with, in tokens; None where Ollama does not say."""


async def ask_version(
    client: UpstreamClient, upstream: Upstream, *, timeout: float, to_connect: float | None = None
) -> str | None:
    """The version of the Ollama at this place; None: something answers, but not as Ollama does.

    `timeout` in seconds for each phase, where `to_connect` does not say otherwise for the first.
    Raises UpstreamUnavailable, UpstreamTimeout and UpstreamBroken.
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
    """The catalogue of one Ollama. `ollama` is given with each question, because a reload makes a
    new one, while what is known stays."""

    def __init__(self) -> None:
        self.known_models = KnownModels()
        """What models can do, by their digest: that cannot become stale."""
        self._version = _Kept(_version)
        self._loaded = _Kept(_loaded)
        self._questions: dict[_Key, _Question] = {}
        self._changes = 0

    async def version(self, ollama: Ollama) -> str | None:
        """Whether Ollama is there; None: it is not, or what answers is no Ollama."""
        return await self._version.get(ollama)

    async def loaded(self, ollama: Ollama) -> tuple[LoadedModel, ...]:
        """The models in memory; none where that is not told."""
        return await self._loaded.get(ollama)

    def tags(
        self, ollama: Ollama, headers: Headers, *, timeout: float | None = None
    ) -> asyncio.Future[bytes]:
        """The reply of `/api/tags`. Raises what Ollama says instead, and what `Ollama.fetch` does;
        cancel to leave. `headers` are sent if the question is not yet under way; `timeout` as in
        `Ollama.fetch`."""
        return self._ask(ollama, "GET", LIST_PATH, None, headers, timeout)

    def show(
        self, ollama: Ollama, model: str, headers: Headers, *, timeout: float | None = None
    ) -> asyncio.Future[bytes]:
        """The reply of `/api/show` for a model, by the name Ollama knows; else as `tags`."""
        return self._ask(ollama, "POST", SHOW_PATH, show_body(model), headers, timeout)

    def changed_by(self, route: Route) -> AbstractContextManager[None]:
        """Around a request to a route: if it changes the models, then nobody who asks from its
        beginning on gets an answer that was asked for before its end."""
        return self._changing() if route.changes_models else _NO_CHANGE

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._changes += 1
        try:
            yield
        finally:
            self._changes -= 1
            self._questions.clear()

    def close(self) -> None:
        """Ends the questions that run on without an asker."""
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
    """One request under way, and all who wait for its answer."""

    def __init__(self, fetch: asyncio.Future[HTTPResponse], asked_at: float) -> None:
        self._asked_at = asked_at
        self._fetch = fetch
        self._waiting: set[asyncio.Future[bytes]] = set()
        fetch.add_done_callback(self._answer)

    def may_be_joined(self, now: float) -> bool:
        """It is still open, and not so old that its answer may be."""
        return not self._fetch.done() and now - self._asked_at <= JOINED_S

    def join(self) -> asyncio.Future[bytes]:
        """A future of the answer for one more; cancelled, it leaves the others alone."""
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
    """A fact that is asked for at most every `KEPT_S`, and again when the backend switches."""

    def __init__(self, ask: Callable[[Ollama], Coroutine[Any, Any, Fact]]) -> None:
        """`ask` raises nothing: not to be told is a fact, too."""
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


async def _loaded(ollama: Ollama) -> tuple[LoadedModel, ...]:
    try:
        response = await ollama.fetch("GET", "/api/ps", timeout=PROBE_TIMEOUT_S)
        if response.code != 200:
            return ()
        models = decode(PS, response.body).models or ()
    except GatewayError:
        return ()
    return tuple(LoadedModel(model.name, _window(model.context_length)) for model in models)


def _window(said: Any) -> int | None:
    return said if isinstance(said, int) and said > 0 else None
