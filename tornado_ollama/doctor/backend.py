"""Checks of Ollama: who reaches it besides the gateway, its version, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from . import vulnerabilities
from .facts import BackendFacts, Facts
from .finding import Finding, ok, problem, warning

CLOCK_WARNING_S = 5.0
"""`Date` has a resolution of one second, and the request takes a while."""

CLOCK_PROBLEM_S = 30.0
"""The default of `auth.jwt.leeway`."""


def check_backend(facts: Facts) -> Iterator[Finding]:
    backend = facts.backend
    if backend.failure is not None:
        yield problem(
            "ollama.answers",
            f"{backend.url}: {backend.failure}",
            "Start Ollama, or say where it is with service.base_url (OLLAMA_BASE_URL).",
        )
    yield from _reachable(backend)
    if backend.version is not None:
        yield from _version(backend.version, facts.moment)
    if backend.clock_ahead_s is not None:
        yield _clock(backend.clock_ahead_s)


def _reachable(backend: BackendFacts) -> Iterator[Finding]:
    check = "ollama.reachable"
    if not backend.is_here:
        yield warning(
            check,
            f"Ollama is on another machine ({backend.url}), and from here nobody can see who "
            "else reaches it.",
            "Let its firewall admit this machine only, and go there through a private network or "
            "TLS: Ollama asks nobody for a credential.",
        )
    elif backend.answered:
        yield problem(
            check,
            f"Ollama itself answers at {', '.join(backend.answered)}, past the gateway: whoever "
            "reaches that address may use, delete and replace models without a credential.",
            "Set OLLAMA_HOST=127.0.0.1 for Ollama and restart it. A firewall may stand in front; "
            "from here that cannot be seen.",
        )
    elif backend.accepted:
        yield warning(
            check,
            f"Something accepts connections at {', '.join(backend.accepted)}, on Ollama's port, "
            "but does not answer as Ollama.",
            "Find out what it is (`ss -ltnp`), and whether it leads to Ollama.",
        )
    elif backend.tried:
        yield ok(check, f"Ollama is not reachable at {', '.join(backend.tried)}.")
    else:
        yield ok(check, "This machine has no address but loopback: nobody else reaches Ollama.")


def _version(text: str, now: float) -> Iterator[Finding]:
    check = "ollama.version"
    as_of = vulnerabilities.AS_OF
    if vulnerabilities.age_days(datetime.fromtimestamp(now, UTC).date()) > (
        vulnerabilities.OLD_AFTER_DAYS
    ):
        yield warning(
            "ollama.list",
            f"The list of Ollama's vulnerabilities is of {as_of}, and old by now.",
            "Update tornado-ollama, or look at https://github.com/ollama/ollama/security.",
        )
    parsed = vulnerabilities.parse(text)
    if parsed is None:
        yield warning(
            check,
            f"Ollama says that its version is {text[:40]!a}, which is no release.",
            "Find out which release it was built from.",
        )
        return
    found = vulnerabilities.open_in(*parsed)
    if not found:
        yield ok(check, f"Ollama {text[:40]} has none of the vulnerabilities known on {as_of}.")
        return
    fixed = ".".join(map(str, max(known.fixed for known in found)))
    said = "; ".join(f"{known.name} ({known.what})" for known in found)
    yield problem(check, f"Ollama {text[:40]} has {said}.", f"Update Ollama to {fixed} or newer.")


def _clock(ahead_s: float) -> Finding:
    check, apart = "ollama.clock", abs(ahead_s)
    if apart <= CLOCK_WARNING_S:
        return ok(check, "The clocks of Ollama and of this machine agree.")
    text = (
        f"Ollama's clock is {apart:.0f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's."
    )
    advice = "Let both follow NTP: expiry of tokens and JWTs is judged by this machine's clock."
    return (problem if apart > CLOCK_PROBLEM_S else warning)(check, text, advice)
