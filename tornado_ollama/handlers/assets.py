"""The page's files with the headers that browsers get, read once at the start.

They are small, so they stay in memory, compressed, with a strong ETag for each form; a request
never waits for a disk. A reload of the configuration reads them again. Comments and types are
removed from the page's own modules, because only developers need them.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from .javascript import without_comments

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""A page that shows a model's words runs no script but its own and calls nobody but its server."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = frozenset({".css", ".html", ".js", ".mjs", ".json", ".svg"})


_TAG = re.compile(r'"[^"]*"')
_NO_GZIP = re.compile(r"\s*(x-)?gzip\s*;\s*q=0(\.0*)?\s*", re.I)


@dataclass(frozen=True, slots=True)
class Form:
    """One representation of a file: plain, or compressed in one way."""

    body: bytes
    etag: str
    gzipped: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    content_type: str
    plain: Form
    gzipped: Form | None
    """None where compression does not pay."""

    def form_for(self, accept_encoding: str) -> Form:
        """The best representation for a client that sent this `Accept-Encoding`."""
        codings = accept_encoding.lower().split(",")
        takes = any("gzip" in coding and not _NO_GZIP.fullmatch(coding) for coding in codings)
        return self.gzipped if takes and self.gzipped is not None else self.plain


def names_tag(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names the ETag, alone or in a list, weak or strong (RFC 9110,
    13.1.2)."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def read_assets(root: Path) -> dict[str, Asset]:
    """All files below `root`, keyed by their path relative to it with `/` between the parts."""
    if not root.is_dir():
        return {}
    files = ((file.relative_to(root).as_posix(), file) for file in sorted(root.rglob("*")))
    return {
        name: _read(file, is_own=name.startswith("js/"))
        for name, file in files
        if file.is_file() and "/." not in f"/{name}" and not name.endswith(".d.ts")
    }


def _read(file: Path, is_own: bool) -> Asset:
    """Reads one file. `is_own`: a module of the page itself, rather than a library, whose comments
    hold its licence and are kept."""
    body = file.read_bytes()
    if is_own and file.suffix == ".js":
        body = without_comments(body.decode()).encode()
    digest = hashlib.sha256(body).hexdigest()[:32]
    gzipped = None
    if file.suffix in _COMPRESSIBLE:
        gzipped = Form(gzip.compress(body, 9, mtime=0), f'"{digest}-gz"', gzipped=True)
    content_type = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    return Asset(
        content_type or "application/octet-stream",
        Form(body, f'"{digest}"'),
        gzipped if gzipped is not None and len(gzipped.body) < len(body) else None,
    )
