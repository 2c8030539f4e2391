from __future__ import annotations

import pytest

from tornado_ollama.access.origins import HostPolicy, OriginPolicy, origin_pattern

from ..deadline import deadline


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost", "https://localhost", "http://localhost:3000", "HTTP://LOCALHOST:1"),
        *("http://127.0.0.1", "https://127.0.0.1:8443", "http://0.0.0.0:5173"),
        *("app://obsidian.md", "file://", "tauri://localhost", "vscode-webview://1a2b"),
        "vscode-file://vscode-app",
    ],
)
def test_ollamas_own_list_always_holds(origin: str) -> None:
    assert OriginPolicy([]).allows(origin, "ollama.example")
    assert OriginPolicy(["https://a.example"]).allows(origin, "ollama.example")


@pytest.mark.parametrize(
    "origin",
    [
        *("http://tauri.localhost", "https://tauri.localhost", "http://a.b.localhost:1420"),
        *("https://Tauri.Localhost:443", "capacitor://localhost", "ionic://localhost"),
    ],
)
def test_apps_may_call(origin: str) -> None:
    assert OriginPolicy([]).allows(origin, "ollama.example")


@pytest.mark.parametrize(
    "origin",
    [
        *("http://localhost.evil.example", "http://tauri.localhost.evil.example"),
        *("http://tauri.localhost:80.evil.example", "https://evil.example/.localhost"),
        *("https://evil.example#.localhost", "https://x@tauri.localhost", "ftp://tauri.localhost"),
        *("capacitor://localhost.evil", "capacitor://evil", "ionic://localhost:1", "ionic://a"),
        *("http://tauri.localhost:", "http://tauri.localhostx", "http://xlocalhost"),
    ],
)
def test_what_only_looks_like_an_app_may_not(origin: str) -> None:
    assert not OriginPolicy([]).allows(origin, "ollama.example")


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "http://localhost.evil.example"),
        *("http://localhost:3000.evil.example", "http://localhost:80@evil.example"),
        *("http://localhost:", "http://localhost:x", "http://localhost:123456"),
        *("http://localhosts", "ftp://localhost", "http://[::1]:3000", "app://x/y", "app://x y"),
        *("vscode-webview-x://a", "xapp://a", "chrome-extension://abc"),
    ],
)
def test_foreign_origins_are_refused(origin: str) -> None:
    assert not OriginPolicy([]).allows(origin, "ollama.example")


def test_a_page_of_the_gateway_itself_may_call() -> None:
    policy = OriginPolicy([])
    assert policy.allows("https://ollama.example", "ollama.example")
    assert policy.allows("http://Ollama.Example:8000", "ollama.example:8000")
    assert not policy.allows("http://ollama.example:8001", "ollama.example:8000")
    assert not policy.allows("http://", "")


def test_an_exact_origin_is_exact() -> None:
    policy = OriginPolicy(["https://a.example"])
    assert policy.allows("https://a.example", "h")
    for other in ("http://a.example", "https://a.example:8443", "https://b.a.example"):
        assert not policy.allows(other, "h")
    assert not policy.allows("https://a.example.evil", "h")


def test_a_wildcard_stays_within_the_host() -> None:
    policy = OriginPolicy(["https://*.example.com", "https://p.example:*"])
    assert policy.allows("https://a.example.com", "h")
    assert policy.allows("https://a.b.example.com", "h")
    assert policy.allows("https://p.example:8443", "h")
    for other in (
        *("https://example.com", "https://evil.org/.example.com", "https://evil.org#.example.com"),
        *("https://evil.org\\.example.com", "https://x@a.example.com", "http://a.example.com"),
        *("https://a.example.com.evil.org", "https://p.example:8443.evil.org"),
    ):
        assert not policy.allows(other, "h")


def test_a_wildcard_may_have_several_stars() -> None:
    policy = OriginPolicy(["https://*-preview.*.example.com:*"])
    assert policy.allows("https://app-preview.eu.example.com:8443", "h")
    for other in (
        *("https://app-preview.eu.example.com", "https://app.eu.example.com:8443"),
        *("https://app-preview.eu.example.com:", "https://app-preview.example.com:8443"),
        "https://app-preview.eu/.example.com:8443",
    ):
        assert not policy.allows(other, "h")


@pytest.mark.parametrize("chars", [400, 30_000])
@pytest.mark.parametrize("tail", ["", ":x", "/", " "])
def test_a_long_origin_is_refused_without_trying_every_way(chars: int, tail: str) -> None:
    policy = OriginPolicy(["https://*a*a*a*a*a*b", "https://*.*.*.example.com:*"])
    for text in ("a", "a.", "a:", ":1"):
        with deadline():
            assert not policy.allows("https://" + text * (chars // len(text)) + tail, "h")


def test_an_origin_longer_than_any_host_fits_no_wildcard() -> None:
    policy = OriginPolicy(["https://*.example.com"])
    assert policy.allows(f"https://{'a' * 240}.example.com", "h")
    assert not policy.allows(f"https://{'a' * 600}.example.com", "h")


def test_a_star_alone_allows_every_origin() -> None:
    assert OriginPolicy(["*"]).allows("https://evil.example", "h")
    assert OriginPolicy(["*"]).allows("null", "h")


@pytest.mark.parametrize(
    "text", ["example.com", "https://a.example/path", "https://u@a.example", "", "https://a b"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="scheme://host"):
        origin_pattern(text)


def test_an_origin_loses_its_slash_and_capitals() -> None:
    assert origin_pattern(" HTTPS://A.Example/ ") == "https://a.example"


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "LOCALHOST:8000", "localhost.", "127.0.0.1:8000"),
        *("192.168.1.5", "[::1]:8000", "[::1]", "[::ffff:10.0.0.1]:80", "8.8.8.8", ""),
        *("gate.example", "Gate.Example:443", "gate.example."),
        *("a.localhost", "mybox.local:8000", "MyBox.Local.", "host.docker.internal:8000"),
    ],
)
def test_own_names_and_addresses_are_served(host: str) -> None:
    assert HostPolicy(["gate.example", "0.0.0.0"]).allows(host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "gate.example.evil", "xgate.example", "gate"),
        *("localhost.evil.example", "localhost@evil.example", "localhost:x", "localhost:", ":80"),
        *("127.0.0.1.evil.example", "127.1", "0x7f000001", "2130706433", "[::1", "::1", "[evil]"),
        *("localhost evil", "localhost/evil", "localhost,evil", "*", "local", "internal"),
        *("local.evil", "a.local.evil.example", "alocalhost", "a.localhost@evil.example"),
    ],
)
def test_other_names_are_refused(host: str) -> None:
    assert not HostPolicy(["gate.example"]).allows(host)


def test_a_configured_port_does_not_count() -> None:
    assert HostPolicy(["gate.example:9000"]).allows("gate.example:8000")


def test_a_star_turns_the_check_off() -> None:
    assert HostPolicy(["*"]).allows("evil.example")
