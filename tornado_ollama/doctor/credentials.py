"""Checks of tokens: strength, age, expiry, rights."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..access.principal import Scope
from .facts import Facts, TokenFacts
from .finding import Finding, ok, problem, warning

MIN_BITS = 80.0
"""Below this a token might be guessed, in years of trying or by a lucky list of words."""

OLD_S = 365 * 86400.0
SOON_S = 14 * 86400.0


def most_bits(text: str) -> float:
    """At most so many bits of randomness: as many as if each of its characters had been drawn from
    those that it has. A text of words has less."""
    return len(text) * math.log2(max(len(set(text)), 1)) if text else 0.0


def check_tokens(facts: Facts) -> Iterator[Finding]:
    found = [finding for token in facts.tokens for finding in _of(token, facts)]
    yield from found
    if facts.tokens and not found:
        yield ok("tokens", f"{_count(len(facts.tokens))}: strong enough, in time, not old.")


def _of(token: TokenFacts, facts: Facts) -> Iterator[Finding]:
    name, now = token.name, facts.moment
    again = (
        f"`tornado-ollama token rotate {name}`"
        if token.stored
        else f"make another (`tornado-ollama token create --entry --name {name}`)"
    )
    if token.expires is not None and token.expires <= now:
        yield warning(
            "token.expiry",
            f"The token {name} has expired and is refused.",
            f"Revoke it: `tornado-ollama token revoke {name}`."
            if token.stored
            else "Take it out of the configuration.",
        )
        return
    if token.expires is not None and token.expires - now < SOON_S:
        days = int((token.expires - now) // 86400)
        yield warning(
            "token.expiry",
            f"The token {name} expires in {days} days.",
            f"If it is still needed: {again}.",
        )
    if token.bits is not None and token.bits < MIN_BITS:
        yield problem(
            "token.strength",
            f"The token {name} can be guessed: it has at most {token.bits:.0f} bits of randomness, "
            f"less than {MIN_BITS:.0f}.",
            f"Do not invent tokens: {again}; that has 256 bits.",
        )
    if token.in_config:
        yield warning(
            "token.form",
            f"The token {name} stands in the configuration as plain text.",
            "Put its SHA-256 there (`sha256:`), or its file (`token_file:`).",
        )
    if token.since is not None and token.expires is None and now - token.since > OLD_S:
        days = int((now - token.since) // 86400)
        yield warning(
            "token.age",
            f"The token {name} is {days} days old and never expires.",
            f"Give it an end, or a new text: {again}.",
        )
    if token.in_path and facts.settings.auth.path_tokens and Scope.MANAGE in token.scopes:
        yield warning(
            "token.path",
            f"The token {name} may stand in URLs, where histories and logs of others keep it, and "
            "may manage models.",
            "Give tokens with `path: true` the scope `generate` only.",
        )


def _count(number: int) -> str:
    return "1 token" if number == 1 else f"{number} tokens"
