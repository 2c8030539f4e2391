"""`handlers.service_worker`: what the page's worker is told to keep."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.handlers.assets import Assets, read_assets
from tornado_ollama.resources import STATIC_DIR

SCRIPT = b"(() => {})();\n"
FILES = {
    "index.html": b'<script src="/static/js/main.js"></script>',
    "js/main.js": b"let a;",
    "js/worker.js": SCRIPT,
    "css/late.css": b"p {}",
    "app.webmanifest": b"{}",
    "icons/app.png": b"\x89PNG",
    "frames/preview.html": b"<p>",
    "vendor/pdf/tables/a.bcmap": b"x",
    "vendor/marked.js": b"let b;",
    "vendor/mermaid.js": b"let c;",
    "vendor/licences/marked.txt": b"MIT",
    "built/main.js.map": b"{}",
}


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(body)


def release(assets: Assets) -> dict[str, Any]:
    """What stands above the worker's script."""
    head, _, script = assets.files["js/worker.js"].plain.body.partition(b";\n")
    assert head.startswith(b"self.RELEASE = ")
    assert script == SCRIPT
    listed: dict[str, Any] = json.loads(head.removeprefix(b"self.RELEASE = "))
    return listed


def test_the_worker_keeps_what_the_page_asks_for_with_its_digest(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assets = read_assets(tmp_path)
    listed = release(assets)
    assert listed["version"] == assets.version and listed["page"] == "index.html"
    assert set(listed["files"]) == {"index.html", "js/main.js", "css/late.css", "vendor/marked.js"}
    for name, integrity in listed["files"].items():
        digest = hashlib.sha256(assets.files[name].plain.body).digest()
        assert integrity == "sha256-" + base64.b64encode(digest).decode()
    assert assets.page is not None
    assert f'"{listed["tag"]}' in assets.page.plain.etag
    assert assets.page.gzipped is None or listed["tag"] in assets.page.gzipped.etag


def test_of_a_built_page_its_sources_are_not_kept(tmp_path: Path) -> None:
    write(tmp_path, FILES | {"built/index.html": b"built", "built/main.js": b"let a;"})
    sources = {
        name: hashlib.sha256(FILES[name]).hexdigest() for name in ("index.html", "js/main.js")
    }
    (tmp_path / "built" / "made_of.json").write_text(json.dumps(sources))
    listed = release(read_assets(tmp_path))
    assert listed["page"] == "built/index.html"
    kept = {"built/index.html", "built/main.js", "css/late.css", "vendor/marked.js"}
    assert set(listed["files"]) == kept


def test_the_worker_is_another_whenever_any_file_is(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    before = read_assets(tmp_path).files["js/worker.js"].plain
    (tmp_path / "frames" / "preview.html").write_bytes(b"<p>another")  # one that is not kept
    after = read_assets(tmp_path).files["js/worker.js"].plain
    assert before.body != after.body and before.etag != after.etag


def test_the_worker_may_answer_for_the_page_and_load_no_script(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    files = read_assets(tmp_path).files
    headers = files["js/worker.js"].headers
    assert headers["Service-Worker-Allowed"] == "/"
    assert "default-src 'none'; connect-src 'self'; " in headers["Content-Security-Policy"]
    others = (asset for name, asset in files.items() if name != "js/worker.js")
    assert not any("Service-Worker-Allowed" in asset.headers for asset in others)
    page = files["index.html"].headers["Content-Security-Policy"]
    assert "manifest-src 'self'" in page and "trusted-types service-worker" in page
    assert "worker-src" not in page and "allow-duplicates" not in page


@pytest.mark.parametrize("missing", ["js/worker.js", "index.html"])
def test_without_a_worker_or_a_page_there_is_no_list(tmp_path: Path, missing: str) -> None:
    write(tmp_path, {name: body for name, body in FILES.items() if name != missing})
    files = read_assets(tmp_path).files
    assert missing not in files
    assert all(b"RELEASE" not in asset.plain.body for asset in files.values())


def test_the_manifest_names_files_that_are_there() -> None:
    files = read_assets(STATIC_DIR).files
    asset = files["app.webmanifest"]
    assert asset.content_type == "application/manifest+json"
    manifest = json.loads(asset.plain.body)
    wanted = {"id": "/", "start_url": "/", "scope": "/", "display": "standalone"}
    assert wanted.items() <= manifest.items()
    for icon in manifest["icons"]:
        one = files[icon["src"].removeprefix("/static/")]
        assert one.content_type == icon["type"]
        if one.content_type == "image/png":
            side = int.from_bytes(one.plain.body[16:20])
            assert icon["sizes"] == f"{side}x{side}"
    assert {icon.get("purpose") for icon in manifest["icons"]} == {None, "maskable"}
