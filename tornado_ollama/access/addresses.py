"""Networks of client addresses: which of them count as one client, and from which a credential may
be used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all of its /64 (RFC 6177)."""

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The client that an address belongs to, for limits and counts: an IPv4 address itself, the /64
    of an IPv6 address. Text that is no address is returned unchanged."""
    parsed = parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((int(parsed), NETWORK_BITS), strict=False))
    return address if parsed is None else str(parsed)


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """The address without a zone, an IPv4-mapped one as IPv4; None for text that is none."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The networks from which a credential may be used."""

    allow: tuple[Network, ...] = ()
    """Empty: all."""
    deny: tuple[Network, ...] = ()
    """Stronger than `allow`."""

    def admits(self, address: str) -> bool:
        """Whether a client at this address may use the credential. Where there are rules, text that
        is no address (the peer of a Unix socket) is not admitted."""
        if not (self.allow or self.deny):
            return True
        parsed = parse(address)
        if parsed is None or any(parsed in network for network in self.deny):
            return False
        return not self.allow or any(parsed in network for network in self.allow)


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Parses networks such as `10.0.0.0/8`; an address is a network of one. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)
