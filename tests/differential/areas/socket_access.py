"""All ways into `/ws`, and what each credential may do there."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from ...gateway.keys import (
    BOTH,
    BOUND,
    EXPIRED,
    GENERATE,
    MANAGE,
    TRANSPORTS,
    UNKNOWN,
    signed,
)
from ..lanes import Case
from ..scripts import MODEL, chat, request, talk
from ..sockets import Step


def ways_in() -> Iterator[Case]:
    asks: list[Step] = [
        ("send", chat("a")),
        ("settle",),
        ("send", request("b", "/api/tags", "GET")),
        ("settle",),
    ]
    manage: list[Step] = [("send", request("c", "/api/pull", body={"model": MODEL})), ("settle",)]
    other: list[Step] = [("send", chat("d", model="other")), ("settle",)]
    tokens = {
        "generate": GENERATE, "manage": MANAGE, "both": BOTH, "bound": BOUND, "expired": EXPIRED,
        "unknown": UNKNOWN, "jwt": signed(), "jwt of manage": signed(scope="manage"), "empty": "",
        "bound jwt": signed(models=["smollm2*"]), "late jwt": signed(ttl_s=-999), "word": "ollama",
    }  # fmt: skip
    for name, token in tokens.items():
        for way, header in TRANSPORTS.items():
            yield talk(f"{name} by {way}", *asks, *manage, *other, headers=[header(token)])
        coded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        offered = [("Sec-WebSocket-Protocol", f"ollama.bearer, {coded}")]
        yield talk(f"{name} by subprotocol", *asks, *manage, *other, headers=offered)
        auth: Step = ("send", {"type": "auth", "token": token})
        yield talk(f"{name} by frame", auth, *asks, *manage, *other)
        yield talk(f"{name} by frame, at the second try", *asks, auth)
        yield talk(f"{name} by frame, twice", auth, auth, *asks)
    strangers: dict[str, list[Step]] = {
        "ping first": [("send", {"type": "ping"}), ("settle",)],
        "text first": [("send", "Hi"), ("settle",)],
        "a bad frame first": [("send", "{}"), ("settle",)],
        "no token": [("send", {"type": "auth"}), ("settle",)],
        "too long a frame": [("send", {"type": "auth", "token": "x" * 17000}), ("settle",)],
        "silence": [("end",)],
    }
    for name, steps in strangers.items():
        yield talk(name, *steps)
    for name, offer in {"bad base64": "ollama.bearer, !!", "alone": "ollama.bearer"}.items():
        yield talk(f"subprotocol {name}", *asks, headers=[("Sec-WebSocket-Protocol", offer)])
