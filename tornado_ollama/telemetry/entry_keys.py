"""Whom an entry of the accounts belongs to: the day, the credential, the model, the conversation
and the person, each of them bounded as labels are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ..access.principal import Principal
from ..dispatch.journal import Charge
from ..stores.usage import Key
from ..wire.parties import Party
from .labels import Labels, Parties

DAY_S = 86400

MAX_KNOWN = 4096
"""Keys that are remembered; what they are made of takes longer to find than to count."""

ANONYMOUS = "anonymous"


class EntryKeys:
    """The keys of entries of one process."""

    def __init__(self, labels: Labels, now: Callable[[], float]) -> None:
        """`now`: the Unix time."""
        self._labels = labels
        self._now = now
        self._trusted: frozenset[str] = frozenset()
        self._parties = Parties()
        self._known: dict[tuple[str, str | None, Party], Key] = {}
        self._day = ""
        self._day_begins_at = self._day_ends_at = 0.0

    def apply(self, trusted: Iterable[str]) -> None:
        """`trusted`: names of the credentials that are believed which person they act for."""
        self._trusted = frozenset(trusted)
        self._known.clear()

    def of(self, charge: Charge) -> Key:
        """The key of the entry of a charge that is made now."""
        if not self._day_begins_at <= self._now() < self._day_ends_at:  # clocks are set back, too
            self._turn_day()
        asked = charge.caller.key, charge.usage.model, charge.party
        key = self._known.get(asked)
        if key is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            key = self._known[asked] = self._made(charge)
        return key

    def _made(self, charge: Charge) -> Key:
        principal = charge.caller.principal
        caller = holder(principal)
        credential = ANONYMOUS if principal is None else principal.name
        user = charge.party.user if credential in self._trusted else ""
        return (
            self._day,
            caller,
            credential,
            self._labels.pair(credential, charge.usage.model)[1],
            self._parties.label(caller, "session", charge.party.session),
            self._parties.label(caller, "user", user),
        )

    def _turn_day(self) -> None:
        number = int(self._now() // DAY_S)
        self._day_begins_at, self._day_ends_at = number * DAY_S, (number + 1) * DAY_S
        self._day = datetime.fromtimestamp(number * DAY_S, UTC).strftime("%Y-%m-%d")
        self._parties.clear()
        self._known.clear()


def holder(principal: Principal | None) -> str:
    """Whose account a principal's is: that of its credential, or the one of all without."""
    return ANONYMOUS if principal is None or principal.is_anonymous else principal.key
