"""How the gateway is kept running by the system: plans that say which files and commands it takes.

Plans are pure: they touch nothing, and are carried out by `tornado-ollama service`. Each is made
from a file of `deploy/`, so that what is installed is what is read there.

    plan.py       what a plan consists of, and where it is for
    systemd.py    Linux
    launchd.py    macOS
    windows.py    Windows: the Task Scheduler
"""

from __future__ import annotations

from collections.abc import Callable

from .launchd import launchd_plan
from .plan import Place, Plan
from .systemd import systemd_plan
from .windows import windows_plan

PLANS: dict[str, Callable[[Place, str], Plan]] = {
    "linux": systemd_plan,
    "darwin": launchd_plan,
    "win32": windows_plan,
}
"""By `sys.platform`: makes the plan of a place from the text of the template."""

TEMPLATES = {
    "linux": "tornado-ollama.service",
    "darwin": "io.github.tornado-ollama.plist",
    "win32": "tornado-ollama-task.xml",
}
"""By `sys.platform`: the file of `deploy/`."""

__all__ = ["PLANS", "TEMPLATES", "Place", "Plan"]
