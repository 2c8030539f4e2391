"""TCP keep-alive: detects a peer that vanished without closing, however long the connection is
silent.

Silence alone is no sign of it: Ollama sends nothing for minutes while it holds back a tool call or
loads a model, and a client sends nothing while it waits. So the kernel probes (RFC 9293, section
3.8.4): first after `IDLE_S` without traffic, then every `INTERVAL_S`; after `PROBES` probes without
an answer the connection is closed as broken. TCP_USER_TIMEOUT is not set: it would also end a
connection whose peer is alive and merely reads slowly.
"""

from __future__ import annotations

import socket

IDLE_S = 30
INTERVAL_S = 10
PROBES = 6

_OPTIONS = (
    ("TCP_KEEPIDLE", IDLE_S),
    ("TCP_KEEPALIVE", IDLE_S),  # the same on macOS
    ("TCP_KEEPINTVL", INTERVAL_S),
    ("TCP_KEEPCNT", PROBES),
)


def keep_alive(sock: socket.socket) -> None:
    """Switches the probes on; connections accepted on a listening socket inherit them."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
