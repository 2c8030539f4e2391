"""Gathers the facts of this machine for the command `doctor`: Ollama, files, tokens, certificates.

Asks nobody but Ollama at the configured address, and its port at this machine's own addresses.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from ..access.token_text import RANDOM_BYTES
from ..config import Inspection, Settings
from ..config.token_form import stored_token
from ..doctor.credentials import most_bits
from ..doctor.facts import BackendFacts, CertificateFacts, FileFacts, FileKind, TokenFacts
from ..errors import ConfigError, GatewayError, StoreFailed
from ..stores import tokens as store
from ..stores.database import FILE_NAME, Database
from ..stores.tokens import TokenRow
from ..upstream.catalogue import ask_version
from ..upstream.client import UpstreamClient
from ..upstream.request import UpstreamRequest
from ..wire.native import ollama_version
from ..wire.target import Upstream

ASK_S = 5.0
TRY_S = 1.0
"""How long an own address may take to accept: without a network in between, or a firewall, it does
at once."""

MAX_ADDRESSES = 16

ROUTED = ("192.0.2.1", "10.255.255.254", "172.31.255.254", "192.168.255.254", "2001:db8::1")
"""Addresses to which this machine would send from its own of each network. Nothing is sent."""


async def backend(base_url: str, connect_timeout: float) -> BackendFacts:
    """Asks Ollama for its version, and tries its port at this machine's other addresses."""
    url = urlsplit(base_url)
    own = await asyncio.to_thread(own_addresses)
    at = await asyncio.to_thread(_resolved, url.hostname or "")
    is_here = bool(at) and all(a.is_loopback or a.is_unspecified or str(a) in own for a in at)
    failure: str | None = None
    version: str | None = None
    ahead: float | None = None
    client = UpstreamClient(force_instance=True)
    try:
        begun = time.time()
        try:
            reply = await client.fetch(
                UpstreamRequest(
                    Upstream(base_url).url("/api/version"),
                    connect_timeout=connect_timeout,
                    first_byte_timeout=ASK_S,
                    idle_timeout=ASK_S,
                ),
                raise_error=False,
            )
        except GatewayError as error:
            failure = error.message
        else:
            version = ollama_version(reply.code, reply.body)
            failure = None if version else "answers, but not as Ollama does."
            ahead = _ahead(reply.headers.get("Date"), (begun + time.time()) / 2)
        port = url.port or (443 if url.scheme == "https" else 80)
        tried = own if is_here else ()
        said = await asyncio.gather(*(_at(client, url.scheme, a, port) for a in tried))
    finally:
        client.close()
    places = [_place(address, port) for address in tried]
    by = dict(zip(places, said, strict=True))
    return BackendFacts(
        base_url,
        is_here,
        failure,
        version,
        ahead,
        tuple(places),
        tuple(place for place, found in by.items() if found == "answered"),
        tuple(place for place, found in by.items() if found == "accepted"),
    )


async def _at(client: UpstreamClient, scheme: str, address: str, port: int) -> str:
    """What is there: `nothing`, something that `accepted`, or Ollama, which `answered`."""
    try:
        async with asyncio.timeout(TRY_S):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return "nothing"
    writer.close()
    try:
        upstream = Upstream(f"{scheme}://{_place(address, port)}")
        version = await ask_version(client, upstream, timeout=ASK_S)
    except GatewayError:
        return "accepted"
    return "accepted" if version is None else "answered"


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _ahead(date: str | None, now: float) -> float | None:
    try:
        said = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return said.replace(tzinfo=said.tzinfo or UTC).timestamp() + 0.5 - now  # it was cut to seconds


def own_addresses() -> tuple[str, ...]:
    """This machine's addresses, without loopback and those of one link; at most MAX_ADDRESSES."""
    found = [str(address) for address in _resolved(socket.gethostname())]
    for target in ROUTED:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((target, 9))  # of a datagram socket: chooses the own address, no more
            found.append(probe.getsockname()[0])
    usable = (a for a in dict.fromkeys(found) if not _is_local(ip_address(a)))
    return tuple(usable)[:MAX_ADDRESSES]


def _is_local(address: IPv4Address | IPv6Address) -> bool:
    return address.is_loopback or address.is_unspecified or address.is_link_local


def _resolved(host: str) -> list[IPv4Address | IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list({ip_address(str(entry[4][0]).partition("%")[0]): None for entry in found})


def stored_tokens(settings: Settings) -> list[TokenRow]:
    """The rows of the token store, those that were revoked included. Raises ConfigError."""
    if not settings.auth.token_store:
        return []
    try:
        with Database(_state(settings)) as database:
            return database.submit_read(store.listed).result() or []
    except StoreFailed as error:
        raise ConfigError(f"{error.path}: {error.message}") from None


def tokens(inspected: Inspection, rows: Iterable[TokenRow]) -> tuple[TokenFacts, ...]:
    return (*_configured(inspected), *_stored(rows))


def _configured(inspected: Inspection) -> Iterator[TokenFacts]:
    written = {token.sha256: token for token in inspected.tokens}
    for token in inspected.settings.auth.tokens:
        known = written.get(token.sha256)
        yield TokenFacts(
            *(token.name, token.scopes, token.expires, token.in_path),
            stored=False,
            in_config=known is not None and known.file is None,
            bits=None if known is None else most_bits(known.text),
            since=None if known is None or known.file is None else known.file.stat().st_mtime,
        )


def _stored(rows: Iterable[TokenRow]) -> Iterator[TokenFacts]:
    for row in rows:
        if row.revoked is not None or row.replaced is not None:
            continue
        token = stored_token(row.name, row.sha256, row.scopes, row.form)
        yield TokenFacts(
            *(token.name, token.scopes, token.expires, token.in_path),
            stored=True,
            bits=RANDOM_BYTES * 8.0,
            since=row.created,
        )


def files(inspected: Inspection) -> tuple[FileFacts, ...]:
    """The files that decide who gets in; none where files have no modes."""
    if os.name != "posix":
        return ()
    settings = inspected.settings
    kinds: dict[Path, FileKind] = {}
    if inspected.config_file is not None:
        kinds[inspected.config_file] = "configuration"
    if settings.listen.tls.key_file is not None:
        kinds[Path(settings.listen.tls.key_file)] = "secrets"
    kinds |= dict.fromkeys(sorted(inspected.secret_files), "secrets")
    kinds[Path(".env")] = "secrets"
    kinds[_state(settings)] = "state"
    kinds[_state(settings) / FILE_NAME] = "secrets"
    return tuple(_modes(kinds))


def _modes(kinds: dict[Path, FileKind]) -> Iterator[FileFacts]:
    for path, kind in kinds.items():
        with suppress(OSError):  # it is not there
            yield FileFacts(str(path), kind, stat.S_IMODE(path.stat().st_mode))


def certificates(settings: Settings) -> tuple[CertificateFacts, ...]:
    file = settings.listen.tls.cert_file
    if file is None:
        return ()
    try:
        own = x509.load_pem_x509_certificate(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not PEM"
        return (CertificateFacts(file, failure=reason),)
    return (CertificateFacts(file, own.not_valid_after_utc.timestamp()),)


def _state(settings: Settings) -> Path:
    assert settings.state.directory is not None
    return Path(settings.state.directory)
