"""The checks of the command `doctor`: pure functions from facts to findings.

    facts.py            what is looked at; `commands/` gathers it
    finding.py          a finding: what is so, how bad it is, and what to do
    backend.py          Ollama: who reaches it, its version, its clock
    vulnerabilities.py  the dated list of vulnerabilities of Ollama that a version has fixed
    credentials.py      tokens: strength, age, expiry, rights
    files.py            the modes of files that hold secrets
    exposure.py         settings that are possible, but unwise
    public.py           what is between clients and the gateway: proxies, TLS

Nothing here has a secret: of a token the facts have its name and an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .backend import check_backend
from .credentials import check_tokens
from .exposure import check_settings
from .facts import Facts
from .files import check_files
from .finding import Finding
from .public import check_certificates, check_public

CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    check_backend,
    check_settings,
    check_tokens,
    check_files,
    check_certificates,
    check_public,
)


def findings(facts: Facts) -> list[Finding]:
    """All findings, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(facts)]
