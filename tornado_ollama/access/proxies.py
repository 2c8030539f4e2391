"""Finds the address of the client behind proxies: which forwarding headers are trusted, and how
far.

`X-Forwarded-For` is a list to which every proxy appends the address it was called from. Read from
the right, the entries of trusted proxies are skipped; the first other one is the client. Entries
left of it may be forged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

MAX_HOPS = 64
"""Entries of `X-Forwarded-For` that are followed; no request passes more proxies than that."""

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
"""Headers by which a proxy says that it passes on somebody else's request."""


class Headers(Protocol):
    def get_list(self, name: str) -> list[str]: ...


def is_local(peer: str, host_header: str, headers: Headers) -> bool:
    """Whether a request was made on this machine, by no proxy for somebody else: its peer and the
    host that it names are this machine's loopback, and no header says that it was forwarded."""
    if any(headers.get_list(name) for name in FORWARDED):
        return False
    host = host_header.lower()
    name = host.partition("]")[0].removeprefix("[") if "[" in host else host.partition(":")[0]
    return _is_loopback(peer) and (name == "localhost" or _is_loopback(name))


@dataclass(frozen=True, slots=True)
class Client:
    """The address of a client, the scheme it used, and the trusted part of its
    `X-Forwarded-For`."""

    address: str
    chain: str
    """The trusted part of `X-Forwarded-For` to pass on, without the direct peer; may be empty."""
    scheme: str


class TrustedProxies:
    """`listen.trusted_proxies`: the networks whose forwarding headers are believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(network, strict=False) for network in networks
        ]

    def trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self._networks)

    def client(self, peer: str, scheme: str, headers: Headers) -> Client:
        """The client of a request. `peer` and `scheme` are those of the connection, and are
        returned when the peer is not a trusted proxy."""
        if not self._networks or not self.trusts(peer):
            return Client(peer, "", scheme)
        told = _last(headers, "X-Forwarded-Proto").lower()
        if told in ("http", "https"):
            scheme = told
        hops = [
            hop.strip()
            for value in headers.get_list("X-Forwarded-For")
            for hop in value.split(",")
            if hop.strip()
        ]
        if not hops and (real := _last(headers, "X-Real-IP")):
            hops = [real]
        address, chain = peer, list[str]()
        for hop in reversed(hops[-MAX_HOPS:]):
            if not _is_plain_address(hop):
                break
            address = hop
            chain.append(hop)
            if not self.trusts(hop):
                break
        return Client(address, ", ".join(reversed(chain)), scheme)


def _last(headers: Headers, name: str) -> str:
    """The last value of a header that may be a list: the one added by the nearest proxy."""
    values = headers.get_list(name)
    return values[-1].split(",")[-1].strip() if values else ""


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _is_plain_address(text: str) -> bool:
    """Whether a text is an IP address without a zone (`fe80::1%eth0`). A zone has a meaning on one
    machine only, and may be any text of any length, which would get into the log."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text
