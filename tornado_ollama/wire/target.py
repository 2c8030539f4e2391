"""Normalises the path of a request's target, and makes the URL at Ollama from it.

The route is looked up, the decision made and the upstream URL built on the same canonical path, so
that no spelling can be authorised as one route and arrive at Ollama as another. Spellings that
every server reads alike are normalised: encoded letters, and the slashes too many of a base URL
that ends in one. Spellings that servers read in different ways are refused instead of repaired.
Rules: RFC 9112 section 3.2 (forms of the target), RFC 3986 section 6.2.2.2 (percent-encoded
unreserved characters mean the same as the characters themselves).
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from ..errors import BadRequest

_PLAIN = re.compile(r"/|(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)+", re.ASCII)
"""RFC 3986 pchar without percent-encoding, segments not empty. Every segment begins with its own
slash, so there is one way to match and no backtracking."""

_SLASHES = re.compile(r"/{2,}")

_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_QUERY = re.compile(r"[\x21-\x7e]*", re.ASCII)
_DECODABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@")

_MODEL_PREFIX = "/v1/models/"
"""What follows is a model's name. Clients encode its slashes, and it never becomes a path again:
it goes to Ollama inside a JSON body. Only here an encoded slash means a slash."""

REFUSED_PATH = "-"
"""The path, in logs, of a target that is refused: it may hold user and password
(`http://user:token@host/`), or whatever else a client wrote there."""

MAX_LOGGED_CHARS = 200

TOKEN_PREFIX = "to-"
"""How the tokens of `token create` begin, so that a leaked one is recognised for what it is."""

_SECRET_SEGMENT = re.compile(
    rf"(/k/)[^/]+|(?<=/)[^/]*@|(?<=/){TOKEN_PREFIX}[^/]{{37,}}|(?<=/)eyJ[^/.]+\.[^/]+",
    re.IGNORECASE,
)
"""What may be a credential: a path token, also behind a prefix where it is none (`/v1/k/TOKEN`),
whatever stands before an `@`, as in a pasted URL, and what has the form of a token of ours or of a
JWT."""

_WORD = re.compile(r"[a-z_]{1,24}(\.[a-z]{2,4})?|[^/]{0,8}", re.ASCII)
"""A segment that is no key: a word as they are in APIs, the name of a file, or too short."""

_PATH_TOKEN = re.compile(r"/k/([^/]+)(/.*)?")

MAX_TARGET = 8192
"""Longest target served, in characters; RFC 9112 asks for 8000 at least."""


def split_target(raw: str) -> tuple[str, str]:
    """Splits a request target into canonical path and query: doubled slashes become one, and one at
    the end is dropped.

    Raises BadRequest for every spelling that servers may read differently: absolute form, `..` and
    `.` segments, encoded slashes, backslashes, NUL, non-ASCII.
    """
    path, _, query = raw.partition("?")
    if len(raw) > MAX_TARGET:
        raise BadRequest("The request's path is too long.")
    # Before anything is decoded: an encoded slash that ends or doubles one is refused as such.
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if len(path) > 1:
        path = path.removesuffix("/")
    if "%" in path:
        path = _ENCODED.sub(_decode_harmless, path)
        if path.startswith(_MODEL_PREFIX):
            path = path.replace("%2F", "/").replace("%2f", "/")
    segments = path.split("/")
    if (
        not path.startswith("/")
        or "%" in path
        or not _PLAIN.fullmatch(path)
        or "." in segments
        or ".." in segments
        or not _QUERY.fullmatch(query)
        or "#" in query
    ):
        raise BadRequest(
            "The request's path is not written in its plain form: use an absolute path of "
            "letters, digits and - . _ ~ : @, without '..', '\\' or encoded slashes."
        )
    return path, query


def cut_path_token(path: str) -> tuple[str | None, str]:
    """Splits a canonical path `/k/TOKEN/...` into the token and the path behind it, which is
    canonical too; None and the path unchanged where there is no token."""
    found = _PATH_TOKEN.fullmatch(path)
    return (found[1], found[2] or "/") if found else (None, path)


def loggable_path(path: str) -> str:
    """A canonical path for logs and errors: shortened, and without what may be a credential."""
    shown = _SECRET_SEGMENT.sub(_masked, path)
    return shown if len(shown) <= MAX_LOGGED_CHARS else f"{shown[:MAX_LOGGED_CHARS]}..."


def loggable_unknown(path: str) -> str:
    """A canonical path that has no route, for logs and errors: without all segments that could be a
    credential, because such a path is often a URL into which somebody has pasted one."""
    segments = loggable_path(path).split("/")
    return "/".join(part if _WORD.fullmatch(part) else "***" for part in segments)


def _masked(found: re.Match[str]) -> str:
    return "***@" if found[0].endswith("@") and not found[1] else f"{found[1] or ''}***"


def _decode_harmless(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _DECODABLE else match[0]


class Upstream:
    """The address of Ollama: `service.base_url`, parsed once."""

    def __init__(self, base_url: str) -> None:
        """`base_url`: http or https, perhaps with a path prefix; already validated."""
        parts = urlsplit(base_url)
        self._parts = parts
        self._prefix = parts.path.rstrip("/")
        self.base_url = urlunsplit(parts._replace(path=self._prefix))

    def url(self, path: str, query: str = "") -> str:
        """The URL of a canonical path. Scheme and host are fixed: no path can change them."""
        fixed = SplitResult(self._parts.scheme, self._parts.netloc, self._prefix + path, query, "")
        return urlunsplit(fixed)
