"""Each fact and the findings that it makes: a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tornado_ollama.access.principal import Scope
from tornado_ollama.config import Settings, load
from tornado_ollama.config.load import unwise
from tornado_ollama.doctor import findings, vulnerabilities
from tornado_ollama.doctor.credentials import MIN_BITS, most_bits
from tornado_ollama.doctor.facts import (
    BackendFacts,
    CertificateFacts,
    Facts,
    FileFacts,
    PublicFacts,
    StreamFacts,
    TokenFacts,
)

NOW = 1_796_000_000.0  # 2026-11-30
DAY = 86400.0
BACKEND = BackendFacts(
    "http://127.0.0.1:11434", True, version="0.32.15", clock_ahead_s=0.2, tried=("10.0.0.5:11434",)
)
GOOD = Facts(NOW, Settings(), (), BACKEND)
TOKEN = TokenFacts("ann", frozenset((Scope.GENERATE,)), None, False, stored=True, bits=256.0)
STREAM = StreamFacts(200, "nginx", pieces=5, sent_over_s=1.0, came_over_s=1.0)
PUBLIC = PublicFacts("https://gateway.example.com", False, STREAM)


def judged(facts: Facts) -> set[tuple[str, str]]:
    """What is not as it should be: checks and severities."""
    found = findings(facts)
    assert all((finding.advice is None) == (finding.severity == "ok") for finding in found)
    return {(f.check, f.severity) for f in found if f.severity != "ok"}


def test_what_is_as_it_should_be_is_said_check_by_check() -> None:
    certificate = CertificateFacts("cert.pem", NOW + 60 * DAY)
    files = (FileFacts("config.yaml", "secrets", 0o600), FileFacts("state", "state", 0o700))
    facts = replace(GOOD, tokens=(TOKEN,), files=files, certificates=(certificate,), public=PUBLIC)
    assert judged(facts) == set()
    assert [finding.check for finding in findings(facts)] == [
        *("ollama.reachable", "ollama.version", "ollama.clock", "settings", "tokens"),
        *("file.mode", "tls.certificate", "proxy.buffering", "proxy.websocket"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"answered": ("10.0.0.5:11434",)}, ("ollama.reachable", "problem")),
        ({"accepted": ("10.0.0.5:11434",)}, ("ollama.reachable", "warning")),
        ({"is_here": False, "tried": ()}, ("ollama.reachable", "warning")),
        ({"tried": ()}, None),
        ({"failure": "it refuses connections", "version": None}, ("ollama.answers", "problem")),
        ({"version": "0.17.0"}, ("ollama.version", "problem")),
        ({"version": "0.17.1-rc0"}, ("ollama.version", "problem")),
        ({"version": "0.17.1"}, None),
        ({"version": "v1.0.0"}, None),
        ({"version": "0.0.0"}, ("ollama.version", "warning")),
        ({"version": "my build"}, ("ollama.version", "warning")),
        ({"clock_ahead_s": -8.0}, ("ollama.clock", "warning")),
        ({"clock_ahead_s": 40.0}, ("ollama.clock", "problem")),
        ({"clock_ahead_s": None}, None),
    ],
    ids=str,
)
def test_ollama(changed: Mapping[str, Any], expected: tuple[str, str] | None) -> None:
    found = judged(replace(GOOD, backend=replace(BACKEND, **changed)))
    assert found == ({expected} if expected else set())


def test_a_version_is_told_all_that_it_has_and_the_one_that_mends_it() -> None:
    [found] = [
        finding
        for finding in findings(replace(GOOD, backend=replace(BACKEND, version="0.1.33")))
        if finding.check == "ollama.version"
    ]
    assert all(known.name in found.text for known in vulnerabilities.FIXED[1:])
    assert vulnerabilities.FIXED[0].name not in found.text
    assert "0.17.1" in (found.advice or "")


def test_a_list_that_is_old_says_so() -> None:
    late = replace(GOOD, moment=NOW + 200 * DAY)
    assert judged(late) == {("ollama.list", "warning")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"bits": 79.0}, {("token.strength", "problem")}),
        ({"bits": None}, set()),
        ({"in_config": True}, {("token.form", "warning")}),
        ({"expires": NOW - 1}, {("token.expiry", "warning")}),
        ({"expires": NOW + 3 * DAY}, {("token.expiry", "warning")}),
        ({"expires": NOW + 30 * DAY, "since": NOW - 400 * DAY}, set()),
        ({"since": NOW - 400 * DAY}, {("token.age", "warning")}),
        ({"since": NOW - 300 * DAY}, set()),
        ({"in_path": True, "scopes": frozenset(Scope)}, {("token.path", "warning")}),
        ({"in_path": True}, set()),
        ({"bits": 1.0, "in_config": True, "expires": NOW}, {("token.expiry", "warning")}),
    ],
)
def test_tokens(changed: Mapping[str, Any], expected: set[tuple[str, str]], tmp_path: Path) -> None:
    settings = loaded(tmp_path, {"auth": {"path_tokens": True}})
    facts = replace(GOOD, settings=settings, tokens=(replace(TOKEN, **changed),))
    assert judged(facts) == expected


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        ("", False),
        ("secret", False),
        ("changeme-changeme", False),
        ("a" * 500, False),
        ("8f14e45fceea167a5a36dedd4bea2543", True),
        ("tok-Zk9vQx2LrT7pYw4HsN1b", True),
    ],
)
def test_strength(text: str, strong: bool) -> None:
    assert (most_bits(text) >= MIN_BITS) is strong


@pytest.mark.parametrize(
    ("kind", "mode", "severity"),
    [
        ("secrets", 0o600, None),
        ("secrets", 0o400, None),
        ("secrets", 0o640, "warning"),
        ("secrets", 0o644, "problem"),
        ("secrets", 0o660, "warning"),
        ("secrets", 0o602, "problem"),
        ("configuration", 0o644, None),
        ("configuration", 0o664, "warning"),
        ("configuration", 0o666, "problem"),
        ("state", 0o700, None),
        ("state", 0o750, None),
        ("state", 0o755, "problem"),
        ("state", 0o777, "problem"),
    ],
)
def test_files(kind: Any, mode: int, severity: str | None) -> None:
    facts = replace(GOOD, files=(FileFacts("/f", kind, mode),))
    assert judged(facts) == ({("file.mode", severity)} if severity else set())


def loaded(directory: Path, table: Mapping[str, Any]) -> Settings:
    path = directory / "config.yaml"
    path.write_text(yaml.safe_dump(dict(table)))
    return load(path, {}, {}, serving=False)


OPEN = {"host": "0.0.0.0"}
TLS_ELSEWHERE = {**OPEN, "trusted_proxies": ["10.0.0.1"]}
STRONG = {"generate_tokens": ["8f14e45fceea167a5a36dedd4bea2543"]}
LIMITED = {"max_parallel": 2, "per_address": {"requests_per_minute": 10}}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, set()),
        (
            {"listen": TLS_ELSEWHERE},
            {("anonymous.open", "problem")},
        ),
        ({"listen": OPEN, "auth": STRONG}, {("listen.tls", "warning")}),
        ({"listen": TLS_ELSEWHERE, "auth": STRONG}, set()),
        (
            {"listen": TLS_ELSEWHERE, "auth": {**STRONG, "anonymous": True}},
            {("anonymous.limits", "problem"), ("anonymous.queue", "warning")},
        ),
        (
            {"listen": TLS_ELSEWHERE, "auth": {**STRONG, "anonymous": True}, "limits": LIMITED},
            set(),
        ),
        (
            {"listen": TLS_ELSEWHERE, "auth": {**STRONG, "failed_logins": 0}},
            {("auth.failed_logins", "warning")},
        ),
        ({"listen": {"allowed_hosts": ["*"]}}, {("listen.allowed_hosts", "problem")}),
        ({"listen": {"allowed_hosts": ["*"]}, "auth": STRONG}, set()),
        ({"cors": {"origins": ["*"]}, "auth": STRONG}, {("cors.origins", "warning")}),
        ({"cors": {"origins": ["https://*:*"]}, "auth": STRONG}, {("cors.origins", "warning")}),
        ({"cors": {"origins": ["https://*.example.com"]}, "auth": STRONG}, set()),
        (
            {"listen": {"trusted_proxies": ["0.0.0.0/0"]}, "auth": STRONG},
            {("listen.trusted_proxies", "problem")},
        ),
        ({"listen": {"trusted_proxies": ["10.0.0.1"]}}, {("settings", "warning")}),
    ],
)
def test_settings(table: Mapping[str, Any], expected: set[tuple[str, str]], tmp_path: Path) -> None:
    settings = loaded(tmp_path, table)
    assert judged(replace(GOOD, settings=settings, unwise=tuple(unwise(settings)))) == expected


@pytest.mark.parametrize(
    ("certificate", "severity"),
    [
        (CertificateFacts("c", NOW + 60 * DAY), None),
        (CertificateFacts("c", NOW + 13 * DAY), "warning"),
        (CertificateFacts("c", NOW - 1), "problem"),
        (CertificateFacts("c", failure="self-signed certificate"), "problem"),
    ],
)
def test_certificates(certificate: CertificateFacts, severity: str | None) -> None:
    found = judged(replace(GOOD, certificates=(certificate,)))
    assert found == ({("tls.certificate", severity)} if severity else set())


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (PUBLIC, set()),
        (replace(PUBLIC, stream=None, failure="no connection"), {("public.answers", "problem")}),
        (replace(PUBLIC, url="http://gateway.example.com"), {("public.tls", "warning")}),
        (replace(PUBLIC, url="http://127.0.0.1:8000", is_loopback=True), set()),
        (
            replace(PUBLIC, stream=replace(STREAM, came_over_s=0.01)),
            {("proxy.buffering", "problem")},
        ),
        (replace(PUBLIC, stream=replace(STREAM, came_over_s=0.6)), set()),
        (
            replace(PUBLIC, stream=replace(STREAM, compressed="gzip")),
            {("proxy.compression", "warning")},
        ),
        (
            replace(PUBLIC, stream=StreamFacts(301, "nginx")),
            {("public.answers", "problem")},
        ),
        (replace(PUBLIC, socket_failure="no."), {("proxy.websocket", "problem")}),
        (replace(PUBLIC, open_paths=("/v1/models",)), {("public.open", "warning")}),
        (replace(PUBLIC, open_paths=("/v1/models", "/metrics")), {("public.open", "problem")}),
        (replace(PUBLIC, open_paths=("/metrics",), is_loopback=True), set()),
    ],
)
def test_the_way_of_clients(public: PublicFacts, expected: set[tuple[str, str]]) -> None:
    assert judged(replace(GOOD, public=public)) == expected
