"""Which tests stay together when several processes share them out (pytest-xdist), and in which
order.

xdist's own `xdist_group` does not reach pytest 9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling

PAGE = "tests/browser/"
"""Tests of the page: each file is a group of its own, so that no process has them all. A process
starts its browsers when it gets its first file and ends them before its first test of anything
else, so these files are given out one after the other."""

OTHER_BROWSERS = f"{PAGE} in Firefox and WebKit"
"""The tests of the page, of whichever file, that name one of these: to start both takes five
seconds, which one process pays for all."""

GROUPS = {
    "model": (
        *("tests/embedded/", "tests/clients/"),
        *("tests/openai/test_embedded_model.py", "tests/responses/test_embedded_model.py"),
        "tests/anthropic/test_embedded_model.py",
        *("tests/agents/test_embedded_model.py", "tests/openai/test_snippets.py"),
        *("tests/openai/test_sdk.py", "tests/openai/test_langchain.py"),
        *("tests/responses/test_sdk.py", "tests/responses/test_langchain.py"),
        *("tests/responses/test_agents.py", "tests/anthropic/test_frameworks.py"),
        *("tests/anthropic/test_sdk.py", "tests/anthropic/test_token_count.py"),
        *("tests/wire/openai/test_fields.py", "tests/wire/responses/test_fields.py"),
        *("tests/wire/anthropic/test_fields.py", "tests/wire/anthropic/test_models.py"),
    ),
    "schemas": (
        *("tests/test_sbom.py", "tests/test_settings_files.py", "tests/deploy/test_kubernetes.py"),
    ),
}
"""The tests that use what is started or imported once: the process with the model, what Node needs
and the SDKs, which take four seconds; jsonschema, which takes one. A group may take minutes, in
which nothing of it can be shared out: it is begun before all else."""

WEIGHTS = Path(__file__).with_name("weights.json")
"""The seconds that each file of tests took (`make weights`). They decide only the order."""

UNKNOWN_S = 0.5
"""Each test of a file that has no weight yet: such a file is begun early."""

PART_S = 2.0
"""Other tests than those of a group are given out in parts that take about so long: short enough
that all processes end together, long enough that giving them out costs nothing."""


def group(test: str) -> str | None:
    """Of a test's id, as pytest has it; None for one that may run anywhere."""
    for name, places in GROUPS.items():
        if test.startswith(places):
            return name
    if not test.startswith(PAGE):
        return None
    return OTHER_BROWSERS if re.search("firefox|webkit", test) else file_of(test)


def file_of(test: str) -> str:
    return test.partition("::")[0]


class Parts:
    """The tests of a run in the parts in which they are given out, and the seconds of each."""

    def __init__(self, tests: Iterable[str], weights: Mapping[str, float]) -> None:
        files: dict[str, list[str]] = {}
        for test in tests:
            files.setdefault(file_of(test), []).append(test)
        self.of: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        for file, inside in files.items():
            each_s = weights.get(file, UNKNOWN_S * len(inside)) / len(inside)
            for name, test in zip(_names(inside, each_s), inside, strict=True):
                self.of[test] = name
                self.seconds[name] = self.seconds.get(name, 0.0) + each_s

    def rank(self, part: str) -> tuple[bool, bool, float]:
        """The greatest is given out first."""
        return part in GROUPS, part.startswith(PAGE), self.seconds[part]


def _names(tests: list[str], each_s: float) -> Iterator[str]:
    size = max(int(PART_S / each_s), 1) if each_s else len(tests)
    for number, test in enumerate(tests):
        yield group(test) or f"{file_of(test)}, part {number // size}"


class InParts(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Gives each process that has nothing left the first of the parts that are left: a group, a
    file of tests of the page, or another part, and of each kind what takes longest."""

    def schedule(self) -> None:
        if self.collection is None:
            tests = next(iter(self.registered_collections.values()))
            self._parts = Parts(tests, json.loads(WEIGHTS.read_text(encoding="utf-8")))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._parts.of[nodeid]

    def _assign_work_unit(self, node: Any) -> None:
        longest = max(self.workqueue, key=self._parts.rank)
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


def tell_less(interactor: Any) -> None:
    """Lets a process of a run (xdist's `WorkerInteractor`) tell of a test that passes no more than
    that: its beginning and end, its set-up and tear-down are work for the process that listens."""
    tell = interactor.sendevent

    def told(name: str, **kwargs: Any) -> None:
        if name == "testreport":
            report = kwargs["data"]
            if report["outcome"] == "passed" and report["when"] != "call":
                return
        if name not in ("logstart", "logfinish"):
            tell(name, **kwargs)

    interactor.sendevent = told


def seconds_by_file(reports: Iterable[Any]) -> dict[str, float]:
    """Of each file of tests, by its tests' reports; for `WEIGHTS`."""
    found: dict[str, float] = {}
    for report in reports:
        if hasattr(report, "duration"):
            file = file_of(report.nodeid)
            found[file] = found.get(file, 0.0) + report.duration
    return {file: round(seconds, 2) for file, seconds in sorted(found.items())}
