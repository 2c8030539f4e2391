"""Answers every route of Ollama the way Ollama 0.32 does, from the transcripts where there is one.

Pulling and pushing need a registry, so the transcripts hold only failures; their success is
written here after the lines Ollama documents.
"""

from __future__ import annotations

import re

from .replies import NdjsonStream, Reply, Transcript, json_reply
from .server import Behaviour, Exchange

RECORDED: dict[tuple[str, str], str] = {
    ("GET", "/"): "root",
    ("HEAD", "/"): "root-head",
    ("GET", "/api/version"): "version",
    ("HEAD", "/api/version"): "version-head",
    ("GET", "/api/tags"): "tags",
    ("HEAD", "/api/tags"): "tags-head",
    ("GET", "/api/ps"): "ps-loaded",
    ("POST", "/api/show"): "show",
    ("POST", "/api/embeddings"): "embeddings-legacy",
    ("POST", "/api/copy"): "copy",
    ("DELETE", "/api/delete"): "delete",
    ("POST", "/v1/audio/transcriptions"): "v1-audio-not-found",
}

STREAMED: dict[str, tuple[str, str]] = {
    "/api/chat": ("chat-stream", "chat-nostream"),
    "/api/generate": ("generate-stream", "generate-nostream"),
    "/api/create": ("create-stream", "create-nostream"),
}

PROGRESS = ("pulling manifest", "verifying sha256 digest", "writing manifest", "success")

OTHERS: dict[tuple[str, str], object] = {
    ("POST", "/api/me"): {"id": "1", "name": "nobody", "plan": "free"},
    ("POST", "/api/signout"): None,
    ("GET", "/api/status"): {"cloud": {"disabled": True, "source": "none"}},
    ("POST", "/api/experimental/web_search"): {"results": []},
    ("POST", "/api/experimental/web_fetch"): {"title": "", "content": ""},
    ("GET", "/api/experimental/something"): {},
    ("POST", "/api/experimental/something"): {},
    ("GET", "/api/experimental/model-recommendations"): {"recommendations": []},
}

_BLOB = re.compile(r"/api/blobs/sha256[:-][0-9a-f]{64}")


async def ollama_like(exchange: Exchange) -> None:
    """The default behaviour of the scripted backend."""
    await exchange.read_body()
    await _answer(exchange)(exchange)


def _answer(exchange: Exchange) -> Behaviour:
    key = (exchange.method, exchange.path)
    if key in RECORDED:
        return Transcript(RECORDED[key])
    if key in OTHERS:
        return json_reply(OTHERS[key])
    if exchange.method == "POST" and exchange.path in STREAMED:
        whole = _field(exchange, "stream") is False
        return Transcript(STREAMED[exchange.path][whole])
    if key == ("POST", "/api/embed"):
        several = isinstance(_field(exchange, "input"), list)
        return Transcript("embed-list" if several else "embed-single")
    if key in (("POST", "/api/pull"), ("POST", "/api/push")):
        if _field(exchange, "stream") is False:
            return json_reply({"status": "success"})
        return NdjsonStream(*({"status": status} for status in PROGRESS))
    if _BLOB.fullmatch(exchange.path) and exchange.method in ("HEAD", "POST"):
        return Reply(status=200 if exchange.method == "HEAD" else 201, content_type=None)
    if exchange.method == "DELETE" and exchange.path.startswith("/api/user/keys/"):
        return json_reply(None)
    return Transcript("not-found")


def _field(exchange: Exchange, name: str) -> object:
    try:
        body = exchange.json() if exchange.body else None
    except (ValueError, RecursionError):
        return None
    return body.get(name) if isinstance(body, dict) else None
