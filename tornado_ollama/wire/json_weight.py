"""Whether a JSON text may be parsed at all: what it would cost, told from its bytes.

Lists, objects and keys cost memory and time out of all proportion to their bytes: `[],[],...`
becomes thirty times as large, and the loop stands still while it is read. Text and numbers do not.
"""

from __future__ import annotations

from ..errors import BadRequest

MAX_MARKS = 1_500_000
"""Of `[`, `{` and `:`, those within texts included. A hundred thousand messages, each a list of
parts, have half of it; reading as many as this takes half a second."""


def refuse_heavy(body: bytes) -> None:
    """Raises BadRequest for a JSON text of too many values. Takes milliseconds."""
    if body.count(b"[") + body.count(b"{") + body.count(b":") > MAX_MARKS:
        raise BadRequest("The request body has too many values.")
