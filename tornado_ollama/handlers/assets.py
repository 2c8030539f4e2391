"""The page's files with the headers that browsers get, read once at the start.

They are small, so they stay in memory, with a strong ETag for each form; a request never waits for
a disk. A small file is compressed when a browser first asks for it, since most are never asked for.
A reload of the configuration reads them again. Comments and types are removed from the page's own
modules, because only developers need them.

What `make page` has built of these files (tools/build_page.py) is served while it was made of the
very files that lie beside it; else the page loads its modules one by one.

The page names its files below `/static/@VERSION/`, where VERSION is a digest of all of them: what
is there never changes, so that browsers ask for it once.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .javascript import without_comments
from .service_worker import WORKER, WORKER_HEADERS, worker_script

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; frame-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types service-worker"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    # For dictation, which is the browser's; it asks the reader.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}
"""A page that shows a model's words runs no script but its own and calls nobody but its server. Its
one policy of trusted types gives one address, that of its worker (static/js/ui/worker.js)."""

_FRAME_POLICY = (
    "sandbox allow-scripts; default-src 'none'; {allowed}"
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def _frame_headers(allowed: str) -> Mapping[str, str]:
    return {
        "Content-Security-Policy": _FRAME_POLICY.format(allowed=allowed),
        "Referrer-Policy": "no-referrer",
        "X-DNS-Prefetch-Control": "off",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


FRAME_HEADERS = {
    "frames/preview.html": _frame_headers(
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
        "font-src data:; media-src data: blob:; "
    ),
    "frames/pdf.html": _frame_headers(
        "script-src 'unsafe-inline' 'wasm-unsafe-eval'; worker-src blob:; "
    ),
}
"""Of the frames in which a model's HTML comes to life and a reader's PDF is taken apart: they have
no origin and reach nobody. The page's own policy (`frame-src`) keeps them from going elsewhere."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
PAGE = "index.html"
BUILT = "built/"
"""Where the built page lies; its `made_of.json` has the SHA-256 of each file it was made of."""

BUILT_PAGE = f"{BUILT}{PAGE}"

PACKED = ".gz"
"""Of a large library, which `make page` has compressed so that no gateway has to."""

SMALL_BYTES = 64 * 1024
"""Up to this a file is compressed within some 4 ms, for which the event loop stands still once."""

STATIC_URL = "/static/"
_VERSION = re.compile(r"@([0-9a-f]+)/")

_COMPRESSIBLE = frozenset({".css", ".html", ".js", ".mjs", ".json", ".svg", ".webmanifest"})


_TAG = re.compile(r'"[^"]*"')
_NO_GZIP = re.compile(r"\s*(x-)?gzip\s*;\s*q=0(\.0*)?\s*", re.I)


@dataclass(frozen=True, slots=True)
class Form:
    """One representation of a file: plain, or compressed in one way."""

    body: bytes
    etag: str
    gzipped: bool = False


@dataclass(frozen=True)
class Asset:
    """A file of the page in its two forms, and how it is sent."""

    content_type: str
    plain: Form
    packed: bytes | None
    """What was compressed before; None for what is to be compressed here."""
    compressible: bool
    headers: Mapping[str, str]
    """What it is sent with besides: for documents and the worker, what they may do."""

    @cached_property
    def gzipped(self) -> Form | None:
        """The compressed form; None where compression does not pay."""
        if not self.compressible:
            return None
        body = self.packed or gzip.compress(self.plain.body, 9, mtime=0)
        if len(body) >= len(self.plain.body):
            return None
        return Form(body, f'{self.plain.etag[:-1]}-gz"', gzipped=True)

    def form_for(self, accept_encoding: str) -> Form:
        """The best representation for a client that sent this `Accept-Encoding`."""
        codings = accept_encoding.lower().split(",")
        takes = any("gzip" in coding and not _NO_GZIP.fullmatch(coding) for coding in codings)
        return (self.gzipped if takes else None) or self.plain


