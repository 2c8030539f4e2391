"""The topic `auth`: credentials, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ...access.issuers import Issuer
from ...access.jwt_keys import JwtKey
from ...access.tokens import StaticToken
from ..rows import Topic, setting
from ..rules import DISCOVERY, KEYS, SWITCH, TOKENS, one_of, whole
from .jwt import Jwt
from .token_entry import TokenEntry


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
    ollama_keys: tuple[Any, ...] = setting(
        (),
        KEYS,
        "public keys of `ollama` commands, which sign with OLLAMA_AUTH=1: lines of id_ed25519.pub",
        more="Or tables with `key`, `name`, `scopes` (by default `generate`) and the restrictions "
        "of a [token entry](#token-entries). See [access](access.md#the-ollama-commands-own-key).",
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
    failed_logins: int = setting(
        60,
        whole("a number of requests", 0),
        "wrong credentials that an address may send in a minute; more get 429; `0`: any number",
        more="A right one is served at any time. Of tokens in URLs it is 10. "
        "See [limits](limits.md#addresses).",
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
    issuers: tuple[Issuer, ...] = ()
    keys: tuple[StaticToken, ...] = ()
    """Those of `ollama_keys`: the SHA-256 of each is that of a public key."""
    stored_tokens: bool = False
    """The token store has tokens, or had some."""

    @property
    def configured(self) -> bool:
        """Whether any credential is configured."""
        return bool(self.tokens or self.jwt_keys or self.issuers or self.keys or self.stored_tokens)
