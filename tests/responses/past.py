"""Nothing was kept: for tests of the translation alone."""

from __future__ import annotations

from tornado_ollama.wire.checks import Json


class NoPast:
    def conversation(self, response_id: str) -> list[Json] | None:
        return None

    def item(self, item_id: str) -> Json | None:
        return None
