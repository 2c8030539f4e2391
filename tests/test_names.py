"""What docstrings, comments and pages name is there: files, modules, the order of imports.

A file may be named by the end of its path (`wire/headers.py`); the docstring of a package names its
own modules. Documents that do not come with the project are not named.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_imports import ROOMS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tornado_ollama"
DIRECTORIES = ("bench", "deploy", "docs", "examples", "static", "tests", "tools", PACKAGE.name)
NOT_OURS = {"built", "vendor", "node_modules", "failures", "__pycache__"}

SUFFIXES = "py js mjs css html md yaml json jsonl cfg toml conf service"
FILE = re.compile(
    rf"(?<![\w./*{{}}<>$~-])[./]*([\w./-]+\.(?:{SUFFIXES.replace(' ', '|')}))(?![\w/(])"
)
MODULE = re.compile(r"(?<![\w./-])((?:tornado_ollama|tests|tools|bench)(?:\.[A-Za-z_]\w*)+)")
INSTALLED = re.compile(r"(?:app|etc|home|opt|private|usr|var|Library|LaunchAgents|LaunchDaemons)/")
"""What begins the path of a file on the reader's machine."""
IN_CODE = re.compile(r"`([a-z_]+)`")
OUTSIDE = re.compile(r"\bcontract,? \(?(?:sections? )?\d|\bissue[: #]+\d")
ROW = re.compile(r"^\| `(\w+)/` \|(.*)\|$", re.M)
CHAIN = re.compile(r"\w+(?: -> \w+){4,}")

ELSEWHERE = {
    "Node.js",
    *("sbom.cdx.json", "dist/sbom.cdx.json", "Support/tornado-ollama/config.yaml"),
    "deploy/config.yaml",
    "highlight.js",
    "pdf.js",
    "made_of.json",
    "VERSION/NAME.json",
    "tests/transcripts/VERSION/NAME.json",
    *("hello.json", "conversations.json"),
    *("extra-openai-models.yaml", "opencode.json", "crush.json", "librechat.yaml"),
}
"""Names of products, and of files that other programs have, this one makes, or a reader writes."""


def ours() -> list[Path]:
    """The files of the project, without what npm brings and tests leave."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for directory in DIRECTORIES:
        found += (path for path in (ROOT / directory).rglob("*") if path.is_file())
    return sorted(p for p in found if not NOT_OURS.intersection(p.relative_to(ROOT).parts))


OURS = ours()
READ = [path for path in OURS if path.suffix in {".py", ".js", ".mjs", ".css", ".md"}]
PATHS = [path.relative_to(ROOT).as_posix() for path in OURS]
PATHS += [path.replace(".d.ts", ".js") for path in PATHS if path.endswith(".d.ts")]
"""TypeScript's declarations are named as the module that they declare."""

ENDS = {
    "/".join(parts[start:])
    for parts in (path.split("/") for path in PATHS)
    for start in range(len(parts))
}
"""The end of every path, from whichever directory on."""


def words(path: Path, text: str) -> Iterator[str]:
    """What of a file is written for people: comments and docstrings, or all of a page."""
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                yield str(node.value.value)
    elif path.suffix == ".md":
        yield text
    else:
        yield from re.findall(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", text, re.S)


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def names_of(path: Path) -> set[str]:
    """The names that a module defines or imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


@functools.cache
def is_module(dotted: str) -> bool:
    """If it is a module or a package, or something that one of them holds."""
    place = ROOT
    for part in dotted.split("."):
        module = place / f"{part}.py"
        if module.is_file():
            return True
        if not (place / part).is_dir():
            package = place / "__init__.py"
            return package.is_file() and part in names_of(package)
        place /= part
    return True


def unknown(package: Path, names: set[str]) -> set[str]:
    """The names of which a text about a package may not speak: they are not its modules, nor what
    these define. A module without such a word is not parsed, as that takes long."""
    modules = list(package.rglob("*.py"))
    names = names - {path.stem for path in modules} - {path.parent.name for path in modules}
    for path in modules:
        if any(name in text_of(path) for name in names):
            names -= names_of(path)
    return names


def _missing(said: str) -> list[str]:
    """The files, documents and modules that are named and not there."""
    files = set(FILE.findall(said)) - ELSEWHERE
    found = [name for name in files if name not in ENDS and not INSTALLED.match(name)]
    found += OUTSIDE.findall(said)
    dotted = {name.removesuffix(".py") for name in MODULE.findall(said)}
    return found + [name for name in dotted if not is_module(name)]


def wrong(path: Path, text: str) -> list[str]:
    """What is named in the text of a file and not there."""
    if path.name != "__init__.py" and not _missing(text):
        return []  # what is written for people is a part of it, and takes long to find
    found = []
    for said in words(path, text):
        found += _missing(said)
        if path.name == "__init__.py":
            files = set(FILE.findall(said)) - ELSEWHERE
            found += [n for n in files if n.endswith(".py") and not (path.parent / n).is_file()]
    if path.name == "__init__.py":
        docstring = ast.get_docstring(ast.parse(text)) or ""
        found += unknown(path.parent, set(IN_CODE.findall(docstring)))
    return found


@pytest.mark.parametrize(
    "directory", sorted({path.parent.relative_to(ROOT) for path in READ}), ids=str
)
def test_what_a_text_names_is_there(directory: Path) -> None:
    texts = [path for path in READ if path.parent == ROOT / directory]
    found = {path.name: wrong(path, path.read_text(encoding="utf-8")) for path in texts}
    assert not {name: missing for name, missing in found.items() if missing}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wire/x.py", '"""As `forced.py` says."""'),
        ("wire/x.py", "# see wire/openai/completion_stream.py"),
        ("wire/x.py", "def f():\n    '''Like tornado_ollama.wire.nothing.'''"),
        ("embedded/__init__.py", '"""`supervisor` starts it; `handlers` are its routes."""'),
        ("embedded/__init__.py", '"""\n    headers.py   is in wire/\n"""'),
        ("x.js", "const a = 1; // js/no_module.js knows the other names"),
        ("wire/x.py", '"""The frames of `/ws` (contract, section 6)."""'),
        ("x.md", "The page is in [one](docs/no-such-page.md)."),
    ],
)
def test_a_name_of_nothing_would_be_seen(name: str, text: str) -> None:
    assert len(wrong(PACKAGE / name, text)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wire/x.py", 'F = "no_such_file.py"'),
        ("wire/x.py", "# wire/headers.py, handlers/base.py and `tornado_ollama.wire.headers.X`"),
        ("embedded/__init__.py", '"""`supervisor` has a `Supervisor`: supervisor.py."""'),
        ("x.js", 'fetch("https://example.org/x.json"); // main.js'),
    ],
)
def test_what_is_there_or_is_no_word_for_people_is_not(name: str, text: str) -> None:
    assert not wrong(PACKAGE / name, text)


@pytest.mark.parametrize(
    ("room", "text"), ROW.findall((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
)
def test_a_room_holds_what_the_architecture_says(room: str, text: str) -> None:
    assert not unknown(PACKAGE / room, set(IN_CODE.findall(text)))


def test_the_pages_agree_on_the_order_of_imports() -> None:
    pages = (path for path in READ if path.suffix == ".md")
    found = {chain for page in pages for chain in CHAIN.findall(page.read_text(encoding="utf-8"))}
    [chain] = {chain for chain in found if chain.startswith("cli ->")}
    rooms = chain.split(" -> ")
    for above, below in zip(rooms, rooms[1:], strict=False):
        assert below in ROOMS[above] and above not in ROOMS[below]
