"""The states in which a process may be given its standard output and standard error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

STATES = ("closed", "full", "no reader", "unread")


@contextmanager
def stream_state(state: str) -> Iterator[int | None]:
    """A descriptor to give a process; None: it is to be closed there."""
    if state == "closed":
        yield None
    elif state == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
        yield descriptor
        os.close(descriptor)
    else:
        reader, writer = os.pipe()
        if state == "no reader":
            os.close(reader)
        else:
            _fill(writer)
        yield writer
        os.close(writer)
        if state == "unread":
            os.close(reader)


def shell_of(command: list[str], **streams: int | None) -> list[str]:
    """The command with those of `stdout` and `stderr` closed that are None."""
    numbers = {"stdout": 1, "stderr": 2}
    closed = " ".join(f"{numbers[name]}>&-" for name, given in streams.items() if given is None)
    return ["sh", "-c", f'exec "$@" {closed}', "sh", *command]


def _fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    try:
        while os.write(pipe, b"x" * 4096):
            continue
    except BlockingIOError:
        os.set_blocking(pipe, True)
