"""`access.proxies`: nobody but a trusted proxy is believed about who the client is."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from tornado_ollama.access.proxies import MAX_HOPS, TrustedProxies

INSIDE = ["10.0.0.0/8", "::1", "fd00::/8"]


@pytest.mark.parametrize(
    ("peer", "told", "address", "chain", "scheme"),
    [
        ("192.0.2.1", {"X-Forwarded-For": "1.2.3.4"}, "192.0.2.1", "", "http"),
        ("192.0.2.1", {"X-Forwarded-Proto": "https"}, "192.0.2.1", "", "http"),
        ("10.0.0.1", {}, "10.0.0.1", "", "http"),
        ("10.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, "1.2.3.4", "1.2.3.4", "http"),
        ("10.0.0.1", {"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}, "1.2.3.4", "1.2.3.4", "http"),
        (
            "10.0.0.1",
            {"X-Forwarded-For": "1.2.3.4, 10.0.0.2"},
            "1.2.3.4",
            "1.2.3.4, 10.0.0.2",
            "http",
        ),
        ("10.0.0.1", {"X-Forwarded-For": "1.2.3.4, nonsense"}, "10.0.0.1", "", "http"),
        ("10.0.0.1", {"X-Real-Ip": "1.2.3.4"}, "1.2.3.4", "1.2.3.4", "http"),
        ("10.0.0.1", {"X-Forwarded-Proto": "https"}, "10.0.0.1", "", "https"),
        ("10.0.0.1", {"X-Forwarded-Proto": "gopher"}, "10.0.0.1", "", "http"),
        ("::ffff:10.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, "1.2.3.4", "1.2.3.4", "http"),
        ("::1", {"X-Forwarded-For": "2001:db8::1"}, "2001:db8::1", "2001:db8::1", "http"),
        ("10.0.0.1", {"X-Forwarded-For": "fe80::1%a b"}, "10.0.0.1", "", "http"),
        ("not an address", {"X-Forwarded-For": "1.2.3.4"}, "not an address", "", "http"),
    ],
)
def test_the_client_is_the_last_one_a_trusted_proxy_names(
    peer: str, told: dict[str, str], address: str, chain: str, scheme: str
) -> None:
    client = TrustedProxies(INSIDE).client(peer, "http", HTTPHeaders(told))
    assert (client.address, client.chain, client.scheme) == (address, chain, scheme)


def test_without_trusted_proxies_nobody_is_believed() -> None:
    told = HTTPHeaders({"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"})
    client = TrustedProxies([]).client("127.0.0.1", "http", told)
    assert (client.address, client.scheme) == ("127.0.0.1", "http")


def test_a_long_chain_of_proxies_is_followed_so_far() -> None:
    hops = [f"10.0.{number // 256}.{number % 256}" for number in range(3000)]
    told = HTTPHeaders({"X-Forwarded-For": ", ".join(hops)})
    client = TrustedProxies(INSIDE).client("10.0.0.1", "http", told)
    assert client.address == hops[-MAX_HOPS]
    assert client.chain == ", ".join(hops[-MAX_HOPS:])
