"""`doctor --url` through nginx: as the recipe has it, and with what goes wrong in practice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tornado_ollama.cli import main

from ..backend.certificate import Certificate
from .proxies import Ports, Proxy, nginx
from .test_proxies import BEHIND

pytestmark = pytest.mark.gen_test

RECIPE: dict[str, str] = {}
BUFFERING = {
    "proxy_buffering off;": "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;",
}
NO_UPGRADE = {"proxy_set_header Upgrade $http_upgrade;": "proxy_set_header Upgrade '';"}


def changed(
    changes: dict[str, str], ports: Ports, certificate: Certificate, directory: Path
) -> list[str]:
    """The recipe with these lines replaced."""
    command = nginx(ports, certificate, directory)
    whole = directory / "nginx.conf"
    text = whole.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    whole.write_text(text)
    return command


@pytest.fixture
def config() -> dict[str, Any]:
    return BEHIND


@pytest.fixture
def behind(
    request: pytest.FixtureRequest,
    io_loop: IOLoop,
    http_server: object,
    http_port: int,
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    prepare = partial(changed, request.param)
    proxy = Proxy(prepare, certificate, tmp_path_factory.mktemp("nginx"))
    io_loop.run_sync(partial(proxy.start, http_port))
    yield proxy
    io_loop.run_sync(proxy.stop)


@pytest.mark.parametrize(
    ("behind", "buffering", "websocket"),
    [
        (RECIPE, "ok", "ok"),
        (BUFFERING, "problem", "ok"),
        (NO_UPGRADE, "ok", "problem"),
    ],
    ids=["recipe", "buffering", "no upgrade"],
    indirect=["behind"],
)
async def test_what_nginx_does_is_seen(
    behind: Proxy,
    buffering: str,
    websocket: str,
    io_loop: IOLoop,
    config_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(config_file.parent)
    monkeypatch.setenv("SSL_CERT_FILE", str(behind.certificate.cert_file))
    url = f"https://localhost:{behind.ports.tls}"
    words = ["doctor", "--config", str(config_file), "--url", url, "--json"]
    await io_loop.run_in_executor(None, main, words)
    found = {f["check"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert found["proxy.buffering"]["severity"] == buffering
    assert found["proxy.websocket"]["severity"] == websocket
    assert found["tls.certificate"]["severity"] == "ok"
    assert "nginx" in found["proxy.buffering"]["text"]


@pytest.mark.parametrize("behind", [RECIPE], ids=["recipe"], indirect=True)
async def test_a_certificate_that_nobody_trusts_is_a_problem(
    behind: Proxy, io_loop: IOLoop, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"https://localhost:{behind.ports.tls}"
    words = ["doctor", "--config", str(config_file), "--url", url, "--json"]
    assert await io_loop.run_in_executor(None, main, words) == 1
    found = {f["check"]: f for f in json.loads(capsys.readouterr().out)["findings"]}
    assert "self-signed" in found["tls.certificate"]["text"]
    assert found["public.answers"]["severity"] == "problem"
