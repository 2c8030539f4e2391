"""Fetches the images that a chat names by URL, where `openai.fetch_images` allows it.

Connects only to public addresses, follows no redirects, sends nothing about the client, and has a
limit on everything. The rules are `wire.chat.image_urls`'s.
"""

from __future__ import annotations

import asyncio
import base64
import logging

from tornado.simple_httpclient import SimpleAsyncHTTPClient

from ..errors import BadRequest
from ..fetching import fetched, fetching_client
from ..wire.chat import image_urls
from ..wire.chat.images import RemoteImage
from ..wire.chat.plan import Plan

log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
TOTAL_S = 20.0
PARALLEL = 4


async def fetch_images(images: list[RemoteImage], plan: Plan) -> None:
    """Fetches the images of a plan and puts each into its place. Raises BadRequest naming the first
    that cannot be fetched."""
    if not images:
        return
    image_urls.check_count(images)
    for image in images:
        image_urls.check_url(image)
    client = fetching_client(MAX_IMAGE_BYTES, max_clients=PARALLEL)
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
        response = await fetched(client, image.url, accept="image/*", total_s=TOTAL_S)
    except Exception as error:
        log.info("An image of a chat could not be fetched: %s", type(error).__name__)
        raise image_urls.cannot_be_had(image) from None
    if not response.body or not image_urls.is_image(response.headers.get("Content-Type", "")):
        raise image_urls.cannot_be_had(image)
    plan.place_image(image, base64.b64encode(response.body).decode())
