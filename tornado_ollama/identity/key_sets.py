"""Fetches the keys that issuers of JWTs publish, and keeps the last good set of each.

Nothing waits for an issuer but a request whose token names a key that is not known: for one fetch,
which all such requests share, and which happens at most every MIN_INTERVAL_S seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from ..access.issuers import WELL_KNOWN, BadDocument, Issuer, jwks_url, published_keys
from ..access.jwt_keys import JwtKey
from ..fetching import fetched, fetching_client

log = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024
"""Of a document; a set of ten RSA keys with certificates has 20 kB."""

TOTAL_S = 5.0
"""For one document, from the first to the last byte."""

REFRESH_S = 900.0
"""Between two looks at an issuer that nobody asked for: a key that it withdraws is refused then."""

RETRY_S = 15.0
"""The same while an issuer fails."""

MIN_INTERVAL_S = 30.0
"""Between two fetches for the sake of unknown keys, which anybody can make up."""

Keys = Mapping[str, tuple[JwtKey, ...]]


class KeySets:
    """The keys of all issuers of the configuration."""

    def __init__(
        self, changed: Callable[[Keys], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`changed` is called with all keys when those of an issuer are others."""
        self._changed = changed
        self._clock = clock
        self._sets: dict[str, _KeySet] = {}

    @property
    def keys(self) -> Keys:
        return {name: key_set.keys for name, key_set in self._sets.items()}

    def follow(self, issuers: Iterable[Issuer]) -> None:
        """Follows these issuers from now on, and no others. One whose rules have not changed keeps
        its keys. To be called on the event loop."""
        old, self._sets = self._sets, {}
        for issuer in issuers:
            known = old.pop(issuer.issuer, None)
            if known is not None and known.issuer == issuer:
                self._sets[issuer.issuer] = known
                continue
            self._sets[issuer.issuer] = _KeySet(issuer, self._tell, self._clock)
            if known is not None:
                self._sets[issuer.issuer].take_over(known)
                known.stop()
        for gone in old.values():
            gone.stop()

    async def refresh(self, issuer: str) -> bool:
        """Fetches the keys of an issuer, unless that was done a moment ago. Returns whether they
        are others afterwards than when this was called."""
        key_set = self._sets.get(issuer)
        return key_set is not None and await key_set.refresh()

    async def close(self) -> None:
        tasks = [task for key_set in self._sets.values() for task in key_set.stop()]
        if tasks:
            await asyncio.wait(tasks)

    def _tell(self) -> None:
        self._changed(self.keys)


class _KeySet:
    """The keys of one issuer, and the task that fetches them now and then."""

    def __init__(
        self, issuer: Issuer, changed: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self.issuer = issuer
        self.keys: tuple[JwtKey, ...] = ()
        self._document: bytes | None = None
        self._changed = changed
        self._clock = clock
        self._failing = False
        self._tried_at: float | None = None
        self._fetch: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._follow())

    def take_over(self, old: _KeySet) -> None:
        """Takes over the document of a set whose issuer is the same, under other rules, so that
        what this issuer has signed stays valid."""
        self._document = old._document
        if self._document is not None:
            with contextlib.suppress(BadDocument):
                self.keys = published_keys(self._document, self.issuer)

    def stop(self) -> list[asyncio.Task[None]]:
        """Cancels what runs; returns the tasks, to be awaited."""
        tasks = [task for task in (self._task, self._fetch) if task is not None]
        for task in tasks:
            task.cancel()
        return tasks

    async def refresh(self) -> bool:
        before = self.keys
        if self._fetch is None:
            if self._tried_at is not None and self._clock() < self._tried_at + MIN_INTERVAL_S:
                return False
            self._begin()
        assert self._fetch is not None
        await asyncio.wait({self._fetch})  # a client that leaves does not end it for the others
        return self.keys != before

    async def _follow(self) -> None:
        while True:
            if self._fetch is None:
                self._begin()
            assert self._fetch is not None
            await asyncio.wait({self._fetch})
            await asyncio.sleep(RETRY_S if self._failing else REFRESH_S)

    def _begin(self) -> None:
        self._fetch = asyncio.create_task(self._fetch_keys())

    async def _fetch_keys(self) -> None:
        try:
            keys = await self._published()
        except Exception as error:  # whatever a strange server can do to Tornado's client
            self._failed(error)
        else:
            if self._failing or not self.keys:
                log.info("%s publishes %d keys for JWTs.", self.issuer.issuer, len(keys))
            self._failing = False
            if keys != self.keys:
                self.keys = keys
                self._changed()
        finally:
            self._tried_at = self._clock()
            self._fetch = None

    async def _published(self) -> tuple[JwtKey, ...]:
        issuer = self.issuer
        client = fetching_client(MAX_BYTES, private_addresses=issuer.private_addresses)
        try:
            url = issuer.jwks_url
            if issuer.discovery is not None:
                described = issuer.discovery.rstrip("/") + WELL_KNOWN
                response = await fetched(
                    client, described, accept="application/json", total_s=TOTAL_S
                )
                url = jwks_url(response.body, issuer)
            assert url is not None
            response = await fetched(client, url, accept="application/json", total_s=TOTAL_S)
            keys = published_keys(response.body, issuer)
            self._document = response.body
            return keys
        finally:
            client.close()

    def _failed(self, error: Exception) -> None:
        why = str(error) if isinstance(error, BadDocument) else f"{type(error).__name__}: {error}"
        if not self._failing:
            kept = "the keys known so far stay in force" if self.keys else "its JWTs are refused"
            log.warning(
                "The keys of %s cannot be had (%s); %s.", self.issuer.issuer, why[:200], kept
            )
        self._failing = True
