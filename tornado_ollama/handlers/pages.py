"""The chat page and its files. They are public, since they hold no data."""

from __future__ import annotations

from ..access.routes import HandlerKind
from ..errors import NotFound
from ..wire.target import loggable_path
from .assets import STATIC_URL, Asset, names_tag
from .auth_mixin import AuthMixin
from .base import BaseHandler

RUNNING = b"Ollama is running"
"""What Ollama answers at `/`; its own command and many clients look for a 200 here."""

FOR_EVER = "public, max-age=31536000, immutable"
"""A year. Everything else is `no-cache`: it may be kept, but is asked for each time."""


class PageHandler(AuthMixin, BaseHandler):
    """Serves `/static/*`, and at `/` the page to browsers and Ollama's greeting to other clients.
    Below a path token `/` is always the greeting."""

    async def respond(self) -> None:
        assets = self.deps.process.assets
        asset, is_fixed = assets.page, False
        if self.route.kind is HandlerKind.GREETING:
            self.answer(200, RUNNING, "text/plain; charset=utf-8")
            return
        if self.route.kind is HandlerKind.STATIC:
            asset, is_fixed = assets.find(self.url_path.removeprefix(STATIC_URL))
            self._vary("Accept-Encoding")
        else:
            self._vary("Accept", "Accept-Encoding")
            if asset is None or not self._wants_html():
                self.answer(200, RUNNING, "text/plain; charset=utf-8")
                return
        if asset is None:
            raise NotFound(f"There is no file {loggable_path(self.url_path)}.")
        self._send(asset, FOR_EVER if is_fixed else "no-cache")

    def _wants_html(self) -> bool:
        return "text/html" in self.request.headers.get("Accept", "")

    def _vary(self, *names: str) -> None:
        """Sets `Vary` to the request headers that the answer depends on; Origin is always among
        them."""
        self.set_header("Vary", ", ".join((*names, "Origin")))

    def _send(self, asset: Asset, cache_control: str) -> None:
        for header, value in asset.headers.items():
            self.set_header(header, value)
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        form = asset.form_for(self.request.headers.get("Accept-Encoding", ""))
        self.set_header("Cache-Control", cache_control)
        self.set_header("ETag", form.etag)
        if names_tag(self.request.headers.get("If-None-Match", ""), form.etag):
            self.answer(304)
            return
        if form.gzipped:
            self.set_header("Content-Encoding", "gzip")
        self.answer(200, form.body, asset.content_type)
