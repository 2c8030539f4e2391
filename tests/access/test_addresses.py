"""`access.addresses`: which addresses are one client, and from where a credential may be used."""

from __future__ import annotations

import pytest

from tornado_ollama.access.addresses import AddressRules, network_of, networks


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("-", "-"),
        ("", ""),
    ],
)
def test_what_counts_as_one_client(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("allow", "deny", "admitted", "refused"),
    [
        ((), (), ["192.0.2.1", "::1", "-"], []),
        (("192.0.2.0/24",), (), ["192.0.2.9", "::ffff:192.0.2.9"], ["192.0.3.1", "::1", "-"]),
        ((), ("192.0.2.9",), ["192.0.2.8", "::1"], ["192.0.2.9", "::ffff:192.0.2.9", "-"]),
        (("192.0.2.0/24",), ("192.0.2.9",), ["192.0.2.8"], ["192.0.2.9", "10.0.0.1"]),
        (("2001:db8::/32",), (), ["2001:db8:7::1", "2001:db8::1%eth0"], ["2001:db9::1"]),
    ],
)
def test_from_where_a_credential_may_be_used(
    allow: tuple[str, ...], deny: tuple[str, ...], admitted: list[str], refused: list[str]
) -> None:
    rules = AddressRules(networks(allow), networks(deny))
    assert [address for address in admitted if not rules.admits(address)] == []
    assert [address for address in refused if rules.admits(address)] == []
