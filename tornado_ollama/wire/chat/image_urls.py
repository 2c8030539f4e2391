"""The rules for images given by URL: which URLs may be fetched, and which addresses may be
connected to.

They guard against server-side request forgery; the fetching itself is `handlers`'. Anybody who may
send a prompt can name an image, and this gateway is inside the operator's network: only addresses
of the public internet are allowed, decided on the very address that is connected to, so that no
spelling of a host (`2130706433`, `0x7f.1`, a name that resolves to 127.0.0.1, now or at the second
look-up) makes a difference. Sources: IANA's special-purpose address registries, as Python's
`ipaddress` has them.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ...errors import BadRequest
from .images import RemoteImage

MAX_IMAGES = 8
"""Most images fetched for one request."""

_PORTS = (None, 80, 443)
"""Others would make the gateway a scanner of ports."""

_PLAIN = re.compile(r"[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7e]+", re.ASCII)
"""Characters that every parser of URLs reads alike: no space, no quote, no backslash, no caret,
no backtick, no braces, nothing outside of ASCII."""

_UNICAST = ipaddress.ip_network("2000::/3")
_TUNNELS = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("64:ff9b::/96"))
"""IPv6 addresses that stand for IPv4 ones."""

_RESERVED = (
    ipaddress.ip_network("192.0.0.0/24"),  # IETF protocol assignments, RFC 6890
    ipaddress.ip_network("192.88.99.0/24"),  # once 6to4 relays, RFC 7526
    ipaddress.ip_network("2001::/23"),  # IETF protocol assignments, RFC 2928; Teredo among them
    ipaddress.ip_network("3fff::/20"),  # documentation, RFC 9637
)
"""Special-purpose networks that Python knows in some versions only, or not as a whole."""


def check_url(image: RemoteImage) -> None:
    """Raises BadRequest for a URL that must not be fetched, whatever address it leads to."""
    if not _PLAIN.fullmatch(image.url) or not _is_plain(image.url):
        raise BadRequest(
            "An image is fetched only from a plain http or https URL on the usual port.",
            param=image.param,
        )


def check_count(images: list[RemoteImage]) -> None:
    """Raises BadRequest where a request names more than MAX_IMAGES images to fetch."""
    if len(images) > MAX_IMAGES:
        raise BadRequest(
            f"At most {MAX_IMAGES} images are fetched for one request.", param="messages"
        )


def cannot_be_had(image: RemoteImage) -> BadRequest:
    """The error for an image that could not be fetched. Its message is the same for every cause,
    because it must not reveal what answers inside the network."""
    return BadRequest(
        "The image could not be fetched: it must be a public image of a bearable size.",
        param=image.param,
        code="invalid_image",
    )


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip not in _UNICAST or any(ip in tunnel for tunnel in _TUNNELS):
            return False
    reserved = any(ip in network for network in _RESERVED)
    return ip.is_global and not ip.is_multicast and not reserved


def is_image(content_type: str) -> bool:
    return content_type.strip().lower().startswith("image/")


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    scheme = parts.scheme in ("http", "https")
    return scheme and bool(parts.hostname) and "@" not in parts.netloc and port in _PORTS
