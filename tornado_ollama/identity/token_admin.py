"""Creates, lists, revokes and rotates the tokens of the token store, for the command line and for
`/admin/tokens`.

The text of a token leaves this module once, as the result that made it; what is stored is its
SHA-256.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..access.fingerprint import Fingerprint, digest
from ..access.jwt import MAX_TOKEN_CHARS
from ..access.principal import Scope
from ..access.token_text import RANDOM_BYTES, token_text
from ..access.tokens import StaticToken
from ..config.token_form import WrongField, checked_form, checked_name
from ..errors import BadRequest, Conflict, NotFound
from ..stores import tokens as store
from ..stores.database import Database
from ..stores.tokens import RevocationKind, TokenRow

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~@+:-]*", re.ASCII)
"""A name that stands in a path as it is written (`/admin/tokens/NAME`), and is no flag on a command
line."""


MAX_REVOKED_CHARS = MAX_TOKEN_CHARS
"""Of a `jti`, `sub` or `key` that is revoked: no token holds a longer one."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that has just been made."""

    text: str = field(repr=False)
    row: TokenRow


class TokenAdmin:
    """All methods raise StoreFailed."""

    def __init__(
        self,
        database: Database,
        configured: Callable[[], Iterable[StaticToken]],
        changed: Callable[[], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`configured`: the tokens of the configuration, whose names are taken. `changed`: awaited
        after each change, so that it is in force when the method returns."""
        self._database = database
        self._configured = configured
        self._changed = changed
        self._clock = clock

    async def create(
        self, name: object, scopes: Iterable[Scope], form: Mapping[str, Any]
    ) -> NewToken:
        """Makes a token with the restrictions of `form`, as a token entry has them. Raises
        BadRequest for a wrong field, and Conflict for a name that is taken."""
        text = token_text(secrets.token_bytes(RANDOM_BYTES))
        words = tuple(sorted({scope.value for scope in scopes}))
        if not words:
            raise BadRequest("A token needs a scope: generate, manage or both.", param="scopes")
        now = self._clock()
        try:
            row = TokenRow(_addressable(name), digest(text), words, checked_form(form), now)
            if row.form.get("expires", now + 1) <= now:
                raise WrongField("expires", "a time that is still to come")
        except WrongField as error:
            where = error.field or "the token"
            raise BadRequest(f"{where} must be {error}.", param=error.field or None) from None
        taken = any(token.name == row.name for token in self._configured())
        if taken or not await self._database.run(lambda connection: store.insert(connection, row)):
            raise Conflict(
                f"There is a token named {row.name}; revoke or rotate it, or name this "
                "one otherwise.",
                param="name",
            )
        await self._changed()
        return NewToken(text, row)

    async def rotate(self, name: str, grace_s: float = 0.0) -> NewToken:
        """Gives a name a new token with the same rights. The old one is valid for `grace_s` seconds
        more. Raises NotFound where no stored token has the name, and Conflict where it has
        expired: the new one would have as well."""
        text, now = token_text(secrets.token_bytes(RANDOM_BYTES)), self._clock()
        old = await self._database.read(lambda connection: store.find(connection, name))
        if old is not None and _status(old, now) == "expired":
            raise Conflict(f"The token {name} has expired; create a new one of this name.")
        row = await self._database.run(
            lambda connection: store.rotate(connection, name, digest(text), now, now + grace_s)
        )
        if row is None:
            raise self._unknown(name)
        await self._changed()
        return NewToken(text, row)

    async def revoke(self, name: str) -> None:
        """Revokes a token by its name: a stored one for ever, one of the configuration as long as
        it is not another text there. Raises NotFound where there is none."""
        now = self._clock()
        configured = [token for token in self._configured() if token.name == name]
        found = bool(configured)
        if configured:
            await self.add_revocation("credential", configured[0].sha256.hex())
        found |= await self._database.run(lambda connection: store.revoke(connection, name, now))
        if not found:
            raise self._unknown(name)
        await self._changed()

    async def add_revocation(self, kind: RevocationKind, value: str) -> None:
        """Revokes JWTs or a key; see `access.stored.Revocations`. Raises BadRequest for an empty
        value, and for one that is longer than any token."""
        if not 0 < len(value) <= MAX_REVOKED_CHARS:
            raise BadRequest(
                f"What is revoked must have 1 to {MAX_REVOKED_CHARS} characters.", param=kind
            )
        now = self._clock()
        await self._database.run(
            lambda connection: store.add_revocation(connection, kind, value, now)
        )
        await self._changed()

    async def remove_revocation(self, kind: RevocationKind, value: str) -> bool:
        """Makes what was revoked valid again; returns whether it was revoked."""
        found = await self._database.run(
            lambda connection: store.remove_revocation(connection, kind, value)
        )
        await self._changed()
        return found

    async def listed(self) -> list[dict[str, Any]]:
        """All tokens, for people and programs: those of the configuration, then the stored ones."""
        now = self._clock()
        rows = await self._database.read(store.listed) or []
        revoked = await self._database.read(store.revocations) or []
        credentials = {value for kind, value, _ in revoked if kind == "credential"}
        configured = [_of_configuration(token, credentials, now) for token in self._configured()]
        return [*configured, *(shown(row, now) for row in rows)]

    async def revocations(self) -> list[dict[str, Any]]:
        """The revocations of JWTs and keys."""
        found = await self._database.read(store.revocations) or []
        return [
            {"kind": kind, "value": value, "revoked": revoked}
            for kind, value, revoked in found
            if kind != "credential"
        ]

    def _unknown(self, name: str) -> NotFound:
        configured = any(token.name == name for token in self._configured())
        where = "; it is one of the configuration" if configured else ""
        return NotFound(f"There is no stored token named {name[:64]!a}{where}.")


def _addressable(name: object) -> str:
    """The name of a new token. Raises WrongField."""
    text = checked_name(name)
    if not _NAME.fullmatch(text):
        raise WrongField("name", "letters, digits and - . _ ~ @ + :, the first a letter or a digit")
    return text


def shown(row: TokenRow, now: float) -> dict[str, Any]:
    """A stored token as `/admin/tokens` shows it."""
    return {
        "name": row.name,
        "source": "store",
        "status": _status(row, now),
        "fingerprint": str(Fingerprint(row.sha256)),
        "scopes": list(row.scopes),
        **row.form,
        "created": row.created,
        **({} if row.revoked is None else {"revoked": row.revoked}),
    }


def _status(row: TokenRow, now: float) -> str:
    if row.revoked is not None:
        return "revoked"
    expires = row.form.get("expires")
    if expires is not None and now >= expires:
        return "expired" if row.replaced is None else "replaced"
    return "valid" if row.replaced is None else "being replaced"


def _of_configuration(token: StaticToken, revoked: set[str], now: float) -> dict[str, Any]:
    expired = token.expires is not None and now >= token.expires
    status = "expired" if expired else "valid"
    form: dict[str, Any] = {"models": token.models, "expires": token.expires}
    return {
        "name": token.name,
        "source": "configuration",
        "status": "revoked" if token.sha256.hex() in revoked else status,
        "fingerprint": str(Fingerprint(token.sha256)),
        "scopes": sorted(token.scopes),
        **{name: value for name, value in form.items() if value is not None},
        **({"path": True} if token.in_path else {}),
    }
