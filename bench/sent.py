"""The bytes that a client sends: requests, frames, and contents of a given size."""

from __future__ import annotations

from tests.gateway.keys import GENERATE
from tests.gateway.sockets import HANDSHAKE


def fill(size: int, head: bytes, unit: bytes, tail: bytes = b"", last: bytes = b"") -> bytes:
    """`head`, as many of `unit` as fit, `last` in place of the last comma, `tail`."""
    count = max(1, (size - len(head) - len(tail)) // len(unit))
    middle = unit * count
    if last or unit.endswith(b","):
        middle = middle.removesuffix(b",") + last
    return head + middle + tail


def numbered(size: int, head: bytes, unit: bytes, tail: bytes) -> bytes:
    """Like `fill`, with a number of eight digits at each `%d`."""
    length = len(unit) + 6 * unit.count(b"%d")
    count = max(1, (size - len(head) - len(tail)) // length)
    units = [unit.replace(b"%d", b"%08d" % number) for number in range(count)]
    return head + b"".join(units).removesuffix(b",") + tail


def post(path: str, body: bytes, *more: str, token: str = GENERATE) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        "Connection: close",
        *more,
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(path: str, body: bytes) -> bytes:
    head = post(path, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + body + b"0\r\n\r\n"


def socket(*frames: bytes, token: str = GENERATE) -> bytes:
    lines = ["GET /ws HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    lines += [f"{name}: {value}" for name, value in HANDSHAKE]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + b"".join(frames)


def frame(payload: bytes, opcode: int = 1, final: bool = True) -> bytes:
    """Masked with zeros, which the gateway has to undo like any mask."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 1 << 16:
        length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
    return bytes([opcode | (0x80 if final else 0)]) + length + bytes(4) + payload


def heads(size: int, *lines: bytes, path: bytes = b"/api/version") -> bytes:
    """As many requests without body, with these headers, as come to `size`."""
    head = b"\r\n".join((b"GET %b HTTP/1.1" % path, b"Host: localhost", *lines)) + b"\r\n\r\n"
    last = head.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1)
    return head * max(0, size // len(head) - 1) + last
