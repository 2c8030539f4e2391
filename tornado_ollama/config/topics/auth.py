"""The topic `auth`: credentials, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ...access.jwt import JwtKey
from ...access.principal import Scope
from ...access.tokens import StaticToken
from ..formats import ALGORITHMS
from ..rows import Topic, setting
from ..rules import DISCOVERY, SCOPES, SWITCH, TEXT, TOKENS, one_of, seconds
from .token_entry import TokenEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Jwt(Topic):
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
    algorithms: tuple[str, ...] = setting(
        ("HS256",),
        ALGORITHMS,
        "HS256, HS384, HS512 with `secret`; RS\\*, PS\\*, ES\\* or EdDSA with `public_key_file`",
    )
    issuer: str | None = setting(None, TEXT, "what the claim `iss` must be")
    audience: str | None = setting(None, TEXT, "what the claim `aud` must be or hold")
    leeway: float = setting(30.0, seconds(3600), "by how much clocks may differ")
    default_scopes: tuple[Scope, ...] = setting(
        (Scope.GENERATE,),
        SCOPES,
        "what a token without the claim `scope` may do: `generate`, `manage`",
    )
    require_exp: bool = setting(True, SWITCH, "`false`: accept tokens that never expire")


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenAuth(Topic):
    """`auth` as the configuration has it. A token is a text or a table, see `credentials.py`."""

    NOTE = """\
With no token and no JWT key everybody on this machine may do everything, and nobody else can
connect. `tornado-ollama token create --name laptop --scope generate` makes a token that is kept
in the state directory; with --entry it prints what to put here. An entry is a text, or a table:"""

    generate_tokens: tuple[Any, ...] = setting(
        (),
        TOKENS,
        "tokens that may chat, generate and embed",
        more="They have the scope `generate`. See [token entries](#token-entries).",
        secret=True,
        entry=TokenEntry,
    )
    model_tokens: tuple[Any, ...] = setting(
        (),
        TOKENS,
        "tokens that may manage models (pull, delete, ...); list a token in both for both",
        more="They have the scope `manage`.",
        secret=True,
        entry=TokenEntry,
    )
    jwt: Jwt = Jwt()
    token_store: Literal["sqlite"] | bool = setting(
        "sqlite",
        one_of("sqlite", False),
        "where `token create` keeps tokens: `sqlite`, in `state.directory`; `false`: nowhere",
        more="With `false` there is neither `/admin/tokens` nor `token revoke`.",
        at_start=True,
    )
    path_tokens: bool = setting(
        False,
        SWITCH,
        "`true`: tokens with `path: true` may stand in the URL, `/k/TOKEN/...`",
        more="See [authentication](authentication.md#in-the-url).",
    )
    public: tuple[str, ...] = setting(
        (),
        DISCOVERY,
        "what may be asked without a credential, of `version`, `tags` and `show`",
        more="For programs that look for models before they have a key. "
        "See [authentication](authentication.md#discovery-without-a-key).",
    )
    anonymous: Literal["auto"] | bool = setting(
        "auto",
        one_of("auto", True, False),
        "`auto`: open only on loopback with nothing configured; `true`: all may generate; "
        "`false`: nobody",
        more="See [authentication](authentication.md#without-a-credential).",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Auth(WrittenAuth):
    """`auth` as the program uses it. The two lists are empty; their tokens are in `tokens`,
    hashed."""

    tokens: tuple[StaticToken, ...] = ()
    jwt_keys: tuple[JwtKey, ...] = ()
    stored_tokens: bool = False
    """The token store has tokens, or had some."""

    @property
    def configured(self) -> bool:
        """Whether any credential is configured."""
        return bool(self.tokens or self.jwt_keys or self.stored_tokens)
