"""Checks of what lies between clients and the gateway: proxies and TLS."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import CertificateFacts, Facts, PublicFacts, StreamFacts
from .finding import Finding, ok, problem, warning

SOON_S = 14 * 86400.0
"""Let's Encrypt's clients renew 30 days before the end: at 14 something is wrong."""

HELD_BACK = 0.5
"""Pieces that came within less than this part of the time over which they were sent were held
back."""


def check_certificates(facts: Facts) -> Iterator[Finding]:
    for certificate in facts.certificates:
        yield _certificate(certificate, facts.moment)


def _certificate(certificate: CertificateFacts, now: float) -> Finding:
    check, where = "tls.certificate", certificate.where
    if certificate.failure is not None or certificate.expires is None:
        return problem(
            check,
            f"The certificate of {where} cannot be used: {certificate.failure}.",
            "Renew it, and send it with its whole chain; clients need the same name in the URL.",
        )
    left_s = certificate.expires - now
    if left_s <= 0:
        return problem(check, f"The certificate of {where} has expired.", "Renew it.")
    text = f"The certificate of {where} is valid for {int(left_s // 86400)} more days."
    if left_s < SOON_S:
        return warning(check, text, "Renew it, and see why that does not happen by itself.")
    return ok(check, text)


def check_public(facts: Facts) -> Iterator[Finding]:
    public = facts.public
    if public is None:
        return
    if public.stream is None:
        yield problem(
            "public.answers",
            f"{public.url}: {public.failure or 'no reply'}",
            "Look whether the proxy and the gateway run, and whether the URL is right.",
        )
        return
    if public.url.startswith("http:") and not public.is_loopback:
        yield warning(
            "public.tls",
            f"{public.url} is without TLS: tokens, prompts and replies cross the network in clear.",
            "Serve it by https; not needed within a VPN.",
        )
    yield from _stream(public.stream, public.url)
    yield _socket(public)
    yield from _open(public)


def _stream(stream: StreamFacts, url: str) -> Iterator[Finding]:
    check = "proxy.buffering"
    through = f" ({stream.server})" if stream.server else ""
    if stream.status != 200 or stream.pieces < 2:
        yield problem(
            "public.answers",
            f"{url}/health/stream{through} answers with status {stream.status}, not as a gateway "
            "of this version.",
            "Look whether the proxy passes all paths on, and whether the gateway is as new as this "
            "command.",
        )
        return
    came = (
        f"{stream.pieces} pieces sent over {stream.sent_over_s:.1f} s came over "
        f"{stream.came_over_s:.1f} s"
    )
    if stream.came_over_s < stream.sent_over_s * HELD_BACK:
        yield problem(
            check,
            f"{url}{through} holds streams back: {came}. Answers appear at once, at their end.",
            "Turn buffering off in the proxy (nginx: proxy_buffering off; and no proxy_ignore_"
            "headers X-Accel-Buffering); docs/reverse-proxy.md has recipes.",
        )
    else:
        yield ok(check, f"{url}{through} passes streams on at once: {came}.")
    if stream.compressed:
        yield warning(
            "proxy.compression",
            f"{url}{through} compresses streams ({stream.compressed}), against their "
            "Cache-Control: no-transform.",
            "Turn compression off for the gateway: it holds pieces back.",
        )


def _socket(public: PublicFacts) -> Finding:
    check = "proxy.websocket"
    if public.socket_failure is None:
        return ok(check, f"WebSockets pass at {public.url}/ws, in both directions.")
    return problem(
        check,
        f"WebSockets do not pass at {public.url}/ws: {public.socket_failure}",
        "Let the proxy pass Upgrade and Connection on, over HTTP/1.1; docs/reverse-proxy.md has "
        "recipes. The chat page does without, more slowly.",
    )


def _open(public: PublicFacts) -> Iterator[Finding]:
    if public.is_loopback or not public.open_paths:
        return
    paths = ", ".join(public.open_paths)
    if any(path in MANAGES for path in public.open_paths):
        yield problem(
            "public.open",
            f"{public.url} answers {paths} without a credential: whoever reaches it may do what is "
            "for managers, or for callers on this machine.",
            "Configure a token; let the proxy send X-Forwarded-For and put its address into "
            "listen.trusted_proxies.",
        )
    else:
        yield warning(
            "public.open",
            f"{public.url} answers {paths} without a credential: whoever reaches it may use "
            "models.",
            "If that is not meant: auth.anonymous: false, and a token.",
        )


MANAGES = ("/sys/version", "/metrics")
"""Paths that need the scope `manage`, or a caller on this machine."""

ASKED_OPENLY = ("/v1/models", *MANAGES)
"""Paths that are asked for without a credential: reading them changes nothing."""
