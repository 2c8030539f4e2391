"""`wire.target`: what is a plain path, and that no path leads to another host."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_ollama.access.routes import ROUTES, Route
from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.target import (
    MAX_TARGET,
    Upstream,
    cut_path_token,
    loggable_path,
    loggable_unknown,
    split_target,
)

PLAIN = [
    ("/", "/", ""),
    ("/api/chat", "/api/chat", ""),
    ("/api/chat/", "/api/chat", ""),
    ("//", "/", ""),
    ("///?x=//", "/", "x=//"),
    ("//api///chat//?a=/b/", "/api/chat", "a=/b/"),
    ("/v1/models//hf.co/a/b/", "/v1/models/hf.co/a/b", ""),
    ("/v1//models/ann%2Fmole-embed", "/v1/models/ann/mole-embed", ""),
    ("//evil.example/api/chat", "/evil.example/api/chat", ""),  # no host: a path without a route
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
    "///evil.example/..//api/chat",
    "/api/../sys/tags",
    "/api/./chat",
    "/api/chat//..",
    "//../api/chat",
    "/./",
    "//.",
    "/api/chat/%2e/",
    "//api%2f/chat",
    "/api/%2F/chat",
    "/api/chat%2F",
    "/api/chat/%2f",
    "\\\\evil.example/api/chat",
    "/\\evil.example/api/chat",
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
    "/v1/models/a%2f",
    "/v1/models/a/%2fb",
    "/v1/models/a%2F%2Fb",
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


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.path))
def test_slashes_too_many_are_none_in_every_route(route: Route) -> None:
    segments = [segment for segment in route.path.split("/") if segment]
    plain = "/" + "/".join(segments)
    most = 4 if len(segments) < 5 else 2
    for counts in product(range(1, most + 1), repeat=len(segments)):
        begun = "".join("/" * n + segment for n, segment in zip(counts, segments, strict=True))
        for at_end in ("", "/", "//", "////"):
            spelt = begun + at_end or "/"
            assert split_target(spelt) == (plain, "")
            assert split_target(spelt + "?a//b/") == (plain, "a//b/")


ODD = [
    *("/../", "//..//", "/./", "/..", "/.", ";/../", "/%2e%2E/", "/.%2e/"),
    *("%2f", "%2F/", "/%2f%2f", "%5c", "\\", "%252f", "%25", "%c0%af"),
    *("%00", "\0", " ", "%20", "%09", "#", "\xff"),
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.path))
def test_what_could_be_read_otherwise_is_refused_wherever_it_stands(route: Route) -> None:
    path = route.path.replace("+", "x").replace("*", "x")
    for at, odd in product(range(len(path) + 1), ODD):
        try:
            found, _ = split_target(path[:at] + odd + path[at:])
        except BadRequest:
            continue
        # A dot beside a letter is a name; an encoded slash is one only in the name of a model.
        dots = odd.endswith(".") and at < len(path) and path[at] != "/"
        assert dots or (found.startswith("/v1/models/") and "%2" in odd and at > len("/v1/models/"))


@settings(deadline=None)
@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_what_is_accepted_stays_what_it_is_when_read_again(tail: str) -> None:
    try:
        path, query = split_target("/" + tail)
    except BadRequest:
        return
    again = path + (f"?{query}" if query else "")
    assert split_target(again) == (path, query)
    assert ".." not in path.split("/") and "//" not in path and path.isascii()
    assert path == "/" or not path.endswith("/")


@pytest.mark.parametrize(
    ("raw", "token", "path"),
    [
        ("/k/to-abc/api/tags", "to-abc", "/api/tags"),
        ("//k//to-abc//v1//models//", "to-abc", "/v1/models"),
        ("/%6B/to%2Dabc/api/tags", "to-abc", "/api/tags"),
        ("/k/to-abc", "to-abc", "/"),
        ("/k/to-abc/", "to-abc", "/"),
        ("/k/a/k/b/api/tags", "a", "/k/b/api/tags"),
        ("/k", None, "/k"),
        ("/k//", None, "/k"),
        ("/K/to-abc/api/tags", None, "/K/to-abc/api/tags"),
        ("/api/k/to-abc", None, "/api/k/to-abc"),
        ("/", None, "/"),
    ],
)
def test_a_path_token_is_cut_out_of_a_canonical_path(
    raw: str, token: str | None, path: str
) -> None:
    assert cut_path_token(split_target(raw)[0]) == (token, path)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/k/to-abc/api/tags", "/k/***/api/tags"),
        ("/K/to-abc", "/K/***"),
        ("/v1/k/to-abc/models", "/v1/k/***/models"),
        ("/k/a/k/to-abc/api", "/k/***/k/***/api"),
        ("/user:to-abc@host/api", "/***@host/api"),
        ("/api/kk/chat", "/api/kk/chat"),
        (f"/to-{'a' * 43}/v1/models", "/***/v1/models"),
        (f"/v1/TO-{'a' * 37}", "/v1/***"),
        (f"/to-{'a' * 36}/tower-of-babel", f"/to-{'a' * 36}/tower-of-babel"),
        (f"/to-{'a' * 43}@host/x", "/***@host/x"),
        ("/v1/models/eyJhbGci.eyJzdWIi.c2ln", "/v1/models/***"),
    ],
)
def test_what_may_be_a_credential_is_not_shown(path: str, shown: str) -> None:
    assert loggable_path(path) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "/"),
        ("/v1/vector_stores/files", "/v1/vector_stores/files"),
        ("/openai/v1/chat/completions", "/openai/v1/chat/completions"),
        ("/correct-horse/v1/chat", "/***/v1/chat"),
        ("/v1/sk-proj-0123", "/v1/***"),
        ("/v1/Passwords/x", "/v1/***/x"),
        (f"/{'a' * 25}", "/***"),
        ("/v1/eyJhbGci.eyJzdWIi.c2ln/models", "/v1/***/models"),
    ],
)
def test_of_a_path_without_a_route_only_words_are_shown(path: str, shown: str) -> None:
    assert loggable_unknown(path) == shown


@settings(deadline=None)
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
