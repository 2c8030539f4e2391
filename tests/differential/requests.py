"""Random requests over HTTP, from the usual to the malformed."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ..gateway.keys import (
    BOTH,
    BOUND,
    EXPIRED,
    GENERATE,
    MANAGE,
    TRANSPORTS,
    UNKNOWN,
    signed,
)
from .grammar import BODIES, body_for

Pair = tuple[str, str]

DIGEST = "sha256:" + "0f" * 32
READ = (
    "/api/version", "/api/tags", "/api/ps", "/v1/models", "/v1/models/smollm2", "/v1/models/a/b",
)  # fmt: skip
PUBLIC = ("/", "/health", "/health/live", "/static/js/main.js", "/static/none", "/static/../x")
MANAGED = (
    "/api/show", "/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/me",
    "/api/signout", "/api/status", "/api/experimental/web_search", f"/api/blobs/{DIGEST}",
    "/api/user/keys/abc", "/sys/tags", "/sys/ps", "/sys/version", "/sys/show", "/sys/pull",
    "/sys/push", "/sys/create", "/sys/copy", "/sys/delete",
)  # fmt: skip
ODD_PATHS = (
    "/api", "/api/", "/api/unknown", "/v1", "/v1/responses", "/v1/messages", "/v1/files/a", "/ws",
    "/wsx", "/metrics", "/admin/tokens", "/favicon.ico", "/sys/chat", "/sys/generate", "*",
    "/api/blobs/", "/api/blobs/a/b", "/k/" + GENERATE + "/api/tags", "/API/tags", "/api/%74ags",
    "/api%2ftags", "/api/tags%00", "/api/../api/tags", "/api/./tags", "/api\\tags", "//api//tags",
    "http://localhost/api/tags", "/api/tags;x=1", "/api/tags#f", "/a" * 150, "/%zz", "/\xfc",
    "/v1/audio/transcriptions", "/api/experimental/a/b/c", "/api/chat/", "/api/tags?",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ODD_METHODS = ("get", "TRACE", "CONNECT", "FOO", "PROPFIND", "G\u00cbT")
PATHS = (*READ, *PUBLIC, *MANAGED, *ODD_PATHS, *BODIES, *BODIES, *BODIES, *BODIES, *BODIES)

JWTS = (
    signed(),
    signed(scope="generate manage"),
    signed(scope="manage"),
    signed(scope=""),
    signed(models=["smollm2*"]),
    signed(ttl_s=-1000),
    signed("another-secret-0123456789abcdef0123456789"),
    signed(nbf=4102444800),
    signed(exp=None),
    signed(sub=None),
)
TOKENS = (GENERATE, MANAGE, BOTH, BOUND, EXPIRED, UNKNOWN, "ollama", "not-needed", "", *JWTS)
ODD_CREDENTIALS: tuple[Pair, ...] = (
    ("Authorization", "Basic !!!"),
    ("Authorization", "Basic " + base64.b64encode(b"no colon").decode()),
    ("Authorization", f"Digest {GENERATE}"),
    ("Authorization", f"bearer  {GENERATE} "),
    ("Authorization", "Bearer"),
    ("Authorization", f"Bearer {GENERATE}, Bearer {MANAGE}"),
    ("Authorization", "Bearer \xfc"),
    ("X-API-Key", f" {GENERATE}\t"),
    ("Cookie", f"token={GENERATE}"),
    ("Sec-WebSocket-Protocol", "ollama.bearer, " + base64.b64encode(GENERATE.encode()).decode()),
)

ODD_IDS = ("", "bad id", "x" * 129)
SPOILT = ("no colon", " folded", "X-Nul: \0", "X Space: a", ": b", "X-Bare: a\rb", "\xfc: c")
HOSTS = ("LocalHost", "127.0.0.1:8000", "[::1]", "evil.example", "", "gw.example", "a b", "x.local")
ORIGINS = (
    "http://localhost", "http://localhost:3000", "https://evil.example", "null", "app://x",
    "https://a.good.example", "vscode-webview://x", "http://127.0.0.1:1", "", "http://[::1]",
)  # fmt: skip
FIELDS: tuple[Pair, ...] = (
    ("User-Agent", "diff/1"), ("Accept", "*/*"), ("Accept-Encoding", "gzip, br"),
    ("Content-Type", "application/json"), ("Content-Type", "text/plain"), ("Content-Type", ""),
    ("Content-Type", "multipart/form-data; boundary=b"), ("Content-Encoding", "gzip"),
    ("Cookie", "a=b"), ("Referer", "http://localhost/x"), ("X-Custom", "one"), ("X-Custom", "two"),
    ("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-For", "bad, 10.1.2.3"), ("X-Real-IP", "1.2.3.4"),
    ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "h"), ("Forwarded", "for=1.2.3.4"),
    ("Connection", "close"), ("Connection", "keep-alive"), ("Connection", "X-Custom, close"),
    ("TE", "trailers"), ("Upgrade", "h2c"), ("Upgrade", "websocket"), ("Trailer", "X-T"),
    ("Proxy-Authorization", "Basic eDp5"), ("Keep-Alive", "timeout=5"), ("Via", "1.1 x"),
    ("Access-Control-Request-Method", "POST"), ("Range", "bytes=0-3"),
    ("Access-Control-Request-Headers", "a b"), ("If-None-Match", '"x"'), ("If-None-Match", "*"),
    ("Access-Control-Request-Headers", "content-type, x"),
    ("Accept-Language", "de"), ("Sec-Fetch-Site", "cross-site"),
    ("X-Long", "y" * 4000), ("X-Latin", "\xe9\xff"), ("X-Empty", ""), ("anthropic-version", "1"),
    ("OpenAI-Beta", "x"), ("X-Stainless-Retry-Count", "1"), ("X-Tab", "a\tb"),
    ("X-Spaces", "  a  "), ("Expect", "100-continue"), ("Priority", "u=1"), ("Pragma", "no-cache"),
)  # fmt: skip


@dataclass(frozen=True)
class RandomRequest:
    """A request as bytes. `odd`: see `exchange.Volley`."""

    data: bytes
    method: str
    odd: bool


def random_request(chance: random.Random, request_id: str, *, secured: bool) -> RandomRequest:
    path = chance.choice(PATHS)
    method = _method(chance, path)
    target = path + chance.choice(("", "", "", "", "/", "?a=b&c=%20", "?key=x&key=y", "?\xfc"))
    headers = _headers(chance, secured=secured)
    takes_body = method in ("POST", "PUT", "PATCH", "DELETE") and chance.random() < 0.98
    body = body_for(chance, path) if takes_body or chance.random() < 0.02 else b""
    framing, framed, odd = _framing(chance, body, takes_body)
    version = chance.choices(("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTX"), (97, 1, 1, 1))[0]
    lines = [f"{name}: {value}" for name, value in (*headers, *framing)]
    if chance.random() < 0.02:
        odd = True
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(SPOILT))
    end = chance.choices((b"\r\n", b"\n"), (99, 1))[0]
    plain = version == "HTTP/1.1" and end == b"\r\n" and method in METHODS and " " not in target
    odd = odd or not plain or any(word in str(headers) for word in ("100-con", "websocket"))
    # What is odd may end in a race, and is found in the log by its id alone.
    given = request_id if odd else chance.choices((request_id, *ODD_IDS), (95, 2, 2, 1))[0]
    lines.insert(0, f"{method} {target} {version}")
    if given:
        lines.insert(1, f"X-Request-Id: {given}")
    data = end.join(line.encode("latin-1", "replace") for line in lines) + end + end + framed
    return RandomRequest(data, method, odd)


def _method(chance: random.Random, path: str) -> str:
    if chance.random() < 0.05:
        return chance.choice(METHODS)
    if chance.random() < 0.01:
        return chance.choice(ODD_METHODS)
    if path.endswith("/delete") or path.startswith("/api/user"):
        return "DELETE"
    reads = path in READ or path in PUBLIC or path.startswith(("/sys/t", "/sys/v", "/sys/ps"))
    return "GET" if reads or (path in ODD_PATHS and chance.random() < 0.6) else "POST"


def _headers(chance: random.Random, *, secured: bool) -> list[Pair]:
    headers = [("Host", chance.choice(HOSTS) if chance.random() < 0.05 else "localhost")]
    if chance.random() < 0.02:
        headers = chance.choice(([], headers * 2))
    if chance.random() < 0.08:
        headers.append(("Origin", chance.choice(ORIGINS)))
    headers += chance.sample(FIELDS, chance.choice((0, 0, 1, 2, 3, 5)))
    headers += _credentials(chance, secured=secured)
    chance.shuffle(headers)
    return headers


def _credentials(chance: random.Random, *, secured: bool) -> Sequence[Pair]:
    if not secured and chance.random() < 0.8:
        return ()
    kind = chance.random()
    if kind < 0.55:
        return (chance.choice(tuple(TRANSPORTS.values()))(BOTH),)
    if kind < 0.85:
        return (chance.choice(tuple(TRANSPORTS.values()))(chance.choice(TOKENS)),)
    if kind < 0.9:
        one, other = chance.sample(tuple(TRANSPORTS.values()), 2)
        return (one(chance.choice(TOKENS)), other(chance.choice(TOKENS)))
    return (chance.choice(ODD_CREDENTIALS),) if kind < 0.95 else ()


def _framing(
    chance: random.Random, body: bytes, takes_body: bool
) -> tuple[list[Pair], bytes, bool]:
    """Headers, bytes, and whether they are odd."""
    if not body and not takes_body:
        return [], b"", False
    length = str(len(body))
    kind = chance.random()
    if kind < 0.78:
        return [("Content-Length", length)], body, False
    if kind < 0.94:
        return [("Transfer-Encoding", "chunked")], _chunked(chance, body), False
    choices: tuple[tuple[list[Pair], bytes], ...] = (
        ([("Content-Length", str(len(body) + 5))], body),
        ([("Content-Length", str(len(body) // 2))], body),
        ([("Content-Length", length), ("Content-Length", length)], body),
        ([("Content-Length", f"{length}, {length}")], body),
        ([("Content-Length", length), ("Content-Length", "1")], body),
        ([("Content-Length", length), ("Transfer-Encoding", "chunked")], _chunked(chance, body)),
        ([("Transfer-Encoding", "gzip, chunked")], _chunked(chance, body)),
        ([("Transfer-Encoding", "chunked")], body),
        ([("Transfer-Encoding", "chunked")], _chunked(chance, body)[:-5]),
        ([("Content-Length", "-1")], body),
        ([("Content-Length", "+5")], body),
        ([("Content-Length", "9" * 30)], body),
        ([("Content-Length", "99999999")], body),
        ([], body),
    )
    return *chance.choice(choices), True


def _chunked(chance: random.Random, body: bytes) -> bytes:
    size = chance.choice((1, 7, 64, 10_000))
    size = max(size, len(body) // 50)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
