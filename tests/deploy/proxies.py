"""A reverse proxy, run as its recipe in `deploy/` says, but for ports, paths and host name."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..backend.certificate import Certificate
from ..backend.network import refusing_port
from ..programs import need
from ..raw_client import RawConnection
from ..waiting import PATIENCE_S, ROUND_S

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
ATTEMPTS = 3
"""A free port may be taken by another process before the proxy binds it."""


@dataclass(frozen=True)
class Ports:
    """Where the proxy listens, and the gateways that it is to reach."""

    clear: int
    tls: int
    gateways: Sequence[int]


Prepare = Callable[[Ports, Certificate, Path], list[str]]
"""Writes the configuration into a directory; returns the command that runs the proxy."""


def recipe(name: str, *changes: tuple[str, str]) -> str:
    """A file of `deploy/` with each (pattern, replacement) applied; each must apply somewhere."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.M)
        assert count, f"{name} has no {pattern}"
    return text


def nginx(ports: Ports, certificate: Certificate, directory: Path) -> list[str]:
    text = recipe(
        "nginx.conf",
        (r"listen 80;", f"listen 127.0.0.1:{ports.clear};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{ports.tls} ssl;"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{ports.gateways[0]}"),
        (r"(ssl_certificate +)\S+;", rf"\1{certificate.cert_file};"),
        (r"(ssl_certificate_key +)\S+;", rf"\1{certificate.key_file};"),
    )
    places = "".join(
        f"{name}_temp_path {directory / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = directory / "nginx.conf"
    whole.write_text(
        f"daemon off; master_process off; pid {directory}/pid; error_log stderr; events {{}} "
        f"http {{ {places} access_log /dev/stdout; {text} }}"
    )
    return [need("nginx"), "-e", "stderr", "-c", str(whole)]


def haproxy(ports: Ports, certificate: Certificate, directory: Path) -> list[str]:
    pair = directory / "pair.pem"
    pair.write_bytes(certificate.cert_file.read_bytes() + certificate.key_file.read_bytes())
    changes = [
        (r"log /dev/log local0", "log stdout format raw local0"),
        (r"^    (user|group) haproxy\n", ""),
        (r"bind :80$", f"bind 127.0.0.1:{ports.clear}"),
        (r"bind :443 ssl crt \S+", f"bind 127.0.0.1:{ports.tls} ssl crt {pair}"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{ports.gateways[0]}"),
    ]
    if len(ports.gateways) > 1:
        changes.append((r"# (server second 127\.0\.0\.1):8001", rf"\1:{ports.gateways[1]}"))
    whole = directory / "haproxy.cfg"
    whole.write_text(recipe("haproxy.cfg", *changes))
    return [need("haproxy"), "-db", "-f", str(whole)]


def caddy(ports: Ports, certificate: Certificate, directory: Path) -> list[str]:
    own = f"tls {certificate.cert_file} {certificate.key_file}"
    whole = directory / "Caddyfile"
    whole.write_text(
        recipe(
            "Caddyfile",
            (
                r"^\{\n",
                "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n",
            ),
            (r"^http://gateway\.example\.com", f"http://localhost:{ports.clear}"),
            (r"^gateway\.example\.com \{", f"https://localhost:{ports.tls} {{\n\t{own}"),
            (r"127\.0\.0\.1:8000", f"127.0.0.1:{ports.gateways[0]}"),
        )
    )
    return [need("caddy"), "run", "--adapter", "caddyfile", "--config", str(whole)]


PROXIES: dict[str, Prepare] = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}


class Proxy:
    """A running proxy, and clients that connect to it."""

    def __init__(self, prepare: Prepare, certificate: Certificate, directory: Path) -> None:
        self._prepare = prepare
        self.certificate = certificate
        self._directory = directory
        self._log = directory / "said"
        self._process: asyncio.subprocess.Process | None = None
        self._opened: list[RawConnection] = []
        self.trust = ssl.create_default_context(cafile=str(certificate.cert_file))
        self.ports = Ports(0, 0, ())

    @property
    def said(self) -> str:
        """Its log, and whatever else it printed."""
        return self._log.read_text(encoding="utf-8")

    async def start(self, *gateways: int) -> Proxy:
        """Returns when both of its ports accept."""
        for _ in range(ATTEMPTS):
            self.ports = Ports(refusing_port(), refusing_port(), gateways)
            command = self._prepare(self.ports, self.certificate, self._directory)
            with self._log.open("wb") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._directory,
                    env={"HOME": str(self._directory), "PATH": "/usr/bin:/bin"},
                )
            if await self._accepts():
                return self
        raise AssertionError(f"the proxy did not start:\n{self.said}")

    async def _accepts(self) -> bool:
        assert self._process is not None
        async with asyncio.timeout(PATIENCE_S):
            while self._process.returncode is None:
                with contextlib.suppress(OSError):
                    for port in (self.ports.clear, self.ports.tls):
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                        writer.transport.abort()
                    return True
                await asyncio.sleep(ROUND_S)
        return False

    async def connect(self, *, tls: bool = True, source: str = "127.0.0.1") -> RawConnection:
        """A client whose own address is `source`, any of 127.0.0.0/8."""
        client = RawConnection(self.ports.tls if tls else self.ports.clear, "localhost")
        self._opened.append(client)
        return await client.open(self.trust if tls else None, source)

    async def stop(self) -> None:
        for client in self._opened:
            client.leave()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
