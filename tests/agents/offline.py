"""Runs a command in a network namespace of its own, in which only loopback is there.

    python -m tests.agents.offline COMMAND...

Where the kernel does not allow that, the command runs in the usual namespace, with variables that
send what knows of proxies to a port where nothing answers, and a line says so. `OFFLINE` tells
the command which of the two it is.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys

OFFLINE = "TESTS_OFFLINE"
"""The variable that says how the command is kept offline: `namespace` or `proxies`."""

NETWORK = ("unshare", "--user", "--map-root-user", "--net")
PROCESSES = ("--pid", "--fork", "--kill-child", "--mount-proc")
"""With these, what an agent leaves running (the hub of cline, outside of its group) ends too."""

NOWHERE = "http://127.0.0.1:9"
PROXIES = {
    **{name: NOWHERE for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")},
    **{name: "127.0.0.1,localhost" for name in ("NO_PROXY", "no_proxy")},
}

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1  # linux/sockios.h, linux/if.h


def raise_loopback() -> None:
    """Brings up the loopback interface, which is down in a new namespace. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        _, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def may(unshare: tuple[str, ...]) -> bool:
    """Whether the kernel gives out such namespaces here."""
    try:
        return subprocess.run([*unshare, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def main(command: list[str]) -> None:
    if command[0] == "--inside":
        raise_loopback()
        os.execvp(command[1], command[1:])
    itself = (sys.executable, "-m", "tests.agents.offline", "--inside")
    for unshare in ((*NETWORK, *PROCESSES), NETWORK):
        if may(unshare):
            os.environ[OFFLINE] = "namespace"
            os.execvp(unshare[0], [*unshare, *itself, *command])
    print("No network namespace is to be had: only proxies keep it offline.", file=sys.stderr)
    os.environ.update(PROXIES, **{OFFLINE: "proxies"})
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
