"""Keys of the tests, made once; and tokens that no library would sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tornado_ollama.access.jwt_keys import JwtKey

SECRET = "a secret of the tests, and of them only: 64 bytes long, or longer"
NOW = 1_800_000_000.0
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}

HS_KEY = JwtKey(SECRET, ("HS256",))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def part(value: Any) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def claims(**over: Any) -> dict[str, Any]:
    """Good claims; `None` leaves one out."""
    good = {"sub": "ann", "exp": NOW + 600, **over}
    return {name: value for name, value in good.items() if value is not None}


def hs_token(
    payload: Any, header: Any = None, secret: str | bytes = SECRET, algorithm: str = "HS256"
) -> str:
    """A token with any payload and header, its signature right for them."""
    signed = f"{part(header or {'alg': algorithm, 'typ': 'JWT'})}.{part(payload)}"
    key = secret.encode() if isinstance(secret, str) else secret
    return f"{signed}.{b64(hmac.digest(key, signed.encode(), HASHES[algorithm]))}"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public_pem(key: Any) -> bytes:
    encoded: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def private_pem(key: Any) -> bytes:
    encoded: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return encoded
