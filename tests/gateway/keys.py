"""The credentials of the gateway's tests, and the configuration that knows them.

Canaries: they are long and unlike anything else, so that a log that holds one is found out.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import jwt

GENERATE = "canary-generate-6b1f0c2e9d3a4f58"
MANAGE = "canary-manage-0d9e8f7a6b5c4d3e"
BOTH = "canary-both-2f4e6d8c0b1a3f5e"
BOUND = "canary-bound-7c5a3e1f9b8d6c4a"
EXPIRED = "canary-expired-1a2b3c4d5e6f7a8b"
UNKNOWN = "canary-unknown-8e7d6c5b4a3f2e1d"
JWT_SECRET = "canary-secret-5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c"

PATH_GENERATE = "canary-phone-3d5f7a9b1c2e4f60"
PATH_MANAGE = "canary-keeper-9a8b7c6d5e4f3a2b"

ALL = (GENERATE, MANAGE, BOTH, BOUND, EXPIRED, UNKNOWN, JWT_SECRET, PATH_GENERATE, PATH_MANAGE)

SECURED: dict[str, Any] = {
    "auth": {
        "generate_tokens": [
            {"name": "writer", "token": GENERATE},
            {"name": "chief", "token": BOTH},
            {"name": "bound", "token": BOUND, "models": ["smollm2*"]},
            {"name": "late", "token": EXPIRED, "expires": "2001-01-01T00:00:00Z"},
        ],
        "model_tokens": [
            {"name": "keeper", "token": MANAGE},
            {"name": "chief", "token": BOTH},
            {"name": "bound", "token": BOUND, "models": ["smollm2*"]},
            {"name": "late", "token": EXPIRED, "expires": "2001-01-01T00:00:00Z"},
        ],
        "jwt": {"secret": JWT_SECRET},
    }
}

PATH_CONFIG: dict[str, Any] = {
    "auth": {
        "path_tokens": True,
        "generate_tokens": [
            *SECURED["auth"]["generate_tokens"],
            {"name": "phone", "token": PATH_GENERATE, "path": True},
        ],
        "model_tokens": [
            *SECURED["auth"]["model_tokens"],
            {"name": "remote", "token": PATH_MANAGE, "path": True},
        ],
        "jwt": SECURED["auth"]["jwt"],
    }
}
"""The same, and two tokens that may stand in the URL."""


def signed(secret: str = JWT_SECRET, ttl_s: float = 3600, **claims: Any) -> str:
    """A JWT, valid for an hour and with scope generate unless told otherwise."""
    payload = {"sub": "somebody", "exp": int(time.time() + ttl_s)} | claims
    return jwt.encode(
        {name: value for name, value in payload.items() if value is not None}, secret, "HS256"
    )


def bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"


def bare(token: str) -> tuple[str, str]:
    return "Authorization", token


def basic(token: str) -> tuple[str, str]:
    pair = base64.b64encode(f"anybody:{token}".encode()).decode()
    return "Authorization", f"Basic {pair}"


def api_key(token: str) -> tuple[str, str]:
    return "X-API-Key", token


TRANSPORTS: dict[str, Callable[[str], tuple[str, str]]] = {
    "bearer": bearer,
    "bare": bare,
    "basic": basic,
    "x-api-key": api_key,
}
