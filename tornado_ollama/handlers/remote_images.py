"""Fetches the images that a chat names by URL, where `openai.fetch_images` allows it.

Connects only to public addresses, follows no redirects, sends nothing about the client, and has a
limit on everything. The rules are `wire.chat.image_urls`'s.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.netutil import DefaultLoopResolver, Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from ..errors import BadRequest
from ..wire.chat import image_urls
from ..wire.chat.images import RemoteImage
from ..wire.chat.plan import Plan

log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
CONNECT_S = 5.0
TOTAL_S = 20.0
PARALLEL = 4


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


async def fetch_images(images: list[RemoteImage], plan: Plan) -> None:
    """Fetches the images of a plan and puts each into its place. Raises BadRequest naming the first
    that cannot be fetched."""
    if not images:
        return
    image_urls.check_count(images)
    for image in images:
        image_urls.check_url(image)
    client = SimpleAsyncHTTPClient(
        force_instance=True,
        max_clients=PARALLEL,
        max_body_size=MAX_IMAGE_BYTES,
        resolver=PublicResolver(),
    )
    try:
        async with asyncio.TaskGroup() as group:
            for image in images:
                group.create_task(_fetch(client, plan, image))
    except* BadRequest as failures:
        raise failures.exceptions[0] from None
    finally:
        client.close()


async def _fetch(client: SimpleAsyncHTTPClient, plan: Plan, image: RemoteImage) -> None:
    try:
        response = await client.fetch(
            HTTPRequest(
                image.url,
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
                connect_timeout=CONNECT_S,
                request_timeout=TOTAL_S,
                follow_redirects=False,
                decompress_response=False,
                user_agent="tornado-ollama",
            )
        )
    except Exception as error:
        # Whatever a strange server can do to Tornado's client: its errors have no common base.
        log.info("An image of a chat could not be fetched: %s", type(error).__name__)
        raise image_urls.cannot_be_had(image) from None
    if not response.body or not image_urls.is_image(response.headers.get("Content-Type", "")):
        raise image_urls.cannot_be_had(image)
    plan.place_image(image, base64.b64encode(response.body).decode())
