"""What a service manager sees of the process, and what clients see of its restarts and renewals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.certificates import Certificates
from tornado_ollama.config.topics.listen import Tls
from tornado_ollama.errors import ConfigError
from tornado_ollama.service_manager import ServiceManager

from ..backend import Backend
from ..backend.certificate import Certificate, self_signed
from ..process import ROOT
from ..programs import need
from ..raw_client import RawConnection
from ..waiting import PATIENCE_S, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd")


class Notified:
    """A stub of systemd: the datagrams that were sent to it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.said: list[str] = []

    def has(self, *states: str) -> bool:
        """Whether these states have been told, in this order."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.said += self._socket.recv(4096).decode().split("\n")[:1]
        rest = iter(self.said)
        return all(state in rest for state in states)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notified]:
    made = Notified(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield made
    made.close()


@pytest.mark.gen_test
async def test_systemd_is_told_of_start_reload_watchdog_and_end(
    gateway_process: Any, notified: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    process = await gateway_process()
    told = ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    await until(lambda: notified.has(*told), "it is ready, and fed twice")
    process.signal(signal.SIGHUP)
    told += ["RELOADING=1", "READY=1"]
    await until(lambda: notified.has(*told), "it has been reloaded")
    process.signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert notified.has(*told, "STOPPING=1")


@pytest.mark.gen_test
async def test_a_watchdog_of_another_process_is_not_fed(
    notified: Notified, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "NOTIFY_SOCKET": os.environ["NOTIFY_SOCKET"],
        "WATCHDOG_USEC": "1000",
        "WATCHDOG_PID": "1",
    }
    manager = ServiceManager(environ)
    manager.ready()
    await asyncio.sleep(0.01)
    assert notified.has("READY=1") and not notified.has("WATCHDOG=1")
    assert not environ  # child processes are not to believe that they were meant
    await manager.stop()


@pytest.mark.gen_test
async def test_a_service_manager_that_is_gone_stops_nothing(expect_log: Any) -> None:
    expect_log("tornado_ollama.service_manager", "cannot be told READY=1")
    ServiceManager({"NOTIFY_SOCKET": "/nowhere/at/all"}).ready()


# -- sockets that are handed over -------------------------------------------------------------


@asynccontextmanager
async def running(*command: str, config: Path, **options: Any) -> AsyncIterator[Any]:
    process = await asyncio.create_subprocess_exec(
        *command,
        *(sys.executable, "-m", "tornado_ollama", "serve", "--config", str(config)),
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        **options,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        _, said = await process.communicate()
        sys.stderr.write(said.decode())


async def ask(port: int, path: str = "/api/version") -> int:
    """The status of one request on a connection of its own."""
    client = await RawConnection(port).open()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return int((await client.request("GET", path)).status)
    finally:
        client.leave()


ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""

TAKE = "from tornado_ollama.service_manager import ServiceManager; ServiceManager().sockets()"


def activated(descriptor: int) -> tuple[str, ...]:
    """A command that starts another with a socket, as systemd does."""
    return (sys.executable, "-c", ACTIVATE, str(descriptor))


def test_what_is_handed_over_must_listen() -> None:
    with socket.socket() as deaf:
        done = subprocess.run(
            [*activated(deaf.fileno()), sys.executable, "-c", TAKE],
            capture_output=True,
            pass_fds=(deaf.fileno(),),
            check=False,
        )
    assert b"no listening TCP socket" in done.stderr


@pytest.mark.gen_test
async def test_no_connection_is_lost_over_a_restart(backend: Backend, config_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, descriptor = listening.getsockname()[1], listening.fileno()
        options: Any = {"config": config_file, "pass_fds": (descriptor,)}
        async with running(*activated(descriptor), **options) as first:
            assert await ask(port) == 200
            first.send_signal(signal.SIGTERM)
            await first.wait()
        waiting = [asyncio.create_task(ask(port)) for _ in range(3)]
        await asyncio.sleep(0.01)
        async with running(*activated(descriptor), **options):
            assert await asyncio.gather(*waiting) == [200] * 3


@pytest.mark.gen_test
async def test_systemd_socket_activate(backend: Backend, config_file: Path) -> None:
    program = need("systemd-socket-activate", "systemd")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with running(program, "-l", f"127.0.0.1:{port}", config=config_file):
        statuses: list[int] = []
        async with asyncio.timeout(PATIENCE_S):
            while not statuses:
                with contextlib.suppress(ConnectionRefusedError):
                    statuses.append(await ask(port))
    assert statuses == [200]


@pytest.mark.gen_test
async def test_an_address_that_others_reach_is_not_opened_by_a_socket(config_file: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listening:
        descriptor = listening.fileno()
        process = await asyncio.create_subprocess_exec(
            *activated(descriptor),
            *(sys.executable, "-m", "tornado_ollama", "serve", "--config", str(config_file)),
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(descriptor,),
        )
        _, said = await process.communicate()
    assert process.returncode == 2
    assert b"which others can reach, and no token is configured" in said


@pytest.mark.gen_test
async def test_two_processes_share_a_port(
    gateway_process: Any, backend: Backend, config_file: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    text = config_file.read_text().replace('"port": 0', f'"port": {port}, "reuse_port": true')
    config_file.write_text(text)
    processes = await asyncio.gather(gateway_process(), gateway_process())

    async def both_have_answered() -> None:
        while not all("/api/version" in process.stderr for process in processes):
            assert await ask(int(port)) == 200

    async with asyncio.timeout(PATIENCE_S):
        await both_have_answered()


# -- certificates -----------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path, certificate: Certificate) -> Tls:
    files = [shutil.copy(path, tmp_path) for path in (certificate.cert_file, certificate.key_file)]
    return Tls(cert_file=str(files[0]), key_file=str(files[1]))


async def shown(port: int) -> bytes:
    """The certificate of a new connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = await RawConnection(port).open(context)
    found: bytes = client.writer.get_extra_info("ssl_object").getpeercert(True)
    client.leave()
    return found


@pytest.mark.gen_test
async def test_a_renewed_certificate_holds_after_sighup_and_is_found_by_itself(
    gateway_process: Any, config_file: Path, tls: Tls, tmp_path: Path, backend: Backend
) -> None:
    files = f'"tls": {{"cert_file": "{tls.cert_file}", "key_file": "{tls.key_file}"}}, "port"'
    config_file.write_text(config_file.read_text().replace('"port"', files))
    process = await gateway_process()
    old = await shown(process.port)
    self_signed(tmp_path)
    assert await shown(process.port) == old
    process.signal(signal.SIGHUP)
    await until(lambda: "A new certificate is in use" in process.stderr, "it is loaded")
    assert await shown(process.port) != old


@pytest.mark.gen_test
async def test_files_are_looked_at_by_themselves(
    tls: Tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tornado_ollama.certificates.LOOK_S", 0.01)
    certificates = Certificates(tls)
    changed: list[ssl.SSLContext] = []
    certificates.on_change = changed.append
    certificates.start()
    self_signed(tmp_path)
    await until(lambda: len(changed) > 0, "the new files are loaded")
    await certificates.stop()


@pytest.mark.gen_test
async def test_a_certificate_that_cannot_be_used_changes_nothing(
    tls: Tls, tmp_path: Path, expect_log: Any
) -> None:
    expect_log("tornado_ollama.certificates", "cannot be used.*The old certificate stays")
    certificates = Certificates(tls)
    certificates.on_change = lambda _: pytest.fail("it was used")
    (tmp_path / "cert.pem").write_text("half of a")
    await certificates.refresh()
    with pytest.raises(ConfigError):
        Certificates(tls)
