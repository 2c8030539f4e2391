"""The topic `listen`: the gateway's address and certificate, host names, proxies, and the
shutdown."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from ..formats import HOST, HOST_NAMES, NETWORKS
from ..rows import Topic, setting
from ..rules import DURATION, SWITCH, TEXT, whole

WILDCARDS = ("", "0.0.0.0", "::")
"""What stands for all addresses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls(Topic):
    cert_file: str | None = setting(
        None,
        TEXT,
        "certificate with its chain, PEM; serves HTTPS together with `key_file`",
        at_start=True,
    )
    key_file: str | None = setting(None, TEXT, "the certificate's private key, PEM", at_start=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listen(Topic):
    host: str = setting(
        "127.0.0.1",
        HOST,
        "address to bind; `0.0.0.0` for all, which needs a token",
        more="Or a host name; `::` is all addresses too. "
        "See [start refusals](#what-stops-the-start).",
        env="HOST",
        flag="--host",
        at_start=True,
    )
    port: int = setting(
        8000,
        whole("a port", 0, 65535),
        "port to bind; `0` picks a free one and prints it",
        env="PORT",
        flag="--port",
        at_start=True,
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        HOST_NAMES,
        "`Host` names served without a credential besides `localhost`, IP addresses, `host`; "
        '`["*"]`: all',
        more="They count where anonymous access is open; `*.localhost`, `*.local`, `*.internal` "
        "and the name of this machine are served there too. "
        "See [operations](operations.md#host-names).",
        env="ALLOWED_HOSTS",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        NETWORKS,
        "networks whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Real-IP` are believed, "
        'as `"10.0.0.0/8"`',
        more="From anybody else these headers are ignored.",
    )
    reuse_port: bool = setting(
        False,
        SWITCH,
        "several gateways of this machine may listen on the port, each with its own cores",
        more="The kernel shares the connections out; what a gateway holds in memory, such as its "
        "queue, is its own. See [operations](operations.md#several-processes).",
        at_start=True,
    )
    max_connections_per_address: int = setting(
        0,
        whole("a number of connections", 0),
        "connections that an address may have open; the next is closed at once; `0`: any number",
        more="Trusted proxies are not limited, nor are sockets of `/ws`, which have `max_sockets`. "
        "See [limits](limits.md#addresses).",
    )
    drain_timeout: float = setting(
        30.0, DURATION, "how long running streams may go on after SIGTERM", at_start=True
    )
    tls: Tls = Tls()

    def url(self, port: int) -> str:
        """The gateway's URL on this machine, without a slash at the end."""
        host = "127.0.0.1" if self.host in WILDCARDS else self.host
        scheme = "http" if self.tls.cert_file is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            address = ip_address(self.host)
        except ValueError:
            return False
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback
