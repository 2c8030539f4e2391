"""What is not in the route table: 404, or 400 for a path that has no plain form."""

from __future__ import annotations

from tornado.web import stream_request_body

from .auth_mixin import AuthMixin
from .base import BaseHandler


@stream_request_body
class NotFoundHandler(AuthMixin, BaseHandler):
    """`AuthMixin.admit` answers everything that comes here."""

    async def respond(self) -> None:
        raise AssertionError("admit lets nothing through")
