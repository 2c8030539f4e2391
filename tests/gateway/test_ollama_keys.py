"""Requests that the `ollama` command has signed, over plain HTTP on loopback and over TLS."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import connect as open_socket

from tornado_ollama.access.authenticator import UNKNOWN, UNPROTECTED
from tornado_ollama.access.ollama_keys import key_digest, key_fingerprint, parse_public_key

from ..backend import Backend
from ..raw_client import RawConnection
from .sockets import reload

pytestmark = pytest.mark.gen_test

KEY = Ed25519PrivateKey.generate()
LINE = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
MANAGER = Ed25519PrivateKey.generate()
MANAGER_LINE = MANAGER.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

CONFIG = {
    "listen": {"trusted_proxies": ["127.0.0.1/32"]},
    "auth": {
        "ollama_keys": [
            f"{LINE} ann@laptop",
            {"key": MANAGER_LINE, "name": "boss", "scopes": ["manage"], "models": ["smollm2*"]},
        ]
    },
}


@pytest.fixture
def config() -> dict[str, Any]:
    return CONFIG


def signed(method: str, path: str, key: Ed25519PrivateKey = KEY) -> tuple[str, tuple[str, str]]:
    """The target and the header of a request that is signed now."""
    target = f"{path}?ts={int(time.time())}"
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    signature = base64.b64encode(key.sign(f"{method},{target}".encode()))
    return target, ("Authorization", f"{public.decode()}:{signature.decode()}")


async def asked(
    connect: Any, method: str, path: str, key: Any = KEY, body: bytes | None = None, *headers: Any
) -> Any:
    client: RawConnection = await connect()
    target, header = signed(method, path, key)
    return await client.request(method, target, [header, *headers], body)


async def test_a_signed_request_needs_no_token(connect: Any, backend: Backend) -> None:
    assert (await asked(connect, "GET", "/api/tags")).status == 200
    body = b'{"model":"smollm2","prompt":"x","stream":false}'
    assert (await asked(connect, "POST", "/api/generate", KEY, body)).status == 200
    assert (await asked(connect, "POST", "/api/pull", KEY, b'{"model":"x"}')).status == 403
    assert (await asked(connect, "POST", "/api/generate", MANAGER, body)).status == 403
    assert (await asked(connect, "POST", "/api/pull", MANAGER, b'{"model":"x"}')).status == 403
    pull = b'{"model":"smollm2"}'
    assert (await asked(connect, "POST", "/api/pull", MANAGER, pull)).status == 200
    assert (await asked(connect, "GET", "/api/tags", Ed25519PrivateKey.generate())).status == 401
    for exchange in backend.exchanges:
        assert "authorization" not in {name.lower() for name, _ in exchange.headers}


async def test_a_signature_opens_no_other_route(connect: Any, backend: Backend) -> None:
    target, header = signed("GET", "/api/tags")
    client: RawConnection = await connect()
    for method, other in (
        ("GET", target.replace("/api/tags", "/api/ps")),
        ("GET", target.replace("tags", "version")),
        ("HEAD", target),
        ("GET", "/api/tags"),
        ("GET", target + "&x=1"),
        ("GET", f"/v1/models?{target.partition('?')[2]}"),
    ):
        assert (await client.request(method, other, [header])).status == 401
    assert not backend.exchanges
    assert (await client.request("GET", target, [header])).status == 200


async def test_a_signature_for_the_socket(http_server: Any, http_port: int) -> None:
    target, header = signed("GET", "/ws")
    async with open_socket(
        f"ws://localhost:{http_port}{target}", additional_headers=[header], proxy=None
    ) as ws:
        await ws.send('{"type":"ping"}')
        assert "pong" in str(await ws.recv())


async def test_others_could_read_what_comes_over_plain_http(connect: Any) -> None:
    elsewhere = ("X-Forwarded-For", "203.0.113.9")
    refused = await asked(connect, "GET", "/api/tags", KEY, None, elsewhere)
    assert refused.status == 401 and refused.json()["error"] == UNPROTECTED
    over_tls = ("X-Forwarded-Proto", "https")
    taken = await asked(connect, "GET", "/api/tags", KEY, None, elsewhere, over_tls)
    assert taken.status == 200


async def test_a_key_is_revoked_by_its_fingerprint(
    connect: Any, app: Any, config_file: Any
) -> None:
    assert (await asked(connect, "GET", "/api/tags")).status == 200
    fingerprint = key_fingerprint(key_digest(parse_public_key(LINE)[0]))
    await app._credentials.token_admin.add_revocation("key", fingerprint)
    refused = await asked(connect, "GET", "/api/tags")
    assert refused.status == 401 and refused.json()["error"] == UNKNOWN
    assert (await asked(connect, "GET", "/api/tags", MANAGER)).status == 200
    reload(app, config_file, {"auth": {"anonymous": False}})
    assert (await asked(connect, "GET", "/api/tags", MANAGER)).status == 401
