"""Builds what is shipped of the page: the modules that it needs at once in one file, those that it
fetches later in files of their own, its styles in one, all minified.

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
from typing import Any

from npm import ROOT, npm

STATIC = ROOT / "static"
BUILT = STATIC / "built"
INDEX = STATIC / "index.html"

RUN_ESBUILD = ("exec", "--offline", "--", "esbuild")
"""By npm's exec, because the program has another name on each system."""

MAIN = STATIC / "js" / "main.js"
"""The page's first module."""

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
    status = npm(*RUN_ESBUILD, *usual, *arguments, may_install=False)
    return bool(status == 0)


def build_modules() -> bool:
    """Makes main.js, and a file for each module that is fetched later. Whether it was done.

    esbuild makes a file for every set of modules that the same entries need: a dozen for the first
    load. Where every module imports main.js (`--inject`), what main.js needs is one set, beside an
    entry that only imports it: that file takes the entry's place.
    """
    record = BUILT / "outputs.json"
    whole = ("--format=esm", "--splitting", f"--inject:{MAIN}", f"--metafile={record}", str(MAIN))
    if not esbuild("--format=esm", str(MAIN.with_name("early.js"))) or not esbuild(*whole):
        return False
    outputs = json.loads(record.read_text(encoding="utf-8"))["outputs"]
    record.unlink()
    needs_main = (Path(name) for name, one in outputs.items() if MAIN in inputs_of(one))
    [first] = {path.name for path in needs_main}
    if first != MAIN.name:
        for suffix in ("", ".map"):
            (BUILT / (first + suffix)).replace(BUILT / (MAIN.name + suffix))
        for file in BUILT.glob("*.js"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(first, MAIN.name), encoding="utf-8")
    return True


def inputs_of(output: dict[str, Any]) -> set[Path]:
    """The source files of one of esbuild's outputs, as its record names them."""
    return {(ROOT / name).resolve() for name in output["inputs"]}


def build() -> bool:
    """Makes static/built anew. Without a whole build there is none."""
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir()
    source = INDEX.read_text(encoding="utf-8")
    sheets = re.findall(r'rel="stylesheet" href="/static/(css/[\w.]+)"', source)
    entry = BUILT / "page.css"
    entry.write_text("".join(f'@import "../{sheet}";\n' for sheet in sheets), encoding="utf-8")
    done = build_modules() and esbuild("--allow-overwrite", str(entry))
    if not done or not (BUILT / MAIN.name).exists():
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
