"""`handlers.assets`: the page's files as they are served."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.handlers.assets import names_tag, read_assets


def test_files_are_read_with_type_etag_and_compressed_form(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    script = b"export const one = 1;\n" * 50
    (tmp_path / "js" / "one.js").write_bytes(script)
    asset = read_assets(tmp_path).files["js/one.js"]
    assert asset.content_type == "text/javascript; charset=utf-8"
    assert asset.plain.body == script
    assert asset.gzipped is not None and gzip.decompress(asset.gzipped.body) == script
    for tag in (asset.plain.etag, asset.gzipped.etag):
        assert tag.startswith('"') and tag.endswith('"')
    assert asset.plain.etag != asset.gzipped.etag


def test_a_file_is_compressed_once_and_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed: list[bytes] = []

    def compress(body: bytes, *_: Any, **more: Any) -> bytes:
        compressed.append(body)
        return b"short"

    monkeypatch.setattr(gzip, "compress", compress)
    (tmp_path / "a.js").write_bytes(b"x" * 500)
    asset = read_assets(tmp_path).files["a.js"]
    asset.form_for("br")
    assert compressed == []
    assert asset.form_for("gzip") is asset.form_for("gzip")
    assert compressed == [b"x" * 500]
    (tmp_path / "a.js").write_bytes(b"x" * 100_000)
    large = read_assets(tmp_path).files["a.js"]
    assert len(compressed) == 2
    assert large.form_for("gzip").body == b"short" and len(compressed) == 2


@pytest.mark.parametrize(
    ("accepted", "gzipped"),
    [
        *(("gzip", True), ("br, GZIP", True), ("deflate, gzip;q=0.5", True), ("x-gzip", True)),
        *(("", False), ("identity", False), ("br", False)),
        *(("gzip;q=0", False), ("br, gzip ; q=0.000", False)),
    ],
)
def test_the_compressed_form_is_for_those_who_take_it(
    tmp_path: Path, accepted: str, gzipped: bool
) -> None:
    (tmp_path / "a.js").write_bytes(b"x" * 500)
    assert read_assets(tmp_path).files["a.js"].form_for(accepted).gzipped is gzipped


@pytest.mark.parametrize(
    ("header", "named"),
    [
        *(('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ('"b","a"', True), ("*", True)),
        *(("", False), ('"b"', False), ('"a-gz"', False), ("a", False), ('"*"', False)),
    ],
)
def test_a_tag_is_found_alone_in_a_list_and_weak(header: str, named: bool) -> None:
    assert names_tag(header, '"a"') is named


def test_comments_are_left_out_of_the_pages_own_modules_only(tmp_path: Path) -> None:
    for name in ("js", "vendor"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.js").write_bytes(b"// Why.\nlet a = 1;\n")
    (tmp_path / "js" / "types.d.ts").write_bytes(b"export type One = 1;\n")
    assets = read_assets(tmp_path).files
    assert set(assets) == {"js/a.js", "vendor/a.js"}
    assert assets["js/a.js"].plain.body == b"\nlet a = 1;\n"
    assert assets["vendor/a.js"].plain.body == b"// Why.\nlet a = 1;\n"
    assert assets["js/a.js"].plain.etag != assets["vendor/a.js"].plain.etag


def test_pictures_are_not_compressed_and_hidden_files_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG" * 100)
    (tmp_path / ".secret").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    assets = read_assets(tmp_path).files
    assert list(assets) == ["a.png"] and assets["a.png"].gzipped is None


def test_a_page_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    assert read_assets(tmp_path / "missing").page is None


def test_the_page_names_its_files_by_a_version_that_changes_with_any_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text('<script src="/static/a.js"></script>')
    versions = []
    for body in ("let a = 1;", "let a = 2;"):
        (tmp_path / "a.js").write_text(body)
        assets = read_assets(tmp_path)
        assert assets.page is not None
        assert (
            assets.page.plain.body.decode()
            == f'<script src="/static/@{assets.version}/a.js"></script>'
        )
        asset, is_fixed = assets.find(f"@{assets.version}/a.js")
        assert asset is not None and asset.plain.body.decode() == body and is_fixed
        versions.append(assets.version)
    assert versions[0] != versions[1]
    asset, is_fixed = assets.find(f"@{versions[0]}/a.js")
    assert asset is not None and asset.plain.body == b"let a = 2;" and not is_fixed
    assert assets.find("a.js") == (asset, False)


@pytest.mark.parametrize(
    ("made_of", "shown"),
    [
        (f'{{"js/a.js": "{hashlib.sha256(b"let a;").hexdigest()}"}}', b"built"),
        ('{"js/a.js": "another digest"}', b"plain"),
        ('{"js/gone.js": "x"}', b"plain"),
        ("[]", b"plain"),
        ("{", b"plain"),
        (None, b"plain"),
    ],
)
def test_a_built_page_is_shown_while_it_is_made_of_what_is_there(
    tmp_path: Path, made_of: str | None, shown: bytes
) -> None:
    for name in ("js", "built"):
        (tmp_path / name).mkdir()
    (tmp_path / "js" / "a.js").write_text("let a;")
    (tmp_path / "index.html").write_text("plain")
    (tmp_path / "built" / "index.html").write_text("built")
    if made_of is not None:
        (tmp_path / "built" / "made_of.json").write_text(made_of)
    assets = read_assets(tmp_path)
    assert assets.page is not None and assets.page.plain.body == shown
    assert any(name.startswith("built/") for name in assets.files) == (shown == b"built")


def test_only_what_reaches_nothing_may_be_framed(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    frames = ("frames/preview.html", "frames/pdf.html")
    for name in ("index.html", "frames/other.html", *frames, "a.js"):
        (tmp_path / name).write_bytes(b"<p>x")
    files = read_assets(tmp_path).files
    policy = "Content-Security-Policy"
    for name in ("index.html", "frames/other.html"):
        page = files[name].headers[policy]
        assert "frame-ancestors 'none'" in page and "frame-src 'self'" in page
        assert "microphone=(self)" in files[name].headers["Permissions-Policy"]
    for name in frames:
        frame = files[name].headers[policy]
        assert "frame-ancestors 'self'" in frame
        assert frame.startswith("sandbox allow-scripts; default-src 'none'; script-src 'unsafe-i")
        assert "'self'" not in frame.replace("frame-ancestors 'self'", "")
        assert "microphone=()" in files[name].headers["Permissions-Policy"]
        assert "connect-src" not in frame and "'unsafe-eval'" not in frame
    assert ("worker-src blob:;" in frame) and "img-src" not in frame
    assert files["a.js"].headers == {}


def test_a_library_is_sent_as_it_was_compressed_before(tmp_path: Path) -> None:
    (tmp_path / "large.js").write_bytes(b"x" * 1000)
    packed = gzip.compress(b"x" * 1000, 1)
    (tmp_path / "large.js.gz").write_bytes(packed)
    files = read_assets(tmp_path).files
    assert set(files) == {"large.js"}
    gzipped = files["large.js"].gzipped
    assert gzipped is not None and gzipped.body == packed
