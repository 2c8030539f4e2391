"""Answers paths that are not in the route table: 404, or 400 for a path that has no canonical
form."""

from __future__ import annotations

from tornado.web import stream_request_body

from .auth_mixin import AuthMixin
from .base import BaseHandler


@stream_request_body
class NotFoundHandler(AuthMixin, BaseHandler):
    """A handler for unknown paths: `AuthMixin.admit` refuses every request that comes here."""

    async def respond(self) -> None:
        raise AssertionError("admit lets nothing through")
