"""Reads from a request's headers which conversation it belongs to, and which person stands behind a
credential that several share. Pure.

Clients name their conversation as they like; nothing is decided by it but a column of the accounts.
The person is believed only of credentials that the operator trusts with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SESSION_HEADERS = (
    "X-Claude-Code-Session-Id",
    "Session-Id",  # Codex
    "X-Openwebui-Chat-Id",
    "X-Session-Id",  # opencode
    "X-Session-Affinity",
)

USER_HEADERS = ("X-Openwebui-User-Email", "X-Openwebui-User-Id", "X-Openwebui-User-Name")
"""The first that is there: the address tells people apart, and the operator who they are."""

MAX_CHARS = 64


class Party(NamedTuple):
    session: str = ""
    """Empty: the client names none."""
    user: str = ""
    """As it is claimed, trusted or not."""


NOBODY = Party()


_HEADERS = frozenset((*SESSION_HEADERS, *USER_HEADERS))


def party_of(headers: Mapping[str, str]) -> Party:
    """The conversation and the person that a request names. `headers`: by names that are written as
    those above."""
    if _HEADERS.isdisjoint(headers):
        return NOBODY
    session, user = _first(headers, SESSION_HEADERS), _first(headers, USER_HEADERS)
    return Party(session, user)


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = headers.get(name)
        if value:
            return "".join(c if c.isprintable() and c != " " else "_" for c in value[:MAX_CHARS])
    return ""
