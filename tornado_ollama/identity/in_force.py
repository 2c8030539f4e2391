"""The credentials in force: those of the settings, of the token store, and what issuers sign.

Whenever one of the three changes there is a new authenticator.
"""

from __future__ import annotations

from collections.abc import Callable

from ..access.authenticator import Authenticator, build_authenticator
from ..access.stored import Stored
from ..config import Settings
from ..stores.database import Database
from .key_sets import Keys, KeySets
from .stored import StoreWatch
from .token_admin import TokenAdmin


class CredentialsInForce:
    """Makes the authenticator. To be made and used on the event loop."""

    def __init__(
        self, database: Database, settings: Settings, changed: Callable[[Authenticator], None]
    ) -> None:
        """Reads the token store; blocks. `changed` is called with a new authenticator when the
        store or an issuer has changed, but not by `take`. Raises StoreFailed."""
        self._changed = changed
        self._settings = settings
        self._store = StoreWatch(database, self._take_stored)
        self._key_sets = KeySets(self._take_keys)
        self.token_admin: TokenAdmin | None = None
        """None where no tokens are kept (`auth.token_store`)."""
        if settings.auth.token_store:
            self._store.read_at_start()
            self._store.start()
            self.token_admin = TokenAdmin(
                database, lambda: self._settings.auth.tokens, self._store.refresh
            )
        self._authenticator = self.take(settings)

    def take(self, settings: Settings) -> Authenticator:
        """The authenticator under these settings, which are in force from now on."""
        self._settings = settings
        self._key_sets.follow(settings.auth.issuers)
        self._authenticator = build_authenticator(
            settings.auth,
            self._in_force().anonymous_scopes(),
            stored=self._store.stored,
            issuers=self._key_sets.keys,
            ollama_keys=settings.auth.keys,
        )
        return self._authenticator

    async def refresh_keys(self, issuer: str) -> bool:
        """Fetches the keys of an issuer, unless that was done a moment ago; returns whether they
        have changed."""
        return await self._key_sets.refresh(issuer)

    async def close(self) -> None:
        await self._store.close()
        await self._key_sets.close()

    def _in_force(self) -> Settings:
        """The settings, with what is stored counted as configured."""
        any_token = self._store.stored.any_token
        return self._settings.with_stored_tokens() if any_token else self._settings

    def _take_stored(self, stored: Stored) -> None:
        scopes = self._in_force().anonymous_scopes()
        self._replace(self._authenticator.with_stored(stored, scopes))

    def _take_keys(self, keys: Keys) -> None:
        self._replace(self._authenticator.with_issuers(keys))

    def _replace(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._changed(authenticator)
