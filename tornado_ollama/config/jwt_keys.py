"""Turns the keys of `auth.jwt` into what verifies JWTs: a secret, a public key, and issuers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..access import jwt_keys as jwt
from ..access.claims import ClaimRules
from ..access.issuers import Issuer, may_fetch, prepare
from ..errors import ConfigError
from .file_reader import Reader
from .topics.jwt import IssuerTopic, Jwt

if TYPE_CHECKING:
    from ..access.jws import PublicKey

MAKE_SECRET = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'


def issuers(settings: Jwt, reader: Reader) -> tuple[Issuer, ...]:
    """The issuers that publish their keys. Raises ConfigError."""
    found: dict[str, Issuer] = {}
    for key, topic in _topics(settings):
        issuer = _issuer(key, topic, reader)
        if issuer.issuer in found:
            raise reader.impossible(f"{key}.issuer", issuer.issuer, "another than the others are")
        found[issuer.issuer] = issuer
    return tuple(found.values())


def _topics(settings: Jwt) -> Iterator[tuple[str, IssuerTopic]]:
    if settings.discovery is not None or settings.jwks_url is not None:
        yield "auth.jwt", settings
    for name, topic in settings.issuers.items():
        yield f"auth.jwt.issuers.{name}", topic


def _issuer(key: str, topic: IssuerTopic, reader: Reader) -> Issuer:
    named = topic.issuer or topic.discovery
    if named is None or (topic.discovery is None) == (topic.jwks_url is None):
        rule = "given, or else jwks_url and issuer"
        raise reader.impossible(f"{key}.discovery", topic.discovery, rule)
    prepare()
    algorithms = frozenset(topic.algorithms) & jwt.PUBLIC_KEY_ALGORITHMS
    issuer = Issuer(
        named,
        topic.discovery,
        topic.jwks_url,
        topic.audience,
        algorithms or frozenset(IssuerTopic().algorithms),
        topic.leeway,
        frozenset(topic.default_scopes),
        topic.claims or ClaimRules(),
        topic.private_addresses,
    )
    for name, url in (("discovery", topic.discovery), ("jwks_url", topic.jwks_url)):
        if url is not None and not may_fetch(url, issuer):
            rule = "an https:// URL, unless private_addresses is true"
            raise reader.impossible(f"{key}.{name}", url, rule)
    return issuer


def fixed_keys(settings: Jwt, reader: Reader) -> tuple[jwt.JwtKey, ...]:
    """The secret and the public key of the configuration. Raises ConfigError."""
    secret = _secret(settings, reader)
    by_secret = tuple(name for name in settings.algorithms if name in jwt.SECRET_BYTES)
    by_public = tuple(name for name in settings.algorithms if name not in jwt.SECRET_BYTES)
    keys = []
    if secret is not None:
        if not by_secret:
            raise _misfit(settings, reader, "such as HS256 to fit auth.jwt.secret")
        _check_secret(settings, secret, by_secret, reader)
        keys.append(_key(secret, by_secret, settings))
    if settings.public_key_file is not None:
        if not by_public:
            raise _misfit(settings, reader, "such as RS256, ES256 or EdDSA to fit public_key_file")
        from ..access import jws

        public = _public_key(settings.public_key_file, reader)
        if not all(jws.fits(public, algorithm) for algorithm in by_public):
            raise _misfit(settings, reader, "of the kind of the key in public_key_file")
        keys.append(_key(public, by_public, settings))
    published = settings.discovery is not None or settings.jwks_url is not None
    has_public = settings.public_key_file is not None or published
    if keys and (bool(by_secret) != (secret is not None) or (by_public and not has_public)):
        rule = "such that each has its key: HS* auth.jwt.secret, the others public_key_file"
        raise _misfit(settings, reader, rule)
    return tuple(keys)


def _secret(settings: Jwt, reader: Reader) -> str | None:
    """The HMAC secret, given directly or in a file."""
    if settings.secret_file is None:
        return settings.secret
    if settings.secret is not None:
        raise reader.impossible("auth.jwt.secret", None, "given once, here or in secret_file")
    return reader.secret("auth.jwt.secret_file", settings.secret_file)


def _misfit(settings: Jwt, reader: Reader, rule: str) -> ConfigError:
    return reader.impossible("auth.jwt.algorithms", settings.algorithms, rule)


def _key(key: str | PublicKey, algorithms: tuple[str, ...], settings: Jwt) -> jwt.JwtKey:
    return jwt.JwtKey(
        key,
        algorithms,
        settings.issuer,
        settings.audience,
        settings.leeway,
        frozenset(settings.default_scopes),
        settings.require_exp,
    )


def _check_secret(settings: Jwt, secret: str, algorithms: tuple[str, ...], reader: Reader) -> None:
    from ..access import jws

    key = "auth.jwt.secret" if settings.secret_file is None else "auth.jwt.secret_file"
    shown = settings.secret_file
    if jws.is_public_text(secret):
        raise reader.impossible(key, shown, "a random secret, not a key in PEM, SSH or JWK form")
    least = max(jwt.SECRET_BYTES[algorithm] for algorithm in algorithms)
    if len(secret.encode("utf-8", "surrogatepass")) < least:
        raise reader.impossible(key, shown, f"{least} bytes or more; {MAKE_SECRET}")


def _public_key(name: str, reader: Reader) -> PublicKey:
    from ..access import jws

    key = "auth.jwt.public_key_file"
    try:
        return jws.load_public_key(reader.file(key, name))
    except ValueError as error:
        raise reader.impossible(key, name, f"a file that {error}") from None
