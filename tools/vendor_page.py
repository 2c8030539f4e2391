"""Brings the chat page's libraries from npm into static/vendor, as package-lock.json pins them.

    python tools/vendor_page.py [--dev] [--installed-npm]

npm is found, or brought, by tools/npm.py; with `--installed-npm` it is not brought. No script of a
package is run. What is shipped is then built (tools/build_page.py). Where there is no npm, or no
network, it says so and leaves no vendor directory: the page then chats in plain text.
`static/vendor/.made` marks a complete copy, and `node_modules/.dev` that the tools which check the
page, which `--dev` brings, are there too.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
from pathlib import Path

from build_page import RUN_ESBUILD
from build_page import main as build
from npm import ROOT, npm

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")

LARGE_BYTES = 100_000
"""What is larger is compressed here, not whenever the gateway starts."""

PDF = "pdfjs-dist"
HIGHLIGHT = "@highlightjs/cdn-assets"
LANGUAGES = (
    "bash c clojure cmake cpp csharp css dart diff dockerfile elixir elm erlang fortran fsharp go "
    "gradle graphql groovy haskell http ini java javascript json julia kotlin latex less lisp lua "
    "makefile markdown matlab nginx nim nix objectivec ocaml perl php powershell prolog properties "
    "protobuf python r ruby rust scala scheme scss shell sql swift tcl typescript vbnet verilog "
    "vim wasm x86asm xml yaml"
).split()
"""Those that models write; js/markdown/code_colours.js knows their other names."""


def files() -> dict[str, str]:
    """Where each file comes from (below node_modules) and goes to (below static/vendor)."""
    chosen = {
        "marked/lib/marked.esm.js": "marked.js",
        "marked/LICENSE": "licences/marked.txt",
        f"{HIGHLIGHT}/es/core.min.js": "highlight/core.js",
        f"{HIGHLIGHT}/LICENSE": "licences/highlight.txt",
        "katex/dist/katex.min.js": "katex/katex.js",
        "katex/dist/katex.min.css": "katex/katex.css",
        "katex/LICENSE": "licences/katex.txt",
        "@mermaid-js/tiny/dist/mermaid.tiny.js": "mermaid.js",
        "@mermaid-js/tiny/LICENSE": "licences/mermaid.txt",
        f"{PDF}/LICENSE": "licences/pdf.txt",
        f"{PDF}/cmaps/LICENSE": "licences/pdf-cmaps.txt",
    }
    for name in LANGUAGES:
        chosen[f"{HIGHLIGHT}/es/languages/{name}.min.js"] = f"highlight/{name}.js"
    for font in sorted((MODULES / "katex/dist/fonts").glob("*.woff2")):
        chosen[f"katex/dist/fonts/{font.name}"] = f"katex/fonts/{font.name}"
    for table in sorted((MODULES / PDF / "cmaps").glob("*.bcmap")):
        chosen[f"{PDF}/cmaps/{table.name}"] = f"pdf/tables/{table.name}"
    for decoder in ("jbig2", "openjpeg", "qcms_bg"):
        chosen[f"{PDF}/wasm/{decoder}.wasm"] = f"pdf/tables/{decoder}.wasm"
    for licence in sorted((MODULES / PDF / "wasm").glob("LICENSE_*")):
        name = licence.name.removeprefix("LICENSE_").lower()
        if "quickjs" not in name:
            chosen[f"{PDF}/wasm/{licence.name}"] = f"licences/pdf-{name}.txt"
    return chosen


SCRIPTS = {
    "pdf.min.mjs": "pdf/pdf.js",
    "pdf.worker.min.mjs": "pdf/worker.js",
    "pdf.renderer.min.mjs": "pdf/renderer.js",
}
"""Modules of pdf.js, in the edition for older browsers too, that become scripts: Chromium starts no
worker of a module in a frame without an origin."""


def make_script(source: Path, target: Path) -> None:
    script = ("--format=iife", '--define:import.meta.url=""', "--minify", "--log-level=warning")
    npm(*RUN_ESBUILD, str(source), *script, f"--outfile={target}", may_install=False)


def copy() -> None:
    """Fills static/vendor anew; `.made` is written last."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in files().items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, VENDOR / target)
    for module, target in SCRIPTS.items():
        make_script(MODULES / PDF / "legacy/build" / module, VENDOR / target)
    for file in sorted(VENDOR.rglob("*.js")):
        if file.stat().st_size > LARGE_BYTES:
            packed = gzip.compress(file.read_bytes(), 9, mtime=0)
            file.with_name(f"{file.name}.gz").write_bytes(packed)
    (VENDOR / ".made").touch()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dev", action="store_true", help="the tools that check the page, too")
    parser.add_argument("--installed-npm", action="store_true", help="bring no npm from PyPI")
    wanted = parser.parse_args()
    # npm empties node_modules first: who had the developers' tools gets them again.
    with_tools = wanted.dev or (MODULES / ".dev").exists()
    extent = () if with_tools else ("--omit=dev",)
    if npm(*INSTALL, *extent, may_install=not wanted.installed_npm) != 0:
        print("npm is missing or failed: the page will show plain text.", file=sys.stderr)
        return 0
    copy()
    build()
    if with_tools:
        (MODULES / ".dev").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
