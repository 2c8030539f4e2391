"""Ollama's own API, `/api/*` and `/sys/*`: passes requests and replies on byte for byte.

A body is collected before the request is sent to Ollama, so that a client that stalls in the middle
of it holds no slot, the request can be repeated on a fresh connection, and the models it names can
be checked against those of the credential. Blobs, which may have many gigabytes, are streamed.
Lists of models are filtered for a credential that may use only some.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tornado.http1connection import HTTP1Connection

from ..access.routes import Body, Requirement, path_at_ollama, replies_whole
from ..access.visibility import only_visible
from ..dispatch.ask import Ask, Sink
from ..dispatch.submission import Submission
from ..errors import GatewayError
from ..upstream.request import BodyProducer
from ..wire.framing import body_length, has_body
from ..wire.model_names import named_models
from ..wire.multipart import named_models_in_form
from ..wire.native_request import NOTHING_ASKED, read_asked
from .auth_mixin import AuthMixin
from .base import BODY_S
from .body_pipe import BodyPipe
from .collecting import CollectingHandler
from .relay import Relay

UPLOAD_S = 3600.0
"""How long an upload that is collected (audio) may take to arrive."""


class NativeHandler(AuthMixin, CollectingHandler):
    """Passes a request on to Ollama, and the reply back to the client."""

    def begin(self) -> None:
        super().begin()
        self._pipe: BodyPipe | None = None
        self._upload: asyncio.Task[None] | None = None
        self._fetch: Submission | None = None

    def expect_body(self) -> None:
        """Decides whether the body is collected or streamed, and how large it may be."""
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        kind = self.route.body
        if not kind.is_upload or self._must_read:
            super().expect_body()
            connection.set_body_timeout(BODY_S)
        elif kind is Body.FORM:
            self.collect(self.deps.process.body_memory.limit, "limits.max_buffered_bytes")
            connection.set_body_timeout(UPLOAD_S)
        elif has_body(self.request.headers):
            self._pipe = BodyPipe(connection.stream.socket)
            self._upload = asyncio.create_task(self._relay_upload(self._pipe))

    @property
    def _bound(self) -> bool:
        """Whether the credential may use only some models."""
        return self.principal is not None and self.principal.models is not None

    @property
    def _must_read(self) -> bool:
        """Whether the body has to be read before it is passed on, because it names models and the
        credential may use only some."""
        return self._bound and self.route.body is not Body.BLOB

    def take_body(self, chunk: bytes) -> Awaitable[None] | None:
        if self._pipe is not None:
            self.received += len(chunk)
            return self._hand_on(self._pipe, chunk)
        return super().take_body(chunk)

    async def _hand_on(self, pipe: BodyPipe, chunk: bytes) -> None:
        try:
            await pipe.put(chunk)
        except ConnectionResetError:
            self.client_left()

    async def respond(self) -> None:
        if self._upload is not None and self._pipe is not None:
            await self._pipe.end()
            await self._upload
            return
        body = self.whole_body() if self._body is not None else b""
        if self._must_read and body:
            self.check_model(*self._named_models(body))
        if self._bound and self.route.lists_models:
            await self._answer_filtered()
            return
        await self._relay(body)

    def _named_models(self, body: bytes) -> list[str]:
        if self.route.body is Body.FORM:  # whatever the Content-Type pretends
            content_type = self.request.headers.get("Content-Type", "")
            return named_models_in_form(content_type, self.query, body)
        return named_models(body)

    async def _relay_upload(self, pipe: BodyPipe) -> None:
        try:
            await self._relay(None, pipe.produce)
        except GatewayError as error:
            if not self.closed:
                self.answer_error(error)
        finally:
            pipe.stop()

    async def _relay(self, body: bytes | None, producer: BodyProducer | None = None) -> None:
        relay = Relay(self)
        sink = Sink(relay.on_head, relay.on_data, self.queued, self.bounded, self.add_usage)
        self._fetch = self._submit(sink, body, producer)
        with self.deps.process.catalogue.changed_by(self.route):
            await relay.follow(self._fetch)

    def _submit(
        self, sink: Sink, body: bytes | None, producer: BodyProducer | None = None
    ) -> Submission:
        headers = self.headers_up(list(self.request.headers.get_all()))
        if producer is not None and (length := body_length(self.request.headers)) is not None:
            headers.append(("Content-Length", str(length)))
        asked = read_asked(body or b"") if self.route.computes else NOTHING_ASKED
        self.model = asked.model
        ask = Ask(
            self.request.method or "GET",
            path_at_ollama(self.route, self.url_path),
            query=self.query,
            headers=tuple(headers),
            body=body,
            producer=producer,
            model=asked.model,
            runs_long=self.route.runs_long,
            whole_reply=replies_whole(self.route, asked),
            replayable=True if self.route.requirement is not Requirement.MANAGE else None,
        )
        return self.deps.dispatcher.submit(self.caller(), ask, sink)

    async def _answer_filtered(self) -> None:
        self._fetch = self._submit(Sink(), None)
        response = await self._fetch
        assert self.principal is not None
        content_type = response.headers.get("Content-Type", "application/json")
        if response.code != 200 or self.request.method == "HEAD":
            self.answer(response.code, response.body, content_type)
            return
        self.answer(200, only_visible(response.body, self.principal), content_type)

    def client_left(self) -> None:
        if self._pipe is not None:
            self._pipe.stop()
        if self._fetch is not None:
            self._fetch.cancel()

    def break_off(self, error: GatewayError) -> None:
        if self._fetch is not None:
            self._fetch.fail(error)
