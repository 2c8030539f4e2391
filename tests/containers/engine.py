"""Buildah and Podman with a store of their own, below build/containers.

The base image is made on this machine by mmdebstrap, of the Debian that runs here, and kept for the
next run. It believes the certificates that the machine believes, and has its pip configuration, so
that what is built in it reaches the package indexes that the machine reaches.
"""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
from pathlib import Path

from ..programs import need

ROOT = Path(__file__).parent.parent.parent
PLACE = ROOT / "build" / "containers"
BASE = "localhost/debian-base"
IMAGE = "localhost/tornado-ollama"

BUILD_S = 900.0
RUN_S = 120.0

STORE = (
    *("--root", str(PLACE / "store"), "--runroot", str(PLACE / "run")),
    *("--storage-driver", "overlay"),
)
LIMITS = ("--cgroups=disabled", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
"""Control groups and higher limits are what a machine that is a container itself may not give."""

UNIFIED = "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup"
"""Gives a mount namespace the hierarchy of control groups that crun asks for: where the kernel also
has the older one it refuses to run."""


def run(*command: str, timeout_s: float = RUN_S, check: bool = True) -> str:
    """What a command prints. Raises AssertionError, with all of it, where the command fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}"
    return done.stdout.strip()


def podman(*arguments: str, timeout_s: float = RUN_S, check: bool = True) -> str:
    """Runs podman; all commands share a mount namespace, where networks are remembered."""
    program = need("podman")
    around = (need("nsenter", "util-linux"), "--mount", f"--target={_namespace()}")
    command = (program, "--cgroup-manager", "cgroupfs", *STORE, *arguments)
    return run(*around, *command, timeout_s=timeout_s, check=check)


@functools.cache
def _namespace() -> int:
    """The process that holds the mount namespace, until this one ends."""
    hybrid = Path("/sys/fs/cgroup/unified").is_dir()
    keep = f"{UNIFIED if hybrid else 'true'} && echo ready && exec sleep infinity"
    holder = subprocess.Popen(
        [need("unshare", "util-linux"), "--mount", "sh", "-c", keep],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    atexit.register(holder.kill)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"ready\n"
    return holder.pid


def make_base() -> None:
    """Imports the base image, and makes it before where no earlier run has."""
    archive = PLACE / "base.tar"
    if not archive.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        hooks = [
            'mkdir -p "$1/usr/local/share/ca-certificates"',
            "copy-in /usr/local/share/ca-certificates /usr/local/share",
            'chroot "$1" update-ca-certificates',
            # npm has no directory of certificates, and pip reads only its own.
            'echo cafile=/etc/ssl/certs/ca-certificates.crt > "$1/root/.npmrc"',
            r'printf "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n" > "$1/etc/pip.conf"',
        ]
        if os.path.exists("/etc/pip.conf"):
            hooks.append("copy-in /etc/pip.conf /etc")
        run(
            *(need("mmdebstrap"), "--variant=minbase", "--include=ca-certificates"),
            *(f"--customize-hook={hook}" for hook in hooks),
            *(codename(), str(archive.with_name("base.part.tar"))),
            timeout_s=BUILD_S,
        )
        archive.with_name("base.part.tar").rename(archive)
    if not podman("images", "--quiet", BASE, check=False):
        podman("import", "--quiet", str(archive), BASE, timeout_s=BUILD_S)


def codename() -> str:
    """The name of the Debian that runs here."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values["VERSION_CODENAME"].strip('"')


def build(commit: str) -> None:
    """Builds the Dockerfile's image; its steps run in a chroot, which any kernel allows root."""
    make_base()
    run(
        *(need("buildah"), *STORE, "build", "--isolation", "chroot", "--format", "docker"),
        *("--layers", "--build-arg", f"BASE={BASE}", "--build-arg", f"COMMIT={commit}"),
        *("--tag", IMAGE, "."),
        timeout_s=BUILD_S,
    )
