"""Draws the icons of the installed page, static/icons, from static/favicon.svg.

    python -m tools.app_icons

The mark is a handful of straight strokes with round ends: how far a pixel is from the nearest one
says how much of it is ink. Nothing but Python's own library is needed.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"
ICONS = STATIC / "icons"

PAPER = (0xFC, 0xFC, 0xFA)
INK = (0x0B, 0x7A, 0x70)

FILES = {"app-192.png": (192, 1.0), "app-512.png": (512, 1.0), "maskable-512.png": (512, 0.7)}
"""Each file's side in pixels, and how much of that the mark takes. A system may cut a maskable icon
to the circle in its middle that is 80 % wide (https://www.w3.org/TR/appmanifest/#icon-masks)."""

Stroke = tuple[float, float, float, float]


def mark() -> tuple[list[Stroke], float, float]:
    """The strokes (from x, y to x, y), their width, and the side of the square they are in."""
    text = (STATIC / "favicon.svg").read_text(encoding="utf-8")
    side = float(re.findall(r'viewBox="0 0 (\d+) \d+"', text)[0])
    width = float(re.findall(r'stroke-width="([\d.]+)"', text)[0])
    rows = re.findall(r"M(\d+) (\d+)h(\d+)", text)
    return [(float(x), float(y), float(x) + float(dx), float(y)) for x, y, dx in rows], width, side


def distance(x: float, y: float, stroke: Stroke) -> float:
    """From a point to the nearest point of a level stroke."""
    x1, y1, x2, _ = stroke
    return math.hypot(x - min(max(x, x1), x2), y - y1)


def pixels(side: int, share: float) -> bytes:
    """The rows of an icon, RGB, each behind the byte that says that it is not filtered."""
    strokes, width, unit = mark()
    scale = unit / side / share
    rows = bytearray()
    plain = {0.0: bytes(PAPER), 1.0: bytes(INK)}  # almost all of them
    for row in range(side):
        rows.append(0)
        y = (row + 0.5 - side / 2) * scale + unit / 2
        for column in range(side):
            x = (column + 0.5 - side / 2) * scale + unit / 2
            away = min(distance(x, y, stroke) for stroke in strokes) - width / 2
            ink = min(max(0.5 - away / scale, 0.0), 1.0)
            if ink in plain:
                rows += plain[ink]
            else:
                rows += bytes(round(p + (i - p) * ink) for p, i in zip(PAPER, INK, strict=True))
    return bytes(rows)


def png(side: int, rows: bytes) -> bytes:
    """https://www.w3.org/TR/png-3/#11Chunks"""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def main() -> None:
    ICONS.mkdir(exist_ok=True)
    for name, (side, share) in FILES.items():
        (ICONS / name).write_bytes(png(side, pixels(side, share)))


if __name__ == "__main__":
    main()
