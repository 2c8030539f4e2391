"""`tools/app_icons.py`: the icons in `static/icons` are what it draws."""

from __future__ import annotations

import functools
import zlib

import pytest

from tools.app_icons import FILES, ICONS, pixels


def rows(png: bytes) -> bytes:
    """The pixels of an icon, which has one chunk of them."""
    at = png.index(b"IDAT")
    length = int.from_bytes(png[at - 4 : at])
    return zlib.decompress(png[at + 4 : at + 4 + length])


@functools.cache
def drawn(side: int, share: float) -> bytes:
    return pixels(side, share)


@pytest.mark.parametrize("name", FILES)
def test_icons_are_drawn_from_the_mark(name: str) -> None:
    side, share = FILES[name]
    assert rows((ICONS / name).read_bytes()) == drawn(side, share)


def test_a_mask_cuts_nothing_off_a_maskable_icon() -> None:
    side, share = FILES["maskable-512.png"]
    icon = drawn(side, share)
    width = 3 * side + 1
    paper = icon[1:4]
    for y in range(side):
        row = icon[y * width + 1 : (y + 1) * width]
        for x in range(side):
            if row[3 * x : 3 * x + 3] != paper:
                assert (x - side / 2) ** 2 + (y - side / 2) ** 2 <= (0.4 * side) ** 2
