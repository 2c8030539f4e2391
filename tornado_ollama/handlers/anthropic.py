"""Anthropic's API, `/v1/messages`: read the request, ask Ollama, answer. All shapes are
`wire.anthropic`'s."""

from __future__ import annotations

import secrets

from ..wire.anthropic.message_reply import CollectedMessage, message_reply
from ..wire.anthropic.message_request import MessageRequest, count_request, message_request
from ..wire.anthropic.message_stream import message_stream
from ..wire.anthropic.messages import MESSAGES
from ..wire.anthropic.replies import Identity
from ..wire.anthropic.token_count import (
    ESTIMATE,
    EXACT,
    HEADER,
    count_body,
    count_reply,
    counted_tokens,
    counts_exactly,
)
from ..wire.chat.plan import PATH
from ..wire.native import COUNT_PATH
from .event_stream import EventStream
from .remote_images import fetch_images
from .translated import TranslatedHandler


class MessagesHandler(TranslatedHandler):
    async def respond(self) -> None:
        request = self.parsed(
            lambda body: message_request(body, self.deps.policy), read=MESSAGES.read_json
        )
        self.note_ignored(request.ignored)
        self.check_asked_model(request.model, request.native_model)
        plan = request.plan
        await fetch_images(request.remote_images, plan)
        without = self.without_thinking(request.ignored, "thinking")
        ollama = self.ask(PATH, request.native_model, second_try=without)
        identity = Identity(f"msg_{secrets.token_hex(12)}", request.model)  # 96 random bits
        body = plan.body()
        if request.stream:
            tokens = self.estimated_tokens(request.native_model, body)
            machine = message_stream(request, identity, tokens)
            await EventStream(self, ollama, machine).run([body], 1)
        elif request.stops is None:
            [reply] = await ollama.whole([body], 1)
            self.answer(200, message_reply(reply, request, identity))
        else:
            tokens = self.estimated_tokens(request.native_model, body)
            message = CollectedMessage(request, request.stops, identity, tokens)
            await ollama.translate(body, message.machine)
            self.answer(200, message.reply())


class TokenCountHandler(TranslatedHandler):
    async def respond(self) -> None:
        request = self.parsed(
            lambda body: count_request(body, self.deps.policy), read=MESSAGES.read_json
        )
        self.note_ignored(request.ignored)
        self.check_asked_model(request.model, request.native_model)
        version = await self.deps.process.catalogue.version(self.deps.ollama)
        if counts_exactly(version):
            tokens, how = await self._counted(request), EXACT
        else:
            body = request.plan.body()
            tokens, how = self.estimated_tokens(request.native_model, body), ESTIMATE
        self.set_header(HEADER, how)
        self.answer(200, count_reply(tokens))

    async def _counted(self, request: MessageRequest) -> int:
        await fetch_images(request.remote_images, request.plan)
        ollama = self.ask(COUNT_PATH, request.native_model)
        [reply] = await ollama.whole([count_body(request.plan)], 1)
        return counted_tokens(reply)
