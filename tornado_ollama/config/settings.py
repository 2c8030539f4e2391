"""The settings as the program sees them: frozen structs by topic.

The keys of `config.yaml` are these structs and their fields. A field's `Meta` is the rule of its
value; `rule` is the end of the sentence "<key>: <value> is not possible, it must be ...".
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ..access.jwt import JwtKey
from ..access.principal import Scope
from ..access.tokens import StaticToken


def _rule(text: str, **limits: Any) -> Meta:
    return Meta(extra={"rule": text}, **limits)


_WEEK_S = 7 * 24 * 3600

Text = Annotated[str, _rule("a text that is not empty", min_length=1)]
Texts = Annotated[tuple[Text, ...], _rule("a list of texts")]
Switch = Annotated[bool, _rule("true or false")]
Seconds = Annotated[float, _rule("seconds, above 0 and up to a week", gt=0, le=_WEEK_S)]
SecondsOrNone = Annotated[float, _rule("seconds, from 0 to a week", ge=0, le=_WEEK_S)]
ScopeNames = Annotated[tuple[Scope, ...], _rule("a list of scopes, which are generate and manage")]


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the structs that are keys of the file."""


class Tls(Topic, frozen=True, kw_only=True):
    cert_file: Text | None = None
    """PEM file of the certificate and its chain."""
    key_file: Text | None = None
    """PEM file of its private key."""


class Listen(Topic, frozen=True, kw_only=True):
    host: Text = "127.0.0.1"
    """Address to bind."""
    port: Annotated[int, _rule("a port, 0 to 65535", ge=0, le=65535)] = 8000
    """0 picks a free one and prints it."""
    allowed_hosts: Texts = ()
    """Host names served besides `localhost`, IP literals and `host`; `*`: all."""
    trusted_proxies: Texts = ()
    """Networks whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Real-IP` are believed."""
    drain_timeout: SecondsOrNone = 30.0
    """How long running streams may go on after SIGTERM."""
    tls: Tls = Tls()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            address = ip_address(self.host)
        except ValueError:
            return False
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class Service(Topic, frozen=True, kw_only=True):
    base_url: Text = "http://localhost:11434"
    """Where Ollama is; a path prefix is allowed. Without a slash at the end."""
    connect_timeout: Seconds = 5.0
    """To connect."""
    load_timeout: Seconds = 600.0
    """To the first byte of a reply: models load slowly."""
    timeout: Seconds = 600.0
    """Longest silence once a reply has begun: Ollama is silent for minutes while it holds back a
    tool call. Pull, push and create have no such limit."""
    forward_unknown: Switch = False
    """Forward unknown `/api/*` paths for callers with the scope manage."""


class Jwt(Topic, frozen=True, kw_only=True):
    secret: Text | None = None
    """HMAC secret, 32 bytes or more."""
    secret_file: Text | None = None
    """A file that holds it."""
    public_key_file: Text | None = None
    """PEM file of an RSA, EC or Ed25519 public key."""
    algorithms: Texts = ("HS256",)
    issuer: Text | None = None
    """What `iss` must be."""
    audience: Text | None = None
    """What `aud` must be or hold."""
    leeway: Annotated[float, _rule("seconds, from 0 to 3600", ge=0, le=3600)] = 30.0
    """By how much clocks may differ."""
    default_scopes: ScopeNames = (Scope.GENERATE,)
    """What a token without `scope` may do."""
    require_exp: Switch = True
    """Refuse tokens that never expire."""

    def __repr__(self) -> str:
        return f"Jwt(algorithms={self.algorithms!r}, ...)"


Anonymous = Annotated[Literal["auto"] | bool, _rule("auto, true or false")]


