"""`handlers.assets`: the page's files as they are served."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tornado_ollama.handlers.assets import names_tag, read_assets


def test_files_are_read_with_type_etag_and_compressed_form(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    script = b"export const one = 1;\n" * 50
    (tmp_path / "js" / "one.js").write_bytes(script)
    asset = read_assets(tmp_path)["js/one.js"]
    assert asset.content_type == "text/javascript; charset=utf-8"
    assert asset.plain.body == script
    assert asset.gzipped is not None and gzip.decompress(asset.gzipped.body) == script
    for tag in (asset.plain.etag, asset.gzipped.etag):
        assert tag.startswith('"') and tag.endswith('"')
    assert asset.plain.etag != asset.gzipped.etag


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
    assert read_assets(tmp_path)["a.js"].form_for(accepted).gzipped is gzipped


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
    assets = read_assets(tmp_path)
    assert set(assets) == {"js/a.js", "vendor/a.js"}
    assert assets["js/a.js"].plain.body == b"\nlet a = 1;\n"
    assert assets["vendor/a.js"].plain.body == b"// Why.\nlet a = 1;\n"
    assert assets["js/a.js"].plain.etag != assets["vendor/a.js"].plain.etag


def test_pictures_are_not_compressed_and_hidden_files_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG" * 100)
    (tmp_path / ".secret").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    assets = read_assets(tmp_path)
    assert list(assets) == ["a.png"] and assets["a.png"].gzipped is None


def test_a_page_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    assert read_assets(tmp_path / "missing") == {}
