"""Ollama's own API, `/api/*` and `/sys/*`: bytes in, bytes out.

Small bodies are collected, so that the request can be repeated on a fresh connection; large ones
and those of unknown length stream. For a credential that is bound to some models the body is always
read first, because it names the model, and lists of models are filtered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tornado.http1connection import HTTP1Connection
from tornado.httpclient import HTTPResponse
from tornado.web import stream_request_body

from ..access.routes import Need, path_at_ollama
from ..access.visibility import only_visible
from ..errors import GatewayError
from ..upstream.request import BodyProducer
from ..wire.model_names import named_models
from ..wire.multipart import named_models_in_form
from .auth_mixin import AuthMixin
from .base import BODY_S, too_large
from .body_pipe import BodyPipe
from .relay import Relay

INLINE_BYTES = 1024 * 1024
"""Bodies up to this are collected before the request is made; prompts are nearly always smaller."""


@stream_request_body
class NativeHandler(AuthMixin):
    """Passes a request on to Ollama, and the reply back."""

    def begin(self) -> None:
        self._parts: list[bytes] = []
        self._taken = 0
        self._pipe: BodyPipe | None = None
        self._upload: asyncio.Task[None] | None = None
        self._fetch: asyncio.Future[HTTPResponse] | None = None
        self._limit: int | None = None

    def admit(self) -> None:
        super().admit()
        if not self._answered:
            self._prepare_body()

    def _prepare_body(self) -> None:
        """Decides whether the body is collected or streamed, and what it may weigh."""
        length = self.body_length()
        if not self.route.uploads or self._must_read:
            self._limit = self.deps.max_body_bytes
            if length is not None and length > self._limit:
                raise too_large(self._limit)
        known_small = length is not None and length <= INLINE_BYTES
        if self._sends_body() and not known_small and not self._must_read:
            connection = self.request.connection
            assert isinstance(connection, HTTP1Connection)
            self._pipe = BodyPipe(connection.stream.socket)
            self._upload = asyncio.create_task(self._relay_upload(length))
            if not self.route.uploads:  # it is not read while it waits for its turn
                connection.set_body_timeout(BODY_S + self.deps.ollama.longest_wait_s)
        elif isinstance(self.request.connection, HTTP1Connection):
            self.request.connection.set_body_timeout(BODY_S)

    @property
    def _bound(self) -> bool:
        """The credential is bound to some models."""
        return self.principal is not None and self.principal.models is not None

    @property
    def _must_read(self) -> bool:
        """The body names models and the credential is bound: it is read before it is passed on."""
        return self._bound and self.route.names_models

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        self._taken += len(chunk)
        if self._limit is not None and self._taken > self._limit:
            self.client_left()
            raise too_large(self._limit)
        if self._pipe is not None:
            return self._hand_on(chunk)
        self._parts.append(chunk)
        return None

    async def _hand_on(self, chunk: bytes) -> None:
        assert self._pipe is not None
        try:
            await self._pipe.put(chunk)
        except ConnectionResetError:
            self.client_left()

    async def respond(self) -> None:
        if self._upload is not None and self._pipe is not None:
            await self._pipe.end()
            await self._upload
            return
        body = b"".join(self._parts)
        if self._must_read and body:
            self.check_model(*self._named_models(body))
        if self._bound and self.route.lists_models:
            await self._answer_filtered()
            return
        await self._relay(body, None, None)

    def _named_models(self, body: bytes) -> list[str]:
        if self.route.uploads:  # its body is a form, whatever the Content-Type pretends
            content_type = self.request.headers.get("Content-Type", "")
            return named_models_in_form(content_type, self.query, body)
        return named_models(body)

    async def _relay_upload(self, length: int | None) -> None:
        assert self._pipe is not None
        try:
            await self._relay(None, self._pipe.produce, length)
        except GatewayError as error:
            if not self.gone:
                self.answer_error(error)
        finally:
            self._pipe.stop()

    async def _relay(
        self, body: bytes | None, producer: BodyProducer | None, length: int | None
    ) -> None:
        relay = Relay(self)
        self._fetch = self.deps.ollama.fetch(
            self.request.method or "GET",
            path_at_ollama(self.route, self.url_path),
            query=self.query,
            headers=self._headers_with(length),
            body=body,
            producer=producer,
            on_head=relay.on_head,
            on_data=relay.on_data,
            runs_long=self.route.runs_long,
            replayable=True if self.route.need is not Need.MANAGE else None,
        )
        await relay.follow(self._fetch)

    async def _answer_filtered(self) -> None:
        self._fetch = self.deps.ollama.fetch(
            self.request.method or "GET",
            path_at_ollama(self.route, self.url_path),
            query=self.query,
            headers=self._headers_with(None),
        )
        response = await self._fetch
        assert self.principal is not None
        content_type = response.headers.get("Content-Type", "application/json")
        if response.code != 200 or self.request.method == "HEAD":
            self.answer(response.code, response.body, content_type)
            return
        self.answer(200, only_visible(response.body, self.principal), content_type)

    def _headers_with(self, length: int | None) -> list[tuple[str, str]]:
        headers = self.headers_up(self.request.headers)
        if length is not None:
            headers.append(("Content-Length", str(length)))
        return headers

    def client_left(self) -> None:
        if self._pipe is not None:
            self._pipe.stop()
        if self._fetch is not None:
            self._fetch.cancel()

    def break_off(self, error: GatewayError) -> None:
        if self._fetch is not None:
            self.deps.ollama.fail(self._fetch, error)
