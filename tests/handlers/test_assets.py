"""`handlers.assets`: the page's files as they are served."""

from __future__ import annotations

import gzip
from pathlib import Path

from tornado_ollama.handlers.assets import read_assets


def test_files_are_read_with_type_etag_and_compressed_form(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    script = b"export const one = 1;\n" * 50
    (tmp_path / "js" / "one.js").write_bytes(script)
    asset = read_assets(tmp_path)["js/one.js"]
    assert asset.content_type == "text/javascript; charset=utf-8"
    assert asset.gzipped is not None and gzip.decompress(asset.gzipped) == script
    assert asset.etag.startswith('"') and asset.etag.endswith('"')


def test_pictures_are_not_compressed_and_hidden_files_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG" * 100)
    (tmp_path / ".secret").write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    assets = read_assets(tmp_path)
    assert list(assets) == ["a.png"] and assets["a.png"].gzipped is None


def test_a_page_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    assert read_assets(tmp_path / "missing") == {}
