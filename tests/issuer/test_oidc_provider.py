"""A real OpenID Connect issuer, `oidc-provider` from npm: its tokens, and how its keys change."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from tornado_ollama.identity import key_sets

from ..clients.conftest import missing
from ..gateway.keys import bearer
from ..raw_client import RawConnection
from ..waiting import until

PROJECT = Path(__file__).parent


class Issuer:
    """The issuer's process."""

    def __init__(self, node: str) -> None:
        self._process = subprocess.Popen(
            [node, "issuer.mjs"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self._said()

    def tell(self, command: str) -> None:
        """Gives it `rotate` or `withdraw`, and returns when that is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        while self._said() != command:  # it prints notices of its own
            pass

    def _said(self) -> str:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            if "oidc-provider" not in line:
                return line.strip()
        raise AssertionError("the issuer has ended")

    def stop(self) -> None:
        self._process.communicate()

    async def token(self, scope: str, audience: str = "urn:ollama") -> str:
        body = f"grant_type=client_credentials&scope={scope}&resource={audience}"
        response = await AsyncHTTPClient().fetch(
            f"{self.url}/token",
            method="POST",
            body=body,
            auth_username="service",
            auth_password="a secret of the tests",
        )
        return str(json.loads(response.body)["access_token"])


@pytest.fixture(scope="module")
def node() -> str:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        missing("Node is not installed (Debian: apt install npm)")
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        missing("oidc-provider needs Node 20 or newer")
    installed = PROJECT / "node_modules" / ".package-lock.json"
    lock = PROJECT / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return program


@pytest.fixture
def issuer(node: str) -> Iterator[Issuer]:
    issuer = Issuer(node)
    yield issuer
    issuer.stop()


@pytest.fixture
def config(issuer: Issuer) -> dict[str, Any]:
    jwt = {"discovery": issuer.url, "audience": "urn:ollama", "private_addresses": True}
    return {"auth": {"jwt": jwt}}


async def status(connect: Any, token: str, path: str = "/v1/models") -> int:
    client: RawConnection = await connect()
    return (await client.request("GET", path, [bearer(token)])).status


@pytest.mark.gen_test
async def test_tokens_of_a_real_issuer_over_its_rotations(
    connect: Any, app: Any, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sets, "MIN_INTERVAL_S", 0.0)
    keys = app.deps.access.authenticator
    await until(lambda: app.deps.access.authenticator is not keys, "the keys are fetched")
    first = await issuer.token("generate")
    assert await status(connect, first) == 200
    assert await status(connect, first, "/sys/tags") == 403
    assert await status(connect, await issuer.token("manage"), "/sys/tags") == 200
    assert await status(connect, await issuer.token("other")) == 403
    assert await status(connect, await issuer.token("generate", "urn:portal")) == 401
    issuer.tell("rotate")
    second = await issuer.token("generate")
    assert await status(connect, second) == 200
    assert await status(connect, first) == 200  # its key is published still
    issuer.tell("rotate")
    issuer.tell("withdraw")
    assert await status(connect, await issuer.token("generate")) == 200
    assert (await status(connect, first), await status(connect, second)) == (401, 401)
