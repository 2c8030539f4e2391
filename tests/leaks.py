"""What a test left behind on its loop: tasks that still run, sockets that are still open."""

from __future__ import annotations

import asyncio
import os

ROUNDS = 200
ROUND_S = 0.005


def open_sockets() -> set[str]:
    """The sockets of this process, by the kernel's name (`socket:[inode]`); Linux only."""
    found: set[str] = set()
    try:
        descriptors = os.listdir("/proc/self/fd")
    except FileNotFoundError:
        return found
    for descriptor in descriptors:
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:  # the one that listed the directory
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


async def left_behind(before: set[str]) -> str | None:
    """Waits for closing things to close; then names what stays, or returns None.

    `before`: the sockets that were open when the test began.
    """
    complaint = None
    for _ in range(ROUNDS):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        sockets = open_sockets() - before
        if not tasks and not sockets:
            return None
        complaint = f"tasks left: {sorted(map(repr, tasks))}; sockets left: {sorted(sockets)}"
        await asyncio.sleep(ROUND_S)
    return complaint
