"""`/admin/errors`: the last requests that failed, for those who manage the gateway."""

from __future__ import annotations

from .auth_mixin import AuthMixin
from .base import BaseHandler


class RecentErrorsHandler(AuthMixin, BaseHandler):
    async def respond(self) -> None:
        self.deps.process.journal.flush()
        self.set_header("Cache-Control", "no-store")
        self.answer_json(200, self.deps.process.telemetry.recent_errors.shown())
