"""The models that have refused to think, so that a client which asks every model for thoughts costs
one refusal and not one for each request."""

from __future__ import annotations

import asyncio

from ..errors import BadRequest, GatewayError

REMEMBERED_S = 600.0
"""A model may become another one behind the gateway's back."""

MAX_MODELS = 1000

REFUSAL = BadRequest("The model cannot think.", param="think", code="unsupported_value")
"""What a model that is known answers to `think`."""


class Thoughtless:
    """Remembers refusals of `think`, by server and model."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def note(self, url: str, model: str, error: GatewayError) -> None:
        """Takes the error that a model was refused with."""
        if (error.param, error.code) != (REFUSAL.param, REFUSAL.code):
            return
        self._until[url, model] = asyncio.get_running_loop().time() + REMEMBERED_S
        if len(self._until) > MAX_MODELS:
            del self._until[next(iter(self._until))]

    def knows(self, url: str, model: str) -> bool:
        until = self._until.get((url, model))
        return until is not None and asyncio.get_running_loop().time() < until

    def forget(self) -> None:
        """Models have changed."""
        self._until.clear()
