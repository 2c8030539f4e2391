"""Imports go one way, and the pure packages stay pure (docs/architecture.md).

Reads the source; also imports inside functions count. A new module or package has to be placed in
BELOW before anything may import it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "tornado_ollama"
NAME = ROOT.name

BELOW: dict[str, set[str]] = {
    "errors": set(),
    "resources": set(),
    "console": set(),
    "logs": {"console"},
    "signals": set(),
    "keepalive": set(),
    "services": set(),
    "sights": set(),
    "connections": {"access"},
    "listen": {"errors", "keepalive"},
    "service_manager": {"errors"},
    "certificates": {"errors", "config"},
    "wire": {"errors"},
    "access": {"errors", "wire"},
    "config": {"errors", "access", "resources"},
    "doctor": {"access", "config"},
    "upstream": {"errors", "access", "keepalive", "wire"},
    "stores": {"errors", "access"},
    "fetching": {"wire"},
    "identity": {"errors", "access", "config", "fetching", "stores"},
    "embedded": {"errors", "wire"},
    "dispatch": {"errors", "access", "wire", "upstream"},
    "telemetry": {"errors", "access", "wire", "upstream", "stores", "dispatch"},
    "handlers": {"errors", "access", "fetching", "wire", "upstream", "dispatch", "telemetry"},
    "socket": {"errors", "access", "wire", "upstream", "dispatch", "telemetry", "handlers"},
    "handler_table": {"errors", "access", "wire", "handlers", "socket"},
    "backend_switch": {"errors", "access", "wire", "upstream", "embedded", "sights"},
}
"""Room: the rooms that it may use. Those that are not here use what `ABOVE` says."""

_all = set(BELOW)
ABOVE: dict[str, set[str]] = {
    "app": _all - {"embedded", "backend_switch"},
    "server": _all - {"embedded", "stores", "identity", "handler_table", "fetching"} | {"app"},
    "commands": _all | {"app", "server"},
    "cli": {"errors", "config", "console", "resources", "signals", "commands"},
    "entry": {"cli"},
    "__main__": {"entry"},
    "__init__": set(),
}
ROOMS = BELOW | ABOVE

PURE = ("wire", "access", "sights", "doctor")
IMPURE = frozenset(
    "asyncio concurrent http io logging multiprocessing os pathlib random select "
    "selectors shutil signal socket ssl subprocess tempfile threading time tornado uuid".split()
)
"""What a pure package does not import: whatever has a clock, a file, a socket or a loop."""


HEAVY = ("cryptography", "dotenv", "jwt", f"{NAME}.access.jws")
"""What takes long to import and most commands do without: it is imported inside functions."""

KEPT_APART = {"access/jws.py", "commands/doctor_local.py"}
"""The modules that import it and are themselves imported inside functions."""


def imports(path: Path, source: str | None = None, *, at_once: bool = False) -> Iterator[str]:
    """The absolute dotted names that a module imports; of a package, also of its members.
    `source` is read instead of the file where it is given; `at_once` leaves out what functions and
    other blocks import."""
    inside = path.relative_to(ROOT.parent).with_suffix("").parts
    tree = ast.parse(source or path.read_text(encoding="utf-8"))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room(dotted: str) -> str | None:
    """The room a dotted name lies in; None for other people's modules and the package itself."""
    package, _, rest = dotted.partition(".")
    first = rest.partition(".")[0]
    return first if package == NAME and first and not first.startswith("__") else None


MODULES = sorted(ROOT.rglob("*.py"))


def of_room(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 40
    assert any(room(name) == "errors" for name in imports(ROOT / "app.py"))


@pytest.mark.parametrize("here", sorted({of_room(path) for path in MODULES}))
def test_a_module_imports_only_what_lies_below_it(here: str) -> None:
    assert here in ROOMS, f"place {here} in BELOW or ABOVE"
    for path in (path for path in MODULES if of_room(path) == here):
        used = {found for name in imports(path) if (found := room(name)) is not None}
        assert used - {here} <= ROOMS[here], path


@pytest.mark.parametrize("here", PURE)
def test_a_pure_module_has_no_clock_file_socket_or_loop(here: str) -> None:
    for path in (path for path in MODULES if of_room(path) == here):
        names = set(imports(path))
        assert not {name.partition(".")[0] for name in names} & IMPURE, path
        assert not {name for name in names if name.startswith("sys.")}, path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert {n.attr for n in read if ast.unparse(n.value) == "sys"} <= {"version_info"}, path
        attributes = {node.attr for node in read}
        # datetime may parse, not tell the time
        assert not attributes & {"now", "utcnow", "today"}, path


def test_what_takes_long_is_imported_where_it_is_needed() -> None:
    for path in MODULES:
        if path.relative_to(ROOT).as_posix() not in KEPT_APART:
            found = {name for name in imports(path, at_once=True) if name.startswith(HEAVY)}
            assert not found, path


SDKS = "agents|anthropic|cyclonedx|jsonschema|kubernetes_validate|langchain\\w*|openai|pydantic_ai"


def test_tests_import_what_few_of_them_use_where_they_use_it() -> None:
    """Each process of a run imports all tests, and would take four seconds more (tests/later.py).
    Those of `tests/agents` are not among them."""
    at_once = re.compile(rf"^(?:import|from) (?:{SDKS})\b", re.M)
    tests = Path(__file__).parent
    found = {
        path.relative_to(tests).as_posix()
        for path in tests.rglob("*.py")
        if at_once.search(path.read_text(encoding="utf-8"))
    }
    assert not {name for name in found if not name.startswith("agents/")}


def test_an_arrow_the_other_way_would_be_seen() -> None:
    """The reader of imports understands every form of them."""
    forms = {
        "import tornado_ollama.handlers.base": "handlers",
        "from tornado_ollama.handlers import base": "handlers",
        "from tornado_ollama import handlers": "handlers",
        "from ..handlers.base import X": "handlers",
        "from .. import handlers": "handlers",
        "def f():\n    from ..app import make_app": "app",
    }
    fake = ROOT / "wire" / "fake.py"
    for text, expected in forms.items():
        assert expected in {room(name) for name in imports(fake, text)}
