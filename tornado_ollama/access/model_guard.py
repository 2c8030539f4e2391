"""The guard over what leaves for Ollama: the limits of models, and of their management. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .management_guard import ManagementRules, refuse_management
from .model_limits import ModelLimits, bounded
from .pull_size import PULLING
from .routes import find


@dataclass(frozen=True, slots=True)
class ModelGuard:
    """The settings `models.limits` and `manage`; a function of path, body and model."""

    limits: Mapping[str, ModelLimits]
    management: ManagementRules

    def __call__(self, path: str, body: bytes, model: str | None) -> tuple[bytes, tuple[str, ...]]:
        """The body to send, and the fields that were changed. Raises Forbidden and BadRequest."""
        refuse_management(path, body, self.management)
        if self.limits and model is not None and find(path).computes:
            return bounded(body, model, self.limits)
        return body, ()

    def largest_pull(self, path: str) -> int:
        """How many bytes a request to this path may have Ollama fetch; 0: no limit."""
        return self.management.max_pull_bytes if path in PULLING else 0
