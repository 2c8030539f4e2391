"""Chats on a socket: passes Ollama's lines on as frames, or as plain text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ..access.authorisation import refuse_models
from ..access.visibility import only_visible
from ..dispatch.journal import CHAT
from ..errors import GatewayError, NotFound, UpstreamAnswer, UpstreamBroken, UpstreamTimeout
from ..upstream.thoughtless import REFUSAL
from ..wire import default_model, native
from ..wire.chat.plan import PATH, Plan, without_thinking
from ..wire.chat.reader import Reader
from ..wire.chat.writer import Writer
from ..wire.native import ModelEntry
from ..wire.ollama_errors import native_error
from ..wire.socket import frames
from ..wire.socket.chat_writers import SOURCE, ChatLine, FrameWriter, PlainTextWriter
from .frame_sink import FrameSink
from .job import Job

LIST_TIMEOUT_S = 30.0
"""How long Ollama may take to say which models there are, or what one of them can do: a small
machine that is loading a model answers late."""


class ChatJob(Job):
    """One chat: sends the lines of `/api/chat` as `delta` frames and a `done` frame."""

    method = CHAT
    path = "/ws"

    def __init__(
        self,
        sink: FrameSink,
        id: str | None,
        plan: Plan,
        reply: Callable[[str], None] | None = None,
        start: dict[str, Any] | None = None,
        writer: Writer[ChatLine] | None = None,
    ) -> None:
        """`plan` may lack the model. `reply` is called with the whole text of a reply that ended
        well. `start`: fields of a `start` frame to send first. `writer`: replaces the writer of
        frames."""
        super().__init__(sink, id, len(plan.body()), plan.model)
        self.model: str | None = None
        """As Ollama knows it, once that is decided."""
        self._plan = plan
        self._reply = reply
        self._start = start
        self.account.ignored = (start or {}).get("ignored") or ()
        self._ignored: list[str] = []
        """Keys that the `done` frame names as ignored."""
        self._asks_to_think = plan.think is not None
        self._said: list[str] = []
        self._writer = writer or FrameWriter(
            id, None if reply is None else self._said, self._ignored
        )
        self._reader = Reader(SOURCE, self._writer)

    async def work(self) -> None:
        self.model = await self._choose_model(self.account.model)
        self.account.model = self.account.model or self.model
        deps = self._sink.deps
        defaults = deps.policy.defaults_for(self.model)
        body = self._plan.for_model(self.model, defaults).body()
        del self._plan  # one copy is enough
        if self._start is not None:
            self.emit(frames.frame("start", self.id, model=self.model, **self._start))
        await self._ask(self.model, body)
        if not self._is_stream:
            self._say(self._reader.feed_line(self.collected))  # the reply to a mere load or unload
        self._say(self._reader.close())
        if self._reply is not None:
            self._reply("".join(self._said))

    async def _ask(self, model: str, body: bytes) -> None:
        """Sends the chat, once more where that helps. Raises the error that Ollama answers with."""
        deps = self._sink.deps
        fitting, fitted = deps.fitting(model), None
        thoughtless = deps.process.catalogue.thoughtless
        if thoughtless.knows(deps.ollama.url, model):
            body = self._without_thinking(body, REFUSAL) or body
        while True:
            if fitting is not None:
                fitted = await fitting.fit(body, self.own_headers())
            await self.exchange("POST", PATH, body, fitted, model=model, replayable=True)
            if self._status == 200:
                return
            error = native_error(self._status, self.collected)
            if fitting is not None and fitting.tries_again(error):
                continue
            thoughtless.note(deps.ollama.url, model, error)
            without = self._without_thinking(body, error)
            if without is None:
                raise error
            body = without

    def _without_thinking(self, body: bytes, error: GatewayError) -> bytes | None:
        """The chat without `think`, where the error is that the model cannot think; None where it
        is another one, or the chat has none."""
        without = without_thinking(body, error)
        if without is not None and self._asks_to_think:
            self._ignored.append("think")
            self.account.ignored += ("think",)
        return without

    def on_stream(self, data: bytes) -> Awaitable[None] | None:
        return self._say(self._reader.feed(data))

    def _say(self, said: list[bytes]) -> Awaitable[None] | None:
        """Sends what the reader made of the reply so far. Raises the reader's error."""
        rest: Awaitable[None] | None = None
        for frame in said:
            if frame:
                rest = self.emit(frame) or rest
        if self._reader.error is not None:
            raise self._reader.error
        return rest

    def failed(self, error: GatewayError) -> None:
        self.account.failed(error)
        self.emit(self._writer.fail(error))

    async def _choose_model(self, asked: str | None) -> str:
        """Decides the model, by the name Ollama knows. Raises Forbidden where the principal may not
        use it."""
        model = self._sink.deps.policy.resolve(asked or await self._default_model())
        principal = self._sink.principal  # not the one before the wait: it may be renewed
        assert principal is not None
        refuse_models(principal, [model])
        return model

    async def _default_model(self) -> str:
        """The model for a chat that names none: `chat.default_model`, else the first of Ollama's
        list that can chat."""
        deps, principal = self._sink.deps, self._sink.principal
        assert principal is not None
        if deps.default_model:
            return deps.default_model
        self._go_on()
        listing = await self._answer_to(
            deps.process.catalogue.tags(deps.ollama, self.own_headers(), timeout=LIST_TIMEOUT_S)
        )
        listed = native.decode(native.TAGS, only_visible(listing, principal))
        known = deps.process.catalogue.known_models
        questions = default_model.MAX_QUESTIONS
        for model in default_model.candidates(listed):
            chats = known.chats(model)
            if chats is None and questions:
                questions -= 1
                chats = await self._look_up(model)
            if chats is not False:  # where nobody knows, the list is believed
                return model.name
        raise NotFound("There is no model to chat with; pull one first, or name it in `model`.")

    async def _look_up(self, model: ModelEntry) -> bool | None:
        """Whether a model can chat; None where Ollama does not answer that."""
        deps = self._sink.deps
        show, known = deps.process.catalogue.show, deps.process.catalogue.known_models
        headers = self.own_headers()
        try:
            account = await self._answer_to(
                show(deps.ollama, model.name, headers, timeout=LIST_TIMEOUT_S)
            )
            chats = default_model.chats(account)
        except (UpstreamAnswer, UpstreamBroken, UpstreamTimeout):
            return None
        known.keep(model, chats)
        return chats

    async def _answer_to(self, question: asyncio.Future[bytes]) -> bytes:
        """Waits for an answer of the catalogue; the wait is cancelled with the job."""
        self._fetch = question
        answer = await question
        self._go_on()
        return answer


class PlainJob(ChatJob):
    """A chat in plain text: sends the reply's pieces unchanged, and a failure as `Error: ...`."""

    def __init__(self, sink: FrameSink, text: str, ended: Callable[[], None]) -> None:
        plan = Plan(messages=[{"role": "user", "content": text}], stream=True)
        super().__init__(sink, None, plan, writer=PlainTextWriter())
        self._ended = ended

    async def work(self) -> None:
        await super().work()
        self._ended()

    def queued(self, position: int) -> None:
        pass  # this form has no words for it

    def stopped(self) -> None:
        self._ended()

    def failed(self, error: GatewayError) -> None:
        super().failed(error)
        self._ended()
