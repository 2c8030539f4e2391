"""Fetches small documents from servers outside: with a limit on everything, without redirects, and
from public addresses unless told otherwise."""

from __future__ import annotations

import socket
from typing import Any

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.netutil import DefaultLoopResolver, Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from .wire.chat import image_urls

CONNECT_S = 5.0


class PublicResolver(Resolver):
    """Resolves host names to public addresses. A name that also has another kind of address is
    refused."""

    def initialize(self) -> None:
        self._resolver = DefaultLoopResolver()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        found: list[tuple[int, Any]] = await self._resolver.resolve(host, port, family)
        if not all(image_urls.is_public(address[0]) for _, address in found):
            raise OSError("the name leads to an address that is not public")
        return found


def fetching_client(
    max_bytes: int, *, max_clients: int = 4, private_addresses: bool = False
) -> SimpleAsyncHTTPClient:
    """A client for `fetched`. `max_bytes`: of a body. To be closed by its owner."""
    return SimpleAsyncHTTPClient(
        force_instance=True,
        max_clients=max_clients,
        max_body_size=max_bytes,
        resolver=DefaultLoopResolver() if private_addresses else PublicResolver(),
    )


async def fetched(
    client: SimpleAsyncHTTPClient, url: str, *, accept: str, total_s: float
) -> HTTPResponse:
    """The response to a GET that tells nothing about who asks. Raises whatever a strange server can
    do to Tornado's client: its errors have no common base."""
    return await client.fetch(
        HTTPRequest(
            url,
            headers={"Accept": accept, "Accept-Encoding": "identity"},
            connect_timeout=CONNECT_S,
            request_timeout=total_s,
            follow_redirects=False,
            decompress_response=False,
            user_agent="tornado-ollama",
        )
    )
