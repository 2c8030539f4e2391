"""The topic `auth.jwt`: JWTs, signed with a secret, with a key of the configuration, or by issuers
that publish their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...access.claims import ClaimRules
from ...access.principal import Scope
from ..formats import ALGORITHMS
from ..rows import Topic, setting, tables
from ..rules import SCOPES, SWITCH, TEXT, Rule, seconds

_Text = Annotated[str, Meta(min_length=1, max_length=200)]


class _Claims(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """`claims` as the configuration has it; the meaning of the keys is in `ClaimRules`."""

    name: _Text | None = None
    scopes: _Text | None = None
    models: _Text | None = None
    groups: _Text | None = None
    generate: list[_Text] | None = None
    manage: list[_Text] | None = None


def _claims(form: _Claims) -> ClaimRules:
    given = {name: getattr(form, name) for name in form.__struct_fields__}
    found: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    return ClaimRules(**found)


CLAIMS: Rule[ClaimRules] = Rule(
    "a table of name, scopes, models and groups, which name claims, and of generate and manage, "
    "which are lists of words",
    _Claims,
    _claims,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuerTopic(Topic):
    """An issuer that publishes its keys."""

    discovery: str | None = setting(
        None,
        TEXT,
        "URL of an OpenID Connect issuer, as `https://id.example.com/realms/main`",
        more="`/.well-known/openid-configuration` below it tells where its keys are. "
        "See [access](access.md#sign-in-by-others).",
    )
    jwks_url: str | None = setting(
        None, TEXT, "URL of the issuer's keys, where it has no `discovery`; needs `issuer`"
    )
    issuer: str | None = setting(
        None, TEXT, "what the claim `iss` must be; by default the URL in `discovery`"
    )
    audience: str | None = setting(None, TEXT, "what the claim `aud` must be or hold")
    algorithms: tuple[str, ...] = setting(
        ("RS256", "PS256", "ES256", "EdDSA"), ALGORITHMS, "those that its keys may be used with"
    )
    leeway: float = setting(30.0, seconds(3600), "by how much clocks may differ")
    default_scopes: tuple[Scope, ...] = setting(
        (Scope.GENERATE,),
        SCOPES,
        "what a token without the claim `scope` may do: `generate`, `manage`",
    )
    claims: ClaimRules | None = setting(
        None,
        CLAIMS,
        "where name, scopes, models and groups stand in a token, as `{scopes: roles}`",
        more="Without `scopes` the words of the claim `scope` are scopes. "
        "See [access](access.md#sign-in-by-others).",
    )
    private_addresses: bool = setting(
        False, SWITCH, "`true`: the issuer may be in the own network, and speak plain HTTP"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Jwt(IssuerTopic):
    algorithms: tuple[str, ...] = setting(
        ("HS256",),
        ALGORITHMS,
        "HS256, HS384, HS512 with `secret`; RS\\*, PS\\*, ES\\* or EdDSA with `public_key_file`",
        more="An issuer's keys may be used with RS256, PS256, ES256 and EdDSA, where only HS\\* "
        "stands here.",
    )
    secret: str | None = setting(
        None,
        TEXT,
        "HMAC secret of 32 bytes or more; best given by variable or file",
        more="48 bytes for HS384, 64 for HS512.",
        env="JWT_SECRET_KEY",
        secret=True,
    )
    secret_file: str | None = setting(
        None, TEXT, "a file that holds the secret, instead of `secret`"
    )
    public_key_file: str | None = setting(
        None, TEXT, "RSA, EC or Ed25519 public key, PEM, for tokens that others sign"
    )
    require_exp: bool = setting(True, SWITCH, "`false`: accept tokens that never expire")
    issuers: dict[str, IssuerTopic] = tables(
        IssuerTopic, "more issuers that publish their keys, by any name", example="partner"
    )
