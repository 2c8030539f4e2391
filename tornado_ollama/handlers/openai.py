"""The OpenAI API, `/v1/*`: read the request, ask Ollama, answer. All shapes are `wire.openai`'s."""

from __future__ import annotations

import secrets
import time

from ..wire.chat.plan import PATH
from ..wire.openai import completion_request, embeddings
from ..wire.openai.chat_reply import chat_reply
from ..wire.openai.chat_request import chat_request
from ..wire.openai.chat_stream import chat_stream
from ..wire.openai.completion_reply import completion_reply, completion_stream
from ..wire.openai.messages import MESSAGES
from ..wire.openai.replies import Identity
from .event_stream import EventStream
from .remote_images import fetch_images
from .translated import TranslatedHandler


class ChatCompletionsHandler(TranslatedHandler):
    async def respond(self) -> None:
        chat = self.parsed(
            lambda body: chat_request(body, self.deps.policy), read=MESSAGES.read_json
        )
        self.note_ignored(chat.ignored)
        self.check_asked_model(chat.model, chat.native_model)
        await fetch_images(chat.remote_images, chat.plan)
        without = self.without_thinking(chat.ignored, chat.thinking_field)
        ollama = self.ask(PATH, chat.native_model, second_try=without)
        identity = _identity("chatcmpl", chat.model)
        if chat.plan.stream:
            stream = EventStream(self, ollama, chat_stream(chat, identity))
            await stream.run(chat.bodies(), chat.choices)
        else:
            replies = await ollama.whole(chat.bodies(), chat.choices)
            self.answer(200, chat_reply(replies, chat, identity))


class CompletionsHandler(TranslatedHandler):
    async def respond(self) -> None:
        policy = self.deps.policy
        plan = self.parsed(lambda body: completion_request.completion_request(body, policy))
        self.note_ignored(plan.ignored)
        self.check_asked_model(plan.model, plan.native_model)
        without = self.without_thinking(plan.ignored, plan.thinking_field)
        ollama = self.ask(completion_request.PATH, plan.native_model, "prompt", without)
        identity = _identity("cmpl", plan.model)
        if plan.stream:
            stream = EventStream(self, ollama, completion_stream(plan, identity))
            await stream.run(plan.bodies(), plan.choices)
        else:
            replies = await ollama.whole(plan.bodies(), plan.choices)
            self.answer(200, completion_reply(replies, plan, identity))


class EmbeddingsHandler(TranslatedHandler):
    async def respond(self) -> None:
        plan = self.parsed(lambda body: embeddings.embedding_request(body, self.deps.policy))
        self.note_ignored(plan.ignored)
        self.check_asked_model(plan.model, plan.native_model)
        [reply] = await self.ask(embeddings.PATH, plan.native_model, "input").whole([plan.body], 1)
        self.answer(200, embeddings.embedding_reply(reply, plan))


def _identity(kind: str, model: str) -> Identity:
    """The id, time and model of a reply. The id has 96 random bits, so it is unique without a
    counter."""
    return Identity(f"{kind}-{secrets.token_hex(12)}", int(time.time()), model)
