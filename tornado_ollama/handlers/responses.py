"""The Responses API, `/v1/responses`: read the request, ask Ollama, answer, keep what was answered.

All shapes are `wire.responses`'s.
"""

from __future__ import annotations

import secrets
import time
from functools import partial
from urllib.parse import parse_qs

from ..errors import BadRequest, GatewayError, MethodNotAllowed, NotFound, UpgradeRequired
from ..wire.chat.plan import PATH
from ..wire.responses.head import Head
from ..wire.responses.input_items import INPUT
from ..wire.responses.request import ResponseRequest, response_request
from ..wire.responses.response_reply import response_reply
from ..wire.responses.response_stream import response_stream
from ..wire.responses.stored_items import deletion, item_list
from ..wire.target import loggable_path
from .event_stream import EventStream
from .remote_images import fetch_images
from .stored_responses import OwnResponses, StoredResponse
from .translated import DialectHandler, TranslatedHandler


class ResponsesHandler(TranslatedHandler):
    def answer_error(self, error: GatewayError) -> None:
        """Sends an error. A WebSocket handshake gets status 426 instead of 405, which makes clients
        use HTTP at once."""
        upgrade = self.request.headers.get("Upgrade", "").lower()
        if isinstance(error, MethodNotAllowed) and upgrade == "websocket":
            error = UpgradeRequired()
        super().answer_error(error)

    async def respond(self) -> None:
        store = self.deps.process.responses
        past = OwnResponses(store, self.caller().key, time.monotonic())
        request = self.parsed(
            lambda body: response_request(body, self.deps.policy, past, may_store=store.keeps),
            read=INPUT.read_json,
        )
        before = None if request.previous is None else past.get(request.previous)
        self.note_ignored(request.ignored)
        self.check_asked_model(request.model, request.native_model)
        await fetch_images(request.remote_images, request.plan)
        head = Head(f"resp_{secrets.token_hex(24)}", int(time.time()), request.model, request.echo)
        keep = partial(self._keep, request, head, before)
        without = self.without_thinking(request.ignored, "reasoning.effort")
        ollama = self.ask(PATH, request.native_model, "input", without)
        if request.plan.stream:
            machine = response_stream(request, head, time.time, keep)
            await EventStream(self, ollama, machine).run([request.plan.body()], 1)
        else:
            [body] = await ollama.whole([request.plan.body()], 1)
            reply = response_reply(body, request, head, int(time.time()))
            keep(reply)
            self.answer(200, reply)

    def _keep(
        self,
        request: ResponseRequest,
        head: Head,
        before: StoredResponse | None,
        response: bytes,
    ) -> None:
        """Called before the client gets to see the end: it may go on from there at once."""
        if request.input is not None:
            stored = StoredResponse(head.id, response, request.input, before)
            self.deps.process.responses.put(self.caller().key, stored, time.monotonic())


class StoredResponseHandler(DialectHandler):
    """`/v1/responses/{id}` and `/v1/responses/{id}/input_items`."""

    async def respond(self) -> None:
        response_id, _, below = self.url_path.removeprefix("/v1/responses/").partition("/")
        if below not in ("", "input_items"):
            raise NotFound(f"There is no {loggable_path(self.url_path)} here.")
        if below and self.request.method != "GET":
            shown = loggable_path(self.url_path)
            raise MethodNotAllowed(f"{shown} takes GET.", allow=("GET", "OPTIONS"))
        store, owner = self.deps.process.responses, self.caller().key
        stored = OwnResponses(store, owner, time.monotonic()).get(response_id)
        if stored is None:
            raise NotFound("There is no such response here: it was not stored, or not for so long.")
        if below:
            self.answer(200, item_list(stored.all_input(), response_id, self.query))
        elif self.request.method == "DELETE":
            store.delete(owner, response_id)
            self.answer(200, deletion(response_id))
        else:
            if parse_qs(self.query).get("stream", ["false"])[-1] != "false":
                raise BadRequest("A response that has ended is not streamed.", param="stream")
            self.answer(200, stored.response)
