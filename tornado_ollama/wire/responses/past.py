"""What a request may refer to: the stored responses of the principal that sent it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..checks import Json


class Past(Protocol):
    """Access to the stored responses of one principal."""

    def conversation(self, response_id: str) -> Sequence[Any] | None:
        """All items of a conversation up to and including the input and output of a response, as
        `Item` of `input_items.py`; None where there is no such response."""

    def item(self, item_id: str) -> Json | None:
        """An output item of any of the stored responses, by its id; None where there is no such
        item."""
