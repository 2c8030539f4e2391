"""The engine: runs llama.cpp with its one model, loads and unloads it, and shares it between
requests.

Owns the `xllamacpp.Server` object, which runs llama.cpp's threads and its own HTTP server on a
loopback port behind a random key; all work is requested through that server (`llama_http`), so
nothing here blocks the event loop. Counts the requests that use the model, applies `keep_alive`,
and runs only as many generations at once as there are slots; the others wait in order and can be
cancelled at any time.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .llama_http import LlamaClient
from .options import FOREVER
from .refusal import Refusal

SLOTS = 4
"""Generations that run at once; on two cores more of them would only be slower."""

CONTEXT = 8192
"""Tokens of each slot's context: all that the model was trained on, because agents' first prompts
have 2,000 and more. It takes 90 MB of memory for each 4096."""

BATCH = 512
"""Tokens of a prompt that are computed in one go. A prompt can only be abandoned between two, so
larger ones keep the cores busy for nobody; an embedding must fit into one."""

MOST_THREADS = 8
"""A model of this size gets no faster with more."""

QUEUE = 512
"""Requests that may wait for a slot, as `OLLAMA_MAX_QUEUE`."""

FIRST = {"prompt": "a", "n_predict": 0, "cache_prompt": False}
"""A request that costs next to nothing. llama.cpp loses an order to end that comes before its
queue runs, and then never ends; the answer to this one says that the queue runs."""

logger = logging.getLogger(__name__)


class LoadFailed(Exception):
    """llama.cpp could not load the model file."""


@dataclass(frozen=True, slots=True)
class Use:
    """The loaded model, as one request uses it."""

    llama: LlamaClient
    load_duration: int
    """Nanoseconds this request waited for the model."""


class Engine:
    def __init__(self, model: Path, threads: int | None = None) -> None:
        self._model = model
        self._threads, self._prompt_threads = threads_for(processors(), threads)
        self._server: Any = None
        self._llama: LlamaClient | None = None
        self._lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(SLOTS)
        self._waiting = 0
        self._users = 0
        self._keep_alive = FOREVER
        self._timer: asyncio.TimerHandle | None = None
        self._unloading: asyncio.Task[None] | None = None
        self.expires_at = FOREVER
        """Seconds since 1970 at which the idle model goes; infinite for never."""

    @property
    def loaded(self) -> bool:
        return self._llama is not None

    @asynccontextmanager
    async def use(self, keep_alive: float | None = None) -> AsyncIterator[Use]:
        """A context manager that gives the model, loads it first if needed, and keeps it loaded
        meanwhile. Afterwards it stays loaded for `keep_alive` seconds, or for ever. Raises
        `Refusal` when it cannot be loaded."""
        began = time.monotonic_ns()
        self._users += 1
        self._stop_timer()
        try:
            # Shielded: a client that leaves does not abort a load that others wait for.
            llama = await asyncio.shield(self._load())
            yield Use(llama, time.monotonic_ns() - began)
        except LoadFailed as failure:
            raise Refusal(500, str(failure)) from None
        finally:
            self._users -= 1
            self._expire(keep_alive)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A context manager that waits for a slot, the right to run a generation, and holds it.
        Raises a 503 `Refusal` when the queue is full."""
        if self._waiting >= QUEUE:
            raise Refusal(503, "server busy, please try again.  maximum pending requests exceeded")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def unload(self) -> None:
        """Frees the model's memory as soon as no request uses the model."""
        self._expire(0)

    async def close(self) -> None:
        self._stop_timer()
        if self._unloading is not None:
            await self._unloading
        async with self._lock:
            await self._drop()

    def _expire(self, keep_alive: float | None) -> None:
        self._keep_alive = FOREVER if keep_alive is None else keep_alive
        self._stop_timer()
        self.expires_at = time.time() + self._keep_alive
        if self._users == 0 and self._keep_alive < FOREVER:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._keep_alive, self._begin_unloading)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin_unloading(self) -> None:
        self._timer = None
        self._unloading = asyncio.ensure_future(self._unload_if_idle())

    async def _unload_if_idle(self) -> None:
        async with self._lock:
            if self._users == 0:
                await self._drop()

    async def _load(self) -> LlamaClient:
        async with self._lock:
            if self._llama is not None:
                return self._llama
            began = time.monotonic()
            self._server, llama = await asyncio.to_thread(self._start)
            await llama.post("/completion", FIRST)
            self._llama = llama
            logger.info("model loaded in %.1f s", time.monotonic() - began)
            return llama

    async def _drop(self) -> None:
        if self._server is not None:
            held = [self._server]
            self._server = self._llama = None
            # The last reference ends llama.cpp and joins its threads: not on the event loop.
            await asyncio.to_thread(held.clear)
            logger.info("model unloaded")

    def _start(self) -> tuple[Any, LlamaClient]:
        xllamacpp = importlib.import_module("xllamacpp")
        key = secrets.token_urlsafe(32)
        params = xllamacpp.CommonParams()
        params.model.path = str(self._model)
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [key]
        params.cors_origins = ""
        params.ui = False
        params.n_parallel = SLOTS
        params.n_ctx = SLOTS * CONTEXT
        params.n_batch = params.n_ubatch = BATCH
        params.cpuparams.n_threads = self._threads
        params.cpuparams_batch.n_threads = self._prompt_threads
        params.fit_params = False
        # By default 8 GiB of old contexts would be kept.
        params.cache_ram_mib = 0
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        params.verbosity = 3 if logger.isEnabledFor(logging.DEBUG) else -1
        try:
            server = xllamacpp.Server(params)
        except RuntimeError:
            raise LoadFailed(f"llama.cpp cannot load {self._model.name}") from None
        return server, LlamaClient(server.listening_address, key)


def threads_for(processors: int, wanted: int | None = None) -> tuple[int, int]:
    """The numbers of threads that write tokens and that read prompts.

    Writing waits for its slowest thread at every layer of every token: with a thread on each of two
    processors it is a quarter faster while they are idle (141 tokens a second against 110,
    measured), but seven times slower while something else, as the gateway, is busy (12 against 77).
    So half of them write. Reading a prompt waits rarely, and all of them do it.
    """
    if wanted is not None:
        return wanted, wanted
    most = min(processors, MOST_THREADS)
    return max(most // 2, 1), most


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
