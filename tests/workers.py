"""Which tests stay together when several processes share them out (pytest-xdist).

Any other test runs wherever there is room. xdist's own `xdist_group` does not reach pytest 9.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

FILE_BY_FILE = "tests/browser/"
"""Tests of the page: each file is a group of its own, so that no process has them all. A process
starts a browser of its own when it gets its first file and keeps it for those that follow."""

GROUPS = {
    "model": (
        *("tests/embedded/", "tests/clients/"),
        *("tests/openai/test_embedded_model.py", "tests/responses/test_embedded_model.py"),
        "tests/anthropic/test_embedded_model.py",
        "tests/agents/test_embedded_model.py",
    ),
}
"""What is started once, the process with the model, and the tests that use it."""


def group(test: str) -> str:
    """Of a test's id, as pytest has it; a test without a group is one of its own."""
    for name, places in GROUPS.items():
        if test.startswith(places):
            return name
    return test.partition("::")[0] if test.startswith(FILE_BY_FILE) else test


class InGroups(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Gives out the groups first, those of most tests before, then test by test to whoever is
    free."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
