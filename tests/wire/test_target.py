"""`wire.target`: what is a plain path, and that no path leads to another host."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.target import MAX_TARGET, Upstream, split_target

PLAIN = [
    ("/", "/", ""),
    ("/api/chat", "/api/chat", ""),
    ("/api/chat/", "/api/chat/", ""),
    ("/api/tags?verbose=1&x=/../y", "/api/tags", "verbose=1&x=/../y"),
    ("/api/blobs/sha256:00ff", "/api/blobs/sha256:00ff", ""),
    ("/api/blobs/sha256%3A00ff", "/api/blobs/sha256:00ff", ""),
    ("/api/%63hat", "/api/chat", ""),
    ("/v1/models/ann%2Fmole-embed:latest", "/v1/models/ann/mole-embed:latest", ""),
    ("/v1/models/hf.co/a/b:Q4_K_M", "/v1/models/hf.co/a/b:Q4_K_M", ""),
]

REFUSED = [
    "",
    "*",
    "api/chat",
    "http://evil.example/api/chat",
    "@evil.example/api/chat",
    "//evil.example/api/chat",
    "/api//chat",
    "/api/../sys/tags",
    "/api/./chat",
    "/api/%2e%2e/chat",
    "/api%2fchat",
    "/api%2Fchat",
    "/api/chat%00",
    "/api\\chat",
    "/api/%5cchat",
    "/api/chät",
    "/api/ch at",
    "/api/chat%",
    "/api/chat%zz",
    "/api/chat%252f",
    "/api/chat#x",
    "/api/chat?a#b",
    "/api/chat?a b",
    "/v1/models/..%2f..%2fapi%2fdelete",
    "/v1/models/%2fapi",
    "/" + "a" * MAX_TARGET,
    "/" + "a" * (MAX_TARGET - 2) + "<",  # would take for ever, were there two ways to match it
]


@pytest.mark.parametrize(("raw", "path", "query"), PLAIN)
def test_a_plain_target_is_split(raw: str, path: str, query: str) -> None:
    assert split_target(raw) == (path, query)


@pytest.mark.parametrize("raw", REFUSED)
def test_a_target_that_could_be_read_otherwise_is_refused(raw: str) -> None:
    with pytest.raises(BadRequest):
        split_target(raw)


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_what_is_accepted_stays_what_it_is_when_read_again(tail: str) -> None:
    try:
        path, query = split_target("/" + tail)
    except BadRequest:
        return
    again = path + (f"?{query}" if query else "")
    assert split_target(again) == (path, query)
    assert ".." not in path.split("/") and "//" not in path and path.isascii()


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_target_changes_the_host(tail: str) -> None:
    try:
        path, query = split_target("/" + tail)
    except BadRequest:
        return
    url = urlsplit(Upstream("http://ollama.internal:11434/prefix").url(path, query))
    assert (url.scheme, url.netloc) == ("http", "ollama.internal:11434")
    assert url.path == "/prefix" + path and url.query == query


def test_a_prefix_with_a_slash_at_its_end_is_the_same_prefix() -> None:
    assert Upstream("https://host/a/").url("/api/tags") == "https://host/a/api/tags"
    assert Upstream("http://host").url("/api/tags", "x=1") == "http://host/api/tags?x=1"
