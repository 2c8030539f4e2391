"""`wire.headers`: what passes, and that a head holds one request."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tornado_ollama.wire.headers import request_head, request_id, to_client, to_upstream


def headers(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [*pairs]


def up(*pairs: tuple[str, str], chain: str = "") -> list[tuple[str, str]]:
    return to_upstream(
        headers(*pairs),
        peer="10.0.0.9",
        chain=chain,
        scheme="https",
        host="llm.example",
        request_id="r1",
    )


SET = [
    ("X-Forwarded-For", "10.0.0.9"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "llm.example"),
    ("X-Request-Id", "r1"),
]


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-Api-Key",
        "Cookie",
        "Host",
        "Origin",
        "Referer",
        "Sec-Fetch-Site",
        "Sec-WebSocket-Key",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Real-Ip",
        "Proxy-Authorization",
        "Transfer-Encoding",
        "Te",
        "Upgrade",
        "Keep-Alive",
        "Expect",
        "Content-Length",
    ],
)
def test_it_does_not_reach_ollama(name: str) -> None:
    assert up((name, "x")) == SET


def test_what_connection_names_does_not_reach_ollama() -> None:
    passed = up(("Connection", "close, X-Secret"), ("X-Secret", "1"), ("Accept", "*/*"))
    assert passed == [("Accept", "*/*"), *SET]


def test_other_headers_reach_ollama_in_order_and_repeated() -> None:
    sent = [("User-Agent", "ollama/0.32"), ("X-A", "1"), ("X-A", "2")]
    assert up(*sent) == [*sent, *SET]


def test_the_peer_is_added_to_the_chain_of_trusted_proxies() -> None:
    assert ("X-Forwarded-For", "203.0.113.7, 10.0.0.9") in up(chain="203.0.113.7")


def test_cookies_redirects_and_origins_of_ollama_do_not_reach_the_client() -> None:
    answered = headers(
        ("Content-Type", "application/json"),
        ("Set-Cookie", "a=b"),
        ("Location", "http://elsewhere"),
        ("Access-Control-Allow-Origin", "*"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
    )
    assert to_client(answered) == [("Content-Type", "application/json")]


@pytest.mark.parametrize("offered", ["abc-1.2_3:x", "a" * 128])
def test_a_harmless_request_id_is_kept(offered: str) -> None:
    assert request_id(offered, "fresh") == offered


@pytest.mark.parametrize("offered", [None, "", "a b", "a\nb", "ä", "a" * 129])
def test_another_request_id_is_replaced(offered: str | None) -> None:
    assert request_id(offered, "fresh") == "fresh"


def test_a_head_frames_its_body() -> None:
    url = urlsplit("http://host:1/api/chat?x=1")
    assert request_head("POST", url, headers(("A", "b")), 3) == (
        b"POST /api/chat?x=1 HTTP/1.1\r\nHost: host:1\r\nA: b\r\nContent-Length: 3\r\n\r\n"
    )
    assert b"Transfer-Encoding: chunked\r\n" in request_head("POST", url, headers(), None)
    assert b"Content-Length: 0\r\n" in request_head("POST", url, headers(), 0)
    assert b"Content-Length" not in request_head("GET", url, headers(), 0)


def test_framing_headers_of_others_are_not_repeated() -> None:
    given = headers(("Content-Length", "9"), ("Host", "evil"), ("Transfer-Encoding", "chunked"))
    head = request_head("POST", urlsplit("http://host/"), given, 2)
    assert head == b"POST / HTTP/1.1\r\nHost: host\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b"])
def test_a_line_break_never_becomes_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        request_head("GET", urlsplit("http://host/"), [("X-A", value)], 0)
