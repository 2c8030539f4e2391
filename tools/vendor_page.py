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

from build_page import main as build
from npm import ROOT, npm

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")

LARGE_BYTES = 300_000
"""What is larger is compressed here, not whenever the gateway starts."""

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
    }
    for name in LANGUAGES:
        chosen[f"{HIGHLIGHT}/es/languages/{name}.min.js"] = f"highlight/{name}.js"
    for font in sorted((MODULES / "katex/dist/fonts").glob("*.woff2")):
        chosen[f"katex/dist/fonts/{font.name}"] = f"katex/fonts/{font.name}"
    return chosen


def copy() -> None:
    """Fills static/vendor anew; `.made` is written last."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in files().items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, VENDOR / target)
        body = (VENDOR / target).read_bytes()
        if len(body) > LARGE_BYTES:
            (VENDOR / f"{target}.gz").write_bytes(gzip.compress(body, 9, mtime=0))
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
