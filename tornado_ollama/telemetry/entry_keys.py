"""Whom an entry of the accounts belongs to: the day, the credential, the model, the conversation
and the person, each of them bounded as labels are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from ..dispatch.journal import Charge
from ..stores.usage import Key
from ..wire.parties import Party
from .labels import Labels, Parties

DAY_S = 86400

MAX_KNOWN = 4096
"""Keys that are remembered; what they are made of takes longer to find than to count."""


class EntryKeys:
    """The keys of entries of one process."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._trusted: frozenset[str] = frozenset()
        self._parties = Parties()
        self._known: dict[tuple[str, str, str | None, Party], Key] = {}
        self._day = ""
        self._day_begins_at = self._day_ends_at = 0.0

    def apply(self, trusted: Iterable[str]) -> None:
        """`trusted`: names of the tokens that are believed which person they act for."""
        self._trusted = frozenset(f"token {name}" for name in trusted)

    def believed(self, charge: Charge) -> Charge:
        """A charge without the person, where that was named by who is not trusted with it."""
        if not charge.party.user or charge.account in self._trusted:
            return charge
        return replace(charge, party=charge.party._replace(user=""))

    def of(self, charge: Charge) -> Key:
        """The key of the entry of a charge; charges come in the order of their times."""
        if not self._day_begins_at <= charge.at < self._day_ends_at:  # clocks are set back, too
            self._turn_day(charge.at)
        asked = charge.account, charge.credential, charge.usage.model, charge.party
        key = self._known.get(asked)
        if key is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            key = self._known[asked] = self._made(charge)
        return key

    def _made(self, charge: Charge) -> Key:
        account, credential = charge.account, charge.credential
        return (
            self._day,
            account,
            credential,
            self._labels.pair(credential, charge.usage.model)[1],
            self._parties.label(account, "session", charge.party.session),
            self._parties.label(account, "user", charge.party.user),
        )

    def _turn_day(self, at: float) -> None:
        number = int(at // DAY_S)
        self._day_begins_at, self._day_ends_at = number * DAY_S, (number + 1) * DAY_S
        self._day = datetime.fromtimestamp(number * DAY_S, UTC).strftime("%Y-%m-%d")
        self._parties.clear()
        self._known.clear()
