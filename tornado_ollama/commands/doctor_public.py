"""Gathers what clients get through the gateway's public URL, for the command `doctor`.

Sends no credential and changes nothing: `/health/stream` shows whether a stream is held back, the
handshake of `/ws` needs no credential, and a frame that is none is answered by a close.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from ..doctor.facts import CertificateFacts, PublicFacts, StreamFacts
from ..doctor.public import ASKED_OPENLY, HELD_BACK
from ..errors import GatewayError, UpstreamTimeout, UpstreamUnavailable
from ..upstream.client import UpstreamClient
from ..upstream.request import ResponseHead, UpstreamRequest

TIMEOUT_S = 15.0
ATTEMPTS = 2
"""A stream that seems to be held back is looked at again: this machine may have been busy."""

CLOSE_S = 1.0
"""For the end of a socket that has answered."""

MAX_BYTES = 64 * 1024
"""Of a reply; that of `/health/stream` has some hundred."""


async def look(url: str) -> tuple[PublicFacts, CertificateFacts | None]:
    """What is at the URL, and its certificate where it has one."""
    is_loopback = _is_loopback(urlsplit(url).hostname or "")
    certificate = await _certificate(url)
    if certificate is not None and certificate.failure is not None:
        failure = "its certificate is not to be trusted, so nothing else was tried"
        return PublicFacts(url, is_loopback, failure=failure), certificate
    client = UpstreamClient(force_instance=True)
    try:
        stream = await _stream(client, url)
        for _ in range(ATTEMPTS - 1):
            if stream.came_over_s < stream.sent_over_s * HELD_BACK:
                stream = await _stream(client, url)
        opened = [path for path in ASKED_OPENLY if await _is_open(client, url + path)]
    except GatewayError as error:
        return PublicFacts(url, is_loopback, failure=_words(error)), certificate
    finally:
        client.close()
    socket_failure = await _socket(url)
    facts = PublicFacts(url, is_loopback, stream, None, socket_failure, tuple(opened))
    return facts, certificate


async def _stream(client: UpstreamClient, url: str) -> StreamFacts:
    """Reads one streamed reply and notes when its pieces come. Raises GatewayError."""
    came: list[tuple[float, bytes]] = []
    heads: list[ResponseHead] = []

    def take(data: bytes) -> None:
        if sum(len(piece) for _, piece in came) < MAX_BYTES:
            came.append((time.monotonic(), data))

    reply = await client.fetch(
        _request(f"{url}/health/stream", streaming=take, head=heads.append), raise_error=False
    )
    headers = heads[-1].http_headers()
    said = [text for name in ("Server", "Via") if (text := headers.get(name))]
    lines = _lines(came)
    sent = [number for _, number in lines]
    return StreamFacts(
        reply.code,
        ", ".join(said)[:80] if said else None,
        len(lines),
        (sent[-1] - sent[0]) / 1000 if sent else 0.0,
        lines[-1][0] - lines[0][0] if lines else 0.0,
        headers.get("Content-Encoding"),
    )


def _lines(came: list[tuple[float, bytes]]) -> list[tuple[float, float]]:
    """When each line was complete, and when it was sent, in milliseconds, as it says; without those
    that are not the gateway's."""
    found, rest = [], b""
    for moment, data in came:
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            try:
                found.append((moment, float(json.loads(line)["sent_ms"])))
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
    return found


async def _is_open(client: UpstreamClient, url: str) -> bool:
    """Whether this is answered without a credential. Raises GatewayError."""
    reply = await client.fetch(_request(url), raise_error=False)
    return reply.code == 200


def _request(url: str, *, streaming: object = None, head: object = None) -> UpstreamRequest:
    return UpstreamRequest(
        url,
        streaming_callback=streaming,  # type: ignore[arg-type]
        head_callback=head,  # type: ignore[arg-type]
        connect_timeout=TIMEOUT_S,
        first_byte_timeout=TIMEOUT_S,
        idle_timeout=TIMEOUT_S,
    )


async def _socket(url: str) -> str | None:
    """Opens `/ws`, sends a frame that no credential is in, and waits for what the gateway says to
    that. Returns what went wrong; None where frames went both ways."""
    tls = ssl.create_default_context() if url.startswith("https:") else None
    request = HTTPRequest(
        f"ws{url.removeprefix('http')}/ws",
        connect_timeout=TIMEOUT_S,
        request_timeout=TIMEOUT_S,
        ssl_options=tls,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            connection = await websocket_connect(request)
            return await _answered(connection)
    except HTTPClientError as error:
        if error.code == 400:
            return "the gateway gets the handshake without its Upgrade header (status 400)."
        return f"the handshake is answered with status {error.code}."
    except (OSError, WebSocketError):
        return "the connection is closed during the handshake."
    except TimeoutError:
        return f"no frame came back within {TIMEOUT_S:g} s."


async def _answered(connection: WebSocketClientConnection) -> str | None:
    try:
        await connection.write_message("{}")
        answer = await connection.read_message()
    finally:
        connection.close()
    if answer is None and connection.close_code is None:
        return "the connection is cut after the handshake."
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            while answer is not None:  # until the gateway has closed it, too
                answer = await connection.read_message()
    return None


async def _certificate(url: str) -> CertificateFacts | None:
    place = urlsplit(url)
    if place.scheme != "https":
        return None
    context = ssl.create_default_context()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            _, writer = await asyncio.open_connection(
                place.hostname, place.port or 443, ssl=context
            )
    except ssl.SSLCertVerificationError as error:
        return CertificateFacts(url, failure=error.verify_message)
    except (OSError, UnicodeError):  # also TimeoutError; the stream's probe says it
        return None
    presented = writer.get_extra_info("peercert")
    writer.transport.abort()
    return CertificateFacts(url, float(ssl.cert_time_to_seconds(presented["notAfter"])))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _words(error: GatewayError) -> str:
    """The error without Ollama, of which it speaks otherwise."""
    if isinstance(error, UpstreamTimeout):
        return f"no reply within {TIMEOUT_S:g} s"
    if isinstance(error, UpstreamUnavailable):
        return "no connection"
    return "what answers breaks off, or does not speak HTTP"
