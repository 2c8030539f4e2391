"""The header `X-Ignored-Fields`, which lists the fields of a request that were ignored.

The names are the client's: they are bounded in number and length, and only those that look like
names are repeated, so that no other text gets into a header or a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

HEADER = "X-Ignored-Fields"

MAX_NAMES = 20

_NAME = re.compile(r"[\w.\[\]-]{1,48}", re.ASCII)
"""With a comma and a blank behind each, all together are less than 1 KB."""

_OTHER = "?"
"""Stands for all that do not look like names."""


def shown(names: Iterable[str]) -> tuple[str, ...]:
    """The names that may be repeated, each once, in their order."""
    plain = (name if _NAME.fullmatch(name) else _OTHER for name in names)
    return tuple(islice(dict.fromkeys(islice(plain, 1000)), MAX_NAMES))


def header_value(names: Iterable[str]) -> str:
    return ", ".join(names)
