"""`access.routes`: default deny, and one row for each thing that is served."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.routes import (
    ROUTES,
    UNKNOWN_API,
    Body,
    HandlerKind,
    Requirement,
    find,
    for_anthropic,
    not_found,
    path_at_ollama,
)
from tornado_ollama.wire.chat import plan
from tornado_ollama.wire.dialects import ANTHROPIC, NATIVE, OPENAI, Dialect
from tornado_ollama.wire.native import LIST_PATH, SHOW_PATH
from tornado_ollama.wire.openai import completion_request, embeddings


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("/", "/"),
        ("/static/js/app.js", "/static/*"),
        ("/api/chat", "/api/chat"),
        ("/api/blobs/sha256:00", "/api/blobs/+"),
        ("/api/user/keys/abc", "/api/user/keys/+"),
        ("/api/experimental/web_search", "/api/experimental/web_search"),
        ("/api/experimental/other", "/api/experimental/*"),
        ("/sys/tags", "/sys/tags"),
        ("/v1/models", "/v1/models"),
        ("/v1/models/ann/mole:latest", "/v1/models/*"),
    ],
)
def test_a_path_has_its_row(path: str, row: str) -> None:
    assert find(path).path == row


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/chat/",
        "/API/chat",
        "/api/nope",
        "/api/blobs",
        "/api/blobs/",
        "/api/blobs/a/b",
        "/api/web_search",
        "/sys/chat",
        "/sys/blobs/sha256:00",
        "/v1/files",
        "/v1/models/",
        "/static/",
        "/ws/",
        "/metrics/x",
    ],
)
def test_everything_else_is_nowhere(path: str) -> None:
    assert find(path).kind is HandlerKind.NOT_FOUND


def test_unknown_api_paths_can_be_forwarded_to_those_who_manage() -> None:
    assert find("/api/new", forward_unknown=True) is UNKNOWN_API
    assert find("/v1/new", forward_unknown=True).kind is HandlerKind.NOT_FOUND
    assert UNKNOWN_API.requirement is Requirement.MANAGE


def test_sys_goes_to_the_same_route_of_api_and_always_needs_manage() -> None:
    rows = [route for route in ROUTES if route.path.startswith("/sys/")]
    assert len(rows) == 9
    for row in rows:
        api = find(path_at_ollama(row, row.path))
        assert api.path == row.path.replace("/sys/", "/api/")
        assert (row.methods, row.runs_long, row.lists_models) == (
            api.methods,
            api.runs_long,
            api.lists_models,
        )
        assert row.requirement is Requirement.MANAGE


def test_what_a_translated_route_asks_of_ollama_takes_a_turn_as_the_native_one_does() -> None:
    paths = (plan.PATH, completion_request.PATH, embeddings.PATH)
    assert all(find(path).computes for path in paths)
    assert not any(find(path).computes for path in (LIST_PATH, SHOW_PATH))


def test_no_path_has_two_rows() -> None:
    paths = [route.path for route in ROUTES]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("need", "generate", "manage"),
    [
        (Requirement.NOTHING, True, True),
        (Requirement.CREDENTIAL, True, True),
        (Requirement.GENERATE, True, False),
        (Requirement.MANAGE, False, True),
    ],
)
def test_a_need_is_met_by_its_scope_alone(need: Requirement, generate: bool, manage: bool) -> None:
    def holder(scope: Scope) -> Principal:
        return Principal("p", "token", frozenset({scope}))

    assert need.met_by(holder(Scope.GENERATE)) is generate
    assert need.met_by(holder(Scope.MANAGE)) is manage


def dialect_of(path: str) -> Dialect:
    if path.startswith("/v1/messages"):
        return ANTHROPIC
    return OPENAI if path.startswith("/v1/") else NATIVE


def test_the_dialect_of_a_path_is_a_translated_one_below_v1_and_ollamas_elsewhere() -> None:
    for route in ROUTES:
        assert route.dialect is dialect_of(route.path)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/a/b", "/v1/nowhere"])
def test_paths_of_both_apis_are_anthropics_for_those_who_say_so(path: str) -> None:
    assert find(path).dialect is OPENAI
    route = for_anthropic(find(path))
    assert route == replace(find(path), dialect=ANTHROPIC)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/tags", "/nowhere", "/"])
def test_other_paths_stay_what_they_are(path: str) -> None:
    assert for_anthropic(find(path)) is find(path)


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        *(
            ("/v1", OPENAI),
            ("/v1/files", OPENAI),
            ("/v1/messages/batches", ANTHROPIC),
            ("/v1/../api/chat", OPENAI),
            ("/v1/threads/x/messages", OPENAI),
            ("/threads/x/messages", NATIVE),
            ("/chat/completions", OPENAI),
            ("/api/chat/completions", OPENAI),
            ("/openai/completions", OPENAI),
            ("/embeddings", OPENAI),
            ("/models", OPENAI),
            ("/models/a/b", OPENAI),
            ("/responses", OPENAI),
            ("/v1/v1/v1/responses", OPENAI),
            ("/messages", ANTHROPIC),
            ("/messages/count_tokens", ANTHROPIC),
            ("/v1/v1/messages", ANTHROPIC),
        ),
        *(("/v11", NATIVE), ("/api/nope", NATIVE), ("", NATIVE), ("http://x/v1/models", NATIVE)),
    ],
)
def test_what_has_no_row_has_a_dialect_all_the_same(path: str, dialect: Dialect) -> None:
    assert (not_found(path).dialect, not_found(path).kind) == (dialect, HandlerKind.NOT_FOUND)


def test_only_blobs_are_streamed_and_only_audio_is_a_form() -> None:
    kinds = {kind: [row.path for row in ROUTES if row.body is kind] for kind in Body}
    assert kinds[Body.BLOB] == ["/api/blobs/+"]
    assert kinds[Body.FORM] == ["/v1/audio/transcriptions"]
    assert {row.kind for row in ROUTES if row.body is Body.NONE} == {
        HandlerKind.PAGE,
        HandlerKind.STATIC,
        HandlerKind.HEALTH,
        HandlerKind.METRICS,
        HandlerKind.USAGE,
        HandlerKind.RECENT_ERRORS,
        HandlerKind.QUEUE,
        HandlerKind.LIVE,
        HandlerKind.STREAM_PROBE,
        HandlerKind.STORED_RESPONSE,
        HandlerKind.SOCKET,
    }