def names_tag(if_none_match: str, etag: str) -> bool:
    """Whether `If-None-Match` names the ETag, alone or in a list, weak or strong (RFC 9110,
    13.1.2)."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


@dataclass(frozen=True, slots=True)
class Assets:
    """The files, keyed by their path relative to `static/` with `/` between the parts."""

    files: Mapping[str, Asset]
    version: str
    """A digest of all of them."""

    @property
    def page(self) -> Asset | None:
        """The page: built, where there is such a one, else with its modules as they are."""
        return self.files.get(BUILT_PAGE) or self.files.get(PAGE)

    def find(self, path: str) -> tuple[Asset | None, bool]:
        """The file at `path`, which may begin with a version, and whether what that address names
        stays the same for ever. Under another version it is the file as it is now: a page that was
        opened before an update still gets what it asks for later."""
        version = _VERSION.match(path)
        name = path if version is None else path[version.end() :]
        asset = self.files.get(name)
        return asset, version is not None and version[1] == self.version


def read_assets(root: Path) -> Assets:
    """All files below `root` that are served; none where there is no such directory."""
    named = {file.relative_to(root).as_posix(): file for file in sorted(root.rglob("*"))}
    sources = _sources_of_built(root)
    skips = (BUILT,) if sources is None else ()
    files = {
        name: _read(name, file)
        for name, file in named.items()
        if file.is_file()
        and "/." not in f"/{name}"
        and not name.endswith((".d.ts", PACKED))
        and not name.startswith(skips)
    }
    tags = "".join(f"{name} {asset.plain.etag}\n" for name, asset in files.items())
    version = hashlib.sha256(tags.encode()).hexdigest()[:16]
    for name, asset in files.items():
        if name.endswith(".html"):
            body = asset.plain.body.replace(
                f'"{STATIC_URL}'.encode(), f'"{STATIC_URL}@{version}/'.encode()
            )
            files[name] = _asset(name, body)
    page = BUILT_PAGE if BUILT_PAGE in files else PAGE
    if WORKER in files and page in files:
        bodies = {name: asset.plain.body for name, asset in files.items()}
        tag = files[page].plain.etag.strip('"')
        script = worker_script(bodies[WORKER], version, page, tag, bodies, sources or ())
        files[WORKER] = _asset(WORKER, script)
    return Assets(files, version)


def _sources_of_built(root: Path) -> Collection[str] | None:
    """The files that the built page was made of; None where there is none, or not of the files
    that are there now."""
    try:
        made_of = json.loads((root / BUILT / "made_of.json").read_bytes())
        is_current = all(
            hashlib.sha256((root / name).read_bytes()).hexdigest() == digest
            for name, digest in made_of.items()
        )
    except (OSError, ValueError, AttributeError):
        return None
    return frozenset(made_of) if is_current else None


def _read(name: str, file: Path) -> Asset:
    """Reads one file. A module of the page itself is without its comments; those of a library hold
    its licence and are kept."""
    body = file.read_bytes()
    if name.startswith("js/") and file.suffix == ".js":
        body = without_comments(body.decode()).encode()
    packed = file.with_name(file.name + PACKED)
    return _asset(name, body, packed.read_bytes() if packed.is_file() else None)


def _asset(name: str, body: bytes, packed: bytes | None = None) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:32]
    suffix = Path(name).suffix
    headers: Mapping[str, str] = {}
    if suffix == ".html":
        headers = FRAME_HEADERS.get(name, PAGE_HEADERS)
    elif name == WORKER:
        headers = WORKER_HEADERS
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0]
    asset = Asset(
        content_type or "application/octet-stream",
        Form(body, f'"{digest}"'),
        packed,
        suffix in _COMPRESSIBLE,
        headers,
    )
    if len(body) > SMALL_BYTES:
        asset.form_for("gzip")  # compresses it now
    return asset