class WrittenAuth(Topic, frozen=True, kw_only=True):
    """`auth` as the file has it. A token is a text or a table, see `credentials.py`."""

    generate_tokens: Annotated[tuple[Any, ...], _rule("a list of tokens")] = ()
    model_tokens: Annotated[tuple[Any, ...], _rule("a list of tokens")] = ()
    jwt: Jwt = Jwt()
    anonymous: Anonymous = "auto"

    def __repr__(self) -> str:
        return "WrittenAuth(...)"


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """`auth` as the program sees it: tokens by their hash, JWT keys ready for use."""

    tokens: tuple[StaticToken, ...] = ()
    jwt_keys: tuple[JwtKey, ...] = ()
    jwt: Jwt = Jwt()
    anonymous: Literal["auto"] | bool = "auto"

    @property
    def configured(self) -> bool:
        """Whether there is any credential that would be accepted."""
        return bool(self.tokens or self.jwt_keys)


class Cors(Topic, frozen=True, kw_only=True):
    origins: Texts = ()
    """Exact origins or `*` wildcards, on top of those that Ollama itself always allows."""


Think = Annotated[
    bool | Literal["low", "medium", "high", "max"],
    _rule("true, false, low, medium, high or max"),
]


class ModelDefaults(Topic, frozen=True, kw_only=True):
    """What is used for a model where the request is silent."""

    num_ctx: Annotated[int, _rule("a number of tokens, 1 or more", ge=1)] | None = None
    keep_alive: Annotated[str | int | float, _rule("seconds or a time such as 5m")] | None = None
    think: Think | None = None
    options: dict[str, Any] | None = None


class Models(Topic, frozen=True, kw_only=True):
    aliases: Annotated[dict[Text, Text], _rule("a table of names")] = {}
    """Name the client sends: name Ollama knows."""
    defaults: dict[str, ModelDefaults] = {}
    """By glob of the model's name; of several that match, the later wins."""


class Chat(Topic, frozen=True, kw_only=True):
    default_model: Text | None = None
    """For `/ws` messages without a model. None: the first chat model of `/api/tags`."""
    resume_grace: SecondsOrNone = 20.0
    """A resumable chat that lost its socket runs on for this long; 0: it is stopped at once."""


class OpenAI(Topic, frozen=True, kw_only=True):
    fetch_images: Switch = False
    """Fetch images that a request gives by URL."""


class Limits(Topic, frozen=True, kw_only=True):
    max_body_bytes: Annotated[int, _rule("bytes, 1 or more", ge=1)] = 32 * 1024 * 1024
    """Largest JSON body taken."""
    max_buffered_bytes: Annotated[int, _rule("bytes, 1 or more", ge=1)] = 512 * 1024 * 1024
    """Bytes of request bodies held in memory at once."""
    max_parallel: Annotated[int, _rule("a number of requests, 0 or more", ge=0)] = 0
    """Chats, generations and embeddings sent to Ollama at once; 0: no limit."""
    max_queued: Annotated[int, _rule("a number of requests, 0 or more", ge=0)] = 100
    """How many more may wait for their turn."""
    queue_timeout: Seconds = 300.0
    """How long each of them may."""


class Log(Topic, frozen=True, kw_only=True):
    format: Annotated[Literal["text", "json"], _rule("text or json")] = "text"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], _rule("debug, info, warning or error")
    ] = "info"


class Common(Topic, frozen=True, kw_only=True):
    """The topics that are the same in the file and in the program."""

    listen: Listen = Listen()
    service: Service = Service()
    cors: Cors = Cors()
    models: Models = Models()
    chat: Chat = Chat()
    openai: OpenAI = OpenAI()
    limits: Limits = Limits()
    log: Log = Log()


class Written(Common, frozen=True, kw_only=True):
    """All there is to set: the root of `config.yaml`."""

    auth: WrittenAuth = WrittenAuth()


class Settings(Common, frozen=True, kw_only=True):
    """All settings, checked and resolved."""

    auth: Auth = Auth()
    warnings: tuple[str, ...] = ()
    """Sentences for the log at start: possible, but hardly meant."""

    def anonymous_scopes(self) -> frozenset[Scope]:
        """What a caller without a valid credential may do.

        Open with both scopes only where nothing is configured and only this machine can connect;
        `auth.anonymous: true` keeps it open elsewhere, for generating only.
        """
        if self.auth.anonymous is False:
            return frozenset()
        if self.listen.loopback and not self.auth.configured:
            return frozenset(Scope)
        return frozenset((Scope.GENERATE,)) if self.auth.anonymous is True else frozenset()
