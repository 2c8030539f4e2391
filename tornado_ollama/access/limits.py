"""The limits of one caller: what its own entry, its groups and the defaults give it.

Says how much a caller may use, and holds no count of what it has used: `dispatch/` counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from .principal import Principal
from .quota import UNLIMITED, Quota


class LimitRules:
    """The settings of `limits` that differ between callers."""

    def __init__(
        self,
        per_credential: Quota = UNLIMITED,
        per_address: Quota = UNLIMITED,
        groups: Mapping[str, Quota] | None = None,
    ) -> None:
        """`per_credential`: of each credential; `per_address`: of each address of callers without
        one; `groups`: by name, the later is the stronger."""
        self._per_credential = per_credential
        self._per_address = merged(per_address)
        self._groups = groups or {}
        self._merged: dict[tuple[int, tuple[str, ...]], tuple[Quota, Quota]] = {}
        """By the identity of the own quota, which a principal keeps, and the groups: the own quota,
        so that its identity stays its own, and what came of both. To hash a quota costs as much as
        the rest of counting a request."""

    def of(self, principal: Principal | None) -> Quota:
        """The limits of a principal: each key from its own entry, else from the last of its groups
        that has it, else from `per_credential`. None and anonymous: `per_address`."""
        if principal is None or principal.is_anonymous:
            return self._per_address
        own, asked = principal.quota, (id(principal.quota), principal.groups)
        known = self._merged.get(asked)
        if known is not None:
            return known[1]
        if len(self._merged) >= MAX_MERGED:
            self._merged.clear()
        groups = [quota for name, quota in self._groups.items() if name in principal.groups]
        found = merged(self._per_credential, *groups, own)
        self._merged[asked] = own, found
        return found


MAX_MERGED = 16_384
"""Different combinations that are kept; one needs a few hundred bytes."""


def merged(*quotas: Quota) -> Quota:
    """One quota out of several, the later being the stronger, with None for each key that is not
    limited."""
    found: dict[str, float] = {}
    for quota in quotas:
        for declared in fields(quota):
            value = getattr(quota, declared.name)
            if value is not None:
                found[declared.name] = value
    return Quota(**{name: value for name, value in found.items() if value})  # type: ignore[arg-type]
