"""`doctor` in front of a real gateway and the scripted Ollama."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from tornado_ollama.cli import main
from tornado_ollama.commands import doctor_local
from tornado_ollama.config import load

from .backend import Backend
from .backend.certificate import Certificate
from .backend.network import refusing_port
from .backend.replies import Reply

pytestmark = pytest.mark.gen_test

Doctor = Callable[..., Awaitable[tuple[int, str]]]

WEAK = "swordfish-swordfish"


@pytest.fixture
def doctor(
    io_loop: IOLoop,
    capsys: pytest.CaptureFixture[str],
    config_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: Backend,
) -> Doctor:
    """`doctor` on a thread of its own, for it runs a loop of its own. Ollama's clock is right."""
    monkeypatch.chdir(config_file.parent)
    date = [("Date", formatdate())]
    backend.on("/api/version", Reply(b'{"version":"0.32.15"}', headers=date))

    async def doctor(*argv: str) -> tuple[int, str]:
        words = ["doctor", "--config", str(config_file), *argv]
        code = await io_loop.run_in_executor(None, main, words)
        printed = capsys.readouterr()
        assert not printed.err
        return code, printed.out

    return doctor


def judged(out: str) -> dict[str, str]:
    """The severity of each check; of several findings the last."""
    return {found["check"]: found["severity"] for found in json.loads(out)["findings"]}


async def test_a_gateway_that_is_set_up_well(
    doctor: Doctor, http_server: HTTPServer, base_url: str
) -> None:
    code, out = await doctor("--url", base_url, "--json")
    assert code == 0
    assert set(judged(out).values()) == {"ok"}
    assert {"ollama.reachable", "ollama.clock", "proxy.buffering", "proxy.websocket"} <= set(
        judged(out)
    )
    code, said = await doctor("--url", base_url)
    assert code == 0 and "ok    WebSockets pass" in said and "0 problems" in said


@pytest.mark.parametrize(
    "config",
    [{"auth": {"generate_tokens": [{"name": "fish", "token": WEAK}]}}],
    ids=["weak"],
)
async def test_what_is_wrong_is_said_without_secrets(
    doctor: Doctor, backend: Backend, config_file: Path
) -> None:
    config_file.chmod(0o644)
    date = [("Date", formatdate(time.time() + 3600))]
    backend.on("/api/version", Reply(b'{"version":"0.13.5"}', headers=date))
    code, out = await doctor("--json")
    assert code == 1
    found = judged(out)
    assert {check for check, severity in found.items() if severity == "problem"} == {
        *("ollama.version", "ollama.clock", "token.strength"),
        *(["file.mode"] if os.name == "posix" else []),
    }
    assert found["token.form"] == "warning" and "fish" in out
    said = out + (await doctor())[1]
    assert WEAK not in said
    assert "--url URL" in said  # the way of clients was not tried, and it says so


async def test_a_token_of_the_store_counts_and_is_strong(
    doctor: Doctor, config_file: Path, io_loop: IOLoop, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ["token", "create", "--name", "ann", "--config", str(config_file)]
    assert await io_loop.run_in_executor(None, main, made) == 0
    token = capsys.readouterr().out.split()[0]
    code, out = await doctor("--json")
    assert code == 0 and judged(out)["tokens"] == "ok" and token not in out


async def test_nobody_there_is_exit_code_1(doctor: Doctor, backend: Backend) -> None:
    await backend.stop()
    code, out = await doctor("--json", "--url", f"http://127.0.0.1:{refusing_port()}")
    assert code == 1
    found = judged(out)
    assert found["ollama.answers"] == found["public.answers"] == "problem"


@pytest.mark.parametrize("url", ["ftp://x", "gateway", "http://u:p@h/"])
async def test_a_wrong_url_is_exit_code_2(
    config_file: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["doctor", "--config", str(config_file), "--url", url]) == 2
    assert capsys.readouterr().err.startswith("tornado-ollama: --url: must be ")


async def test_ollama_on_an_address_that_others_reach_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, backend: Backend
) -> None:
    """Of three addresses that stand for such: one that answers, one that hangs up, and one where
    nothing is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()) and line != b"\r\n":  # the first only connects
            pass
        body = b'{"version":"0.32.15"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()

    async def mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    places = ("127.0.0.9", "127.0.0.8", "127.0.0.7")
    monkeypatch.setattr(doctor_local, "own_addresses", lambda: places)
    port = int(backend.url.rpartition(":")[2])
    async with (
        await asyncio.start_server(answer, "127.0.0.9", port),
        await asyncio.start_server(mute, "127.0.0.8", port),
    ):
        facts = await doctor_local.backend(backend.url, 5.0)
    assert facts.is_here and facts.version
    assert facts.tried == tuple(f"{place}:{port}" for place in places)
    assert facts.answered == (f"127.0.0.9:{port}",)
    assert facts.accepted == (f"127.0.0.8:{port}",)


def test_own_addresses_are_never_loopback() -> None:
    assert not [address for address in doctor_local.own_addresses() if address[:4] == "127."]


def test_a_certificate_file_is_read(certificate: Certificate, tmp_path: Path) -> None:
    tls: dict[str, Any] = {"cert_file": str(certificate.cert_file)}
    tls["key_file"] = str(certificate.key_file)
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"listen": {"tls": tls}}))
    [found] = doctor_local.certificates(load(path, {}, {}))
    assert found.failure is None and found.expires is not None
    assert 29 * 86400 < found.expires - time.time() < 31 * 86400
