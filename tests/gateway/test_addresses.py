"""Where a credential may be used from, and how many wrong ones an address may send."""

from __future__ import annotations

from typing import Any

import pytest

from ..backend import Backend
from ..waiting import until
from .keys import BOTH, GENERATE, SECURED, TRANSPORTS, UNKNOWN, bearer
from .sockets import socket

pytestmark = pytest.mark.gen_test

BOUND = {
    "auth": {
        "generate_tokens": [
            {"name": "office", "token": GENERATE, "allow_from": ["192.0.2.0/24", "2001:db8::/32"]},
            {"name": "anywhere", "token": BOTH, "deny_from": ["192.0.2.66"]},
        ]
    },
    "listen": {"trusted_proxies": ["127.0.0.0/8"]},
}
FEW = {"auth": SECURED["auth"] | {"failed_logins": 3}}


async def status(connect: Any, *headers: tuple[str, str], path: str = "/api/tags") -> int:
    response = await (await connect()).request("GET", path, headers)
    return int(response.status)


@pytest.mark.parametrize("config", [BOUND], ids=["bound"])
@pytest.mark.parametrize(
    ("token", "address", "expected"),
    [
        (GENERATE, "192.0.2.7", 200),
        (GENERATE, "2001:db8:5::1", 200),
        (GENERATE, "::ffff:192.0.2.7", 200),
        (GENERATE, "198.51.100.1", 403),
        (GENERATE, "192.0.2.7, 198.51.100.1", 403),  # what is left of the right-most is forged
        (BOTH, "198.51.100.1", 200),
        (BOTH, "192.0.2.66", 403),
    ],
)
async def test_a_token_is_bound_to_addresses(
    connect: Any, backend: Backend, config: Any, token: str, address: str, expected: int
) -> None:
    forwarded = ("X-Forwarded-For", address)
    assert await status(connect, bearer(token), forwarded) == expected
    assert len(backend.exchanges) == (expected == 200)


@pytest.mark.parametrize("config", [BOUND], ids=["bound"])
async def test_so_it_is_on_sockets(http_server: Any, http_port: int, config: Any) -> None:
    async with socket(http_port) as ws:
        await ws.send({"type": "auth", "token": GENERATE})
        assert (await ws.closed())[0] == 4403


@pytest.mark.parametrize("config", [FEW], ids=["few"])
@pytest.mark.parametrize("send", TRANSPORTS.values(), ids=TRANSPORTS)
async def test_wrong_credentials_are_throttled_and_right_ones_never(
    connect: Any, config: Any, send: Any
) -> None:
    wrong = [await status(connect, send(f"{UNKNOWN}{number}")) for number in range(6)]
    assert wrong == [401] * 3 + [429] * 3
    assert await status(connect, send(GENERATE)) == 200
    assert await status(connect) == 401  # none is not a wrong one
    client = await connect()
    refused = await client.request("GET", "/v1/models", [send(UNKNOWN)])
    assert refused.status == 429 and 1 <= int(refused.header("retry-after") or 0) <= 60
    assert refused.json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize("config", [FEW], ids=["few"])
async def test_so_they_are_on_sockets(
    connect: Any, http_server: Any, http_port: int, config: Any
) -> None:
    codes = []
    for _ in range(5):
        async with socket(http_port) as ws:
            await ws.send({"type": "auth", "token": UNKNOWN})
            codes.append((await ws.closed())[0])
    assert codes == [4401] * 3 + [4429] * 2
    async with socket(http_port, headers=[bearer(GENERATE)]) as ws:
        await ws.send({"type": "ping"})
        await ws.until("pong")


@pytest.mark.parametrize(
    "config",
    [FEW | {"listen": {"trusted_proxies": ["127.0.0.0/8"]}}],
    ids=["few"],
)
async def test_addresses_are_throttled_each_for_itself_and_ipv6_by_its_network(
    connect: Any, config: Any
) -> None:
    async def wrong(address: str) -> int:
        return await status(connect, bearer(UNKNOWN), ("X-Forwarded-For", address))

    assert [await wrong(f"2001:db8::{number}") for number in range(1, 5)] == [401] * 3 + [429]
    assert await wrong("2001:db8:0:1::1") == 401
    assert await wrong("192.0.2.1") == 401


# -- connections ------------------------------------------------------------------------------

TWO: dict[str, Any] = {"listen": {"max_connections_per_address": 2}}


@pytest.mark.parametrize("config", [TWO], ids=["two"])
async def test_an_address_may_have_so_many_connections_open(
    connect: Any, http_server: Any, http_port: int, config: Any
) -> None:
    first, second, third = [await connect() for _ in range(3)]
    assert await third.at_eof()
    for client in (first, second):
        assert (await client.request("GET", "/health/live")).status == 200
    first.leave()
    await until(lambda: sum(http_server._open.values()) == 1, "it is counted as gone")
    assert await status(connect, path="/health/live") == 200
    second.leave()
    await until(lambda: sum(http_server._open.values()) == 1, "so is the other")
    async with socket(http_port) as ws:
        await ws.send({"type": "ping"})
        await ws.until("pong")
        # An upgraded connection takes no place of the others.
        await until(lambda: sum(http_server._open.values()) == 1, "it is no longer counted")


@pytest.mark.parametrize(
    "config",
    [{"listen": TWO["listen"] | {"trusted_proxies": ["127.0.0.1/32"]}}],
    ids=["proxy"],
)
async def test_a_trusted_proxy_may_have_any_number(connect: Any, config: Any) -> None:
    for _ in range(4):
        assert await status(connect, path="/health/live") == 200
