"""The page's service worker as it is sent: what it keeps for the time without a server, and the
script of `static/js/worker.js`, which does the keeping.

The list of files changes with every version of the page, and so do the worker's bytes: browsers
compare them, and install a worker anew that is another. Each file stands with its digest
(https://www.w3.org/TR/SRI/), so that a worker never keeps a file of another version.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping

WORKER = "js/worker.js"
"""Where it lies below `static/`."""

WORKER_HEADERS = {
    # It lies below /static/ and yet is to answer for the page, which is at `/`.
    "Service-Worker-Allowed": "/",
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
}
"""A worker that can fetch from its own server and load no further script."""

_LEFT_OUT = (".map", ".webmanifest", "made_of.json")
_LEFT_OUT_BELOW = (
    "icons/",  # the browser asks for them when the page is installed
    "frames/",  # those without an origin are none of a worker's
    "vendor/licences/",
    # Of use in those frames only, and each as large as all the rest.
    "vendor/mermaid.js",
    "vendor/pdf/",
)


def worker_script(
    source: bytes,
    version: str,
    page: str,
    tag: str,
    bodies: Mapping[str, bytes],
    unused: Collection[str],
) -> bytes:
    """`source` behind the list of what it keeps of `version`.

    `page`: the file that is sent at `/`; `tag`: how its ETag begins, by which the worker knows the
    page of its own version; `bodies`: of all files, by their path below `static/`; `unused`: those
    that the page never asks for, because it is built of them."""
    kept = {
        name: _integrity(body)
        for name, body in bodies.items()
        if name not in unused
        and name != WORKER
        and not name.endswith(_LEFT_OUT)
        and not name.startswith(_LEFT_OUT_BELOW)
    }
    release = {"version": version, "page": page, "tag": tag, "files": kept}
    return f"self.RELEASE = {json.dumps(release, indent=0)};\n".encode() + source


def _integrity(body: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(body).digest()).decode()
