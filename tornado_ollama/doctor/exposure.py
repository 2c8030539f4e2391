"""Checks of settings that are possible, but unwise together."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from ..access.principal import Scope
from ..access.quota import UNLIMITED
from ..config import Settings
from ..config.load import EVERY_ORIGIN
from .facts import Facts
from .finding import Finding, ok, problem, warning


def check_settings(facts: Facts) -> Iterator[Finding]:
    settings = facts.settings
    found = [
        *(warning("settings", said, "See docs/configuration.md.") for said in facts.unwise),
        *_anonymous(settings),
        *_open_to_others(settings),
        *_hosts_and_origins(settings),
        *_proxies(settings),
    ]
    yield from found
    if not found:
        yield ok("settings", "Host names, origins, limits and anonymous access fit together.")


def _anonymous(settings: Settings) -> Iterator[Finding]:
    listen, auth, limits = settings.listen, settings.auth, settings.limits
    scopes = settings.anonymous_scopes()
    if not listen.loopback and not auth.configured and auth.anonymous == "auto":
        yield problem(
            "anonymous.open",
            f"listen.host is {listen.host}, which others can reach, and there is no credential: "
            "the gateway would not start like that.",
            "Make a token: `tornado-ollama token create --name laptop`.",
        )
    if Scope.GENERATE in scopes and not listen.loopback:
        if limits.per_address == UNLIMITED:
            yield problem(
                "anonymous.limits",
                "auth.anonymous is true on an address that others can reach, and limits.per_address"
                " sets no limit: anybody may use all of the machine for ever.",
                "Set limits.per_address (requests_per_minute, max_parallel, max_queued), or "
                "auth.anonymous: false.",
            )
        if limits.max_parallel == 0:
            yield warning(
                "anonymous.queue",
                "auth.anonymous is true and limits.max_parallel is 0: all requests go to Ollama at "
                "once, and tokens have no advantage over strangers.",
                "Set limits.max_parallel to what Ollama runs at once (OLLAMA_NUM_PARALLEL).",
            )


def _open_to_others(settings: Settings) -> Iterator[Finding]:
    listen, auth = settings.listen, settings.auth
    if listen.loopback:
        return
    if listen.tls.cert_file is None and not listen.trusted_proxies:
        yield warning(
            "listen.tls",
            f"listen.host is {listen.host}, without listen.tls and without a trusted proxy: tokens,"
            " prompts and replies cross the network in clear.",
            "Set listen.tls, or put a proxy with TLS in front and bind 127.0.0.1; not needed within"
            " a VPN or a container's network.",
        )
    if auth.failed_logins == 0:
        yield warning(
            "auth.failed_logins",
            "auth.failed_logins is 0: an address may try as many tokens as it likes.",
            "Leave it at its default, 60 a minute.",
        )


def _hosts_and_origins(settings: Settings) -> Iterator[Finding]:
    if settings.anonymous_scopes() and "*" in settings.listen.allowed_hosts:
        yield problem(
            "listen.allowed_hosts",
            'listen.allowed_hosts is ["*"] while anonymous access is open: a web page that points '
            "its own name at this machine (DNS rebinding) uses the gateway as its reader would.",
            "Name the hosts that are meant, or close anonymous access.",
        )
    wide = [origin for origin in settings.cors.origins if EVERY_ORIGIN.fullmatch(origin)]
    if wide:
        yield warning(
            "cors.origins",
            f"cors.origins has {', '.join(wide)}: any web page may send requests with a token that "
            "it has got hold of.",
            "List the pages that are meant.",
        )


def _proxies(settings: Settings) -> Iterator[Finding]:
    for text in settings.listen.trusted_proxies:
        if ip_network(text, strict=False).prefixlen == 0:
            yield problem(
                "listen.trusted_proxies",
                f"listen.trusted_proxies has {text}, which is everybody: a client chooses the "
                "address that limits and logs hold it to.",
                "List the addresses of the proxies.",
            )
