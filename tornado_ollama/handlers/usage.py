"""`/usage`: what the caller has used; for those who may manage, what everybody has."""

from __future__ import annotations

from datetime import UTC, datetime

from ..access.principal import Scope
from ..errors import NotFound
from ..wire.usage_query import as_csv, as_json, read_query
from .auth_mixin import AuthMixin
from .base import BaseHandler


class UsageHandler(AuthMixin, BaseHandler):
    """Answers with the rows of the accounts, in JSON or CSV."""

    async def respond(self) -> None:
        accounts, principal = self.deps.process.accounts, self.principal
        assert principal is not None
        if not accounts.keep_days:
            raise NotFound("No accounts are kept here (usage.keep_days).")
        query = read_query(self.query, datetime.now(UTC).date())
        caller = None if principal.may(Scope.MANAGE) else self.caller().account
        rows = await accounts.ask(query.first_day, query.last_day, query.by, caller)
        self.set_header("Cache-Control", "no-store")
        if query.format == "csv":
            columns = (*query.by, *accounts.COUNTS)
            self.answer(200, as_csv(rows, columns), "text/csv; charset=utf-8")
        else:
            self.answer(200, as_json(query, rows))
