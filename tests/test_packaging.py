"""What is built from the sources has the page and the default configuration in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tornado_ollama.services import TEMPLATES as BY_SYSTEM

ROOT = Path(__file__).parent.parent
TEMPLATES = tuple(BY_SYSTEM.values())

NOT_COPIED = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules", "vendor", "built", "images"
)
NPM = f"""#!{sys.executable}
import json, sys
sys.path.insert(0, "tools")
from build_page import BUILT
from vendor_page import MODULES, files
for name in ("main.js", "main.js.map", "early.js", "page.css") if "exec" in sys.argv else ():
    (BUILT / name).write_text("from esbuild")
outputs = {{"static/built/main.js": {{"inputs": {{"static/js/main.js": {{}}}}}}}}
if "--splitting" in sys.argv:
    (BUILT / "outputs.json").write_text(json.dumps({{"outputs": outputs}}))
for name in files():
    (MODULES / name).parent.mkdir(parents=True, exist_ok=True)
    (MODULES / name).write_text("from npm")
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A clone in which `make page` has not been called."""
    return Path(shutil.copytree(ROOT, tmp_path / "clone", ignore=NOT_COPIED))


def build(kind: str, sources: Path, out: Path, path: Path | None = None) -> Path:
    """What the build backend makes of the sources, without a network; `path` is its PATH."""
    script = f"from setuptools.build_meta import *; build_{kind}({str(out)!r})"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=sources,
        env=dict(os.environ, PATH=str(path or out)),
        check=True,
        capture_output=True,
    )
    [built] = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for npm is a script")
def test_a_wheel_from_a_source_distribution_has_the_whole_page(
    sources: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "npm").write_text(NPM)
    (programs / "npm").chmod(0o755)
    (programs / "node").write_text("#!/bin/sh\necho v24.0.0\n")
    (programs / "node").chmod(0o755)
    archive = build("sdist", sources, tmp_path, programs)
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
        opened.extractall(tmp_path / "unpacked", filter="data")
    assert {"static/built/main.js", "static/built/made_of.json"} <= names
    assert {"MANIFEST.in", "Makefile", "package-lock.json", "tests/conftest.py"} <= names
    assert not any("node_modules" in name or name.endswith(".pyc") for name in names)

    [unpacked] = (tmp_path / "unpacked").iterdir()
    with zipfile.ZipFile(build("wheel", unpacked, tmp_path)) as wheel:
        names = set(wheel.namelist())
        shipped = "tornado_ollama/_shipped"
        for name in ("config.yaml", "config.schema.json", *(f"deploy/{t}" for t in TEMPLATES)):
            assert wheel.read(f"{shipped}/{name}") == (ROOT / name).read_bytes()
        page = wheel.read(f"{shipped}/static/index.html")
        assert page == (ROOT / "static" / "index.html").read_bytes()
        assert wheel.read(f"{shipped}/static/vendor/marked.js") == b"from npm"
        assert wheel.read(f"{shipped}/static/built/main.js") == b"from esbuild"
        assert b'src="/static/built/main.js"' in wheel.read(f"{shipped}/static/built/index.html")
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("tornado_ollama/**/*.py")}
    assert modules <= names
    assert not any(name.startswith(("tests/", "tools/")) for name in names)


def test_a_build_without_the_pages_libraries_says_so(sources: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q", "build_py", "--build-lib", "out"],
        cwd=sources,
        env=dict(os.environ, PATH=str(tmp_path)),
        check=True,
        capture_output=True,
    )
    assert b"The page's libraries are missing" in done.stderr
    assert (sources / "out" / "tornado_ollama" / "_shipped" / "static" / "index.html").exists()
