"""Header policy: which headers pass to Ollama, to the client, or go with an error; and a request's
head as bytes.

The one place of it. Hop-by-hop headers end here (RFC 9110, section 7.6.1), and so does everything
that identifies the client: Ollama knows no credentials, and refuses foreign `Host` and `Origin`
values with an empty 403.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol
from urllib.parse import SplitResult, unquote

from ..errors import (
    GatewayError,
    MethodNotAllowed,
    RateLimited,
    UnsupportedCoding,
    UpgradeRequired,
)

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

_NOT_UPSTREAM = HOP_BY_HOP | {
    # written anew for the request that is made
    "host",
    "content-length",
    "expect",
    # decoded before it is passed on
    "content-encoding",
    # who is asking, and from where: known here, nobody's business there
    "authorization",
    "x-api-key",
    "cookie",
    "origin",
    "referer",
    "forwarded",
    "x-real-ip",
    "x-request-id",
}

_NOT_UPSTREAM_PREFIXES = ("x-forwarded-", "sec-", "access-control-")

_NOT_DOWNSTREAM = HOP_BY_HOP | {
    # cookies and redirects of Ollama's would take effect on this origin
    "set-cookie",
    "location",
    # decided by this gateway
    "vary",
    "x-request-id",
    "referrer-policy",
}

_NOT_DOWNSTREAM_PREFIXES = ("access-control-",)

_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


Headers = Sequence[tuple[str, str]]
"""Names and values in order, a repeated name repeated."""


def to_upstream(
    headers: Headers, *, peer: str, chain: str, scheme: str, host: str, request_id: str
) -> list[tuple[str, str]]:
    """The headers of a client's request as Ollama gets them. `peer` is the address that connected
    to this gateway, `chain` the addresses that trusted proxies named before it (empty when there
    are none), `scheme` and `host` those the client used."""
    passed = list(_passing(headers, _NOT_UPSTREAM, _NOT_UPSTREAM_PREFIXES))
    passed += [
        ("X-Forwarded-For", f"{chain}, {peer}" if chain else peer),
        ("X-Forwarded-Proto", scheme),
        ("X-Forwarded-Host", host),
        ("X-Request-Id", request_id),
    ]
    return passed


def without_text(headers: Headers, secret: str) -> Headers:
    """The headers whose value does not contain the text in any encoding. A proxy in front may
    repeat the URL, and with it a token, in any header (`X-Original-URI`)."""
    return [pair for pair in headers if secret not in unquote(pair[1])]


def to_client(headers: Headers) -> list[tuple[str, str]]:
    """The headers of Ollama's reply as the client gets them, in their order, with repeated ones."""
    return list(_passing(headers, _NOT_DOWNSTREAM, _NOT_DOWNSTREAM_PREFIXES))


def of_error(error: GatewayError) -> dict[str, str]:
    """The headers that HTTP defines for an error, in every dialect (RFC 9110, sections 11.6.1,
    10.2.1, 10.2.3 and 12.5.3)."""
    found = {}
    if error.status == 401:
        found["WWW-Authenticate"] = 'Bearer realm="ollama"'
    if isinstance(error, MethodNotAllowed):
        found["Allow"] = ", ".join(error.allow)
    if isinstance(error, UnsupportedCoding):
        found["Accept-Encoding"] = ", ".join(error.accepted) or "identity"
    if isinstance(error, UpgradeRequired):
        found["Upgrade"] = "HTTP/1.1"
    if error.retry_after is not None:
        found["Retry-After"] = str(error.retry_after)
    if isinstance(error, RateLimited):
        found |= error.headers
    return found


class Lookup(Protocol):
    def get(self, name: str, /) -> str | None: ...


TRACE_CONTEXT = ("traceparent", "tracestate")
"""W3C Trace Context: to which trace of the client's a request belongs."""


def trace_context(headers: Lookup) -> Headers:
    """The headers by which a request made for the client's one belongs to the same trace."""
    found = ((name, headers.get(name)) for name in TRACE_CONTEXT)
    return [(name, value) for name, value in found if value]


def in_trace(headers: Headers, context: Headers) -> Headers:
    """The headers with another trace context in place of their own."""
    others = [pair for pair in headers if pair[0].lower() not in TRACE_CONTEXT]
    return [*others, *context]


def request_id(offered: str | None, fresh: str) -> str:
    """The client's own `X-Request-Id` where it is safe in a log line, otherwise the fresh one."""
    return offered if offered is not None and _REQUEST_ID.fullmatch(offered) else fresh


def request_head(method: str, url: SplitResult, headers: Headers, body_length: int | None) -> bytes:
    """Request line and headers as bytes, `Host` and the framing of the body included.

    `body_length` is in bytes; None sends the body in chunks. Raises ValueError for a header that
    holds a line break or NUL, so that no value can begin a second request.
    """
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {url.netloc}"]
    lines += [
        f"{name}: {value}"
        for name, value in headers
        if name.lower() not in ("host", "content-length", "transfer-encoding")
    ]
    if body_length is None:
        lines.append("Transfer-Encoding: chunked")
    elif body_length or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {body_length}")
    if _FORBIDDEN.search("".join(lines)):
        raise ValueError("a header line holds a control character")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _passing(
    headers: Headers, dropped: frozenset[str], prefixes: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    keyed = [(name.lower(), name, value) for name, value in headers]
    named = {
        token.strip().lower()
        for key, _, value in keyed
        if key == "connection"
        for token in value.split(",")
    }
    for key, name, value in keyed:
        if key not in dropped and key not in named and not key.startswith(prefixes):
            yield name, value
