"""Builds what is shipped of the page: its modules in one file, its styles in one, both minified.

    python tools/build_page.py

esbuild, which tools/vendor_page.py has brought from npm, makes static/built of static/index.html,
static/css and static/js; source maps lead back to these. `made_of.json` has the SHA-256 of every
file that was used, and is written last: the gateway serves what is built only while it agrees.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

from npm import ROOT, npm

STATIC = ROOT / "static"
BUILT = STATIC / "built"
INDEX = STATIC / "index.html"

STYLES = re.compile(r'( *<link rel="stylesheet" href="/static/(css/[\w.]+)">\n)+')
MODULES = re.compile(r' *<link rel="modulepreload" href="/static/js/[\w./]+">\n')
SCRIPT = re.compile(r'src="/static/js/(early|main)\.js"')


def built_index(source: str) -> str:
    """The page that loads what is built: one style sheet, no module but main.js."""
    page = STYLES.sub('    <link rel="stylesheet" href="/static/built/page.css">\n', source)
    return SCRIPT.sub(r'src="/static/built/\1.js"', MODULES.sub("", page))


def esbuild(*arguments: str) -> bool:
    """Whether it ran without an error."""
    usual = ("--bundle", "--minify", "--sourcemap", "--log-level=warning", f"--outdir={BUILT}")
    # npm's exec, because the program has another name on each system.
    status = npm("exec", "--offline", "--", "esbuild", *usual, *arguments, may_install=False)
    return bool(status == 0)


def build() -> bool:
    """Makes static/built anew. Without a whole build there is none."""
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir()
    source = INDEX.read_text(encoding="utf-8")
    sheets = re.findall(r'rel="stylesheet" href="/static/(css/[\w.]+)"', source)
    entry = BUILT / "page.css"
    entry.write_text("".join(f'@import "../{sheet}";\n' for sheet in sheets), encoding="utf-8")
    scripts = [str(STATIC / "js" / name) for name in ("early.js", "main.js")]
    done = esbuild("--format=esm", *scripts) and esbuild("--allow-overwrite", str(entry))
    if not done or not (BUILT / "main.js").exists():
        shutil.rmtree(BUILT)
        return False
    (BUILT / "index.html").write_text(built_index(source), encoding="utf-8")
    used = [INDEX, *(STATIC / sheet for sheet in sheets), *sorted((STATIC / "js").rglob("*.js"))]
    made_of = {file.relative_to(STATIC).as_posix(): digest(file) for file in used}
    (BUILT / "made_of.json").write_text(json.dumps(made_of, indent=1), encoding="utf-8")
    return True


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    if not build():
        print("The page could not be built: it loads its modules one by one.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
