"""Handlers of `/api/chat`, `/api/generate`, `/api/embed` and `/api/embeddings`.

Each starts a generation for its request and writes the result line by line. The shapes of the
replies are in `reply`, the decisions about prompts and tools in `prompt` and `tools`.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from .base import OllamaHandler
from .catalogue import NAME, is_served, require
from .engine import Use
from .fields import read_fields
from .generation import (
    End,
    Task,
    chat_length,
    chat_tokens,
    cut_dimensions,
    embed,
    fit,
    generate,
    tokenize,
)
from .options import CALL_PARAMETERS, FORMAT_PARAMETERS, read_format, read_keep_alive, read_options
from .prompt import chat_prompt
from .refusal import Refusal, model_not_found
from .reply import Answer, Counters, chat_line, encode, generate_line, timestamp
from .request import (
    ChatRequest,
    Common,
    GenerateRequest,
    Message,
    chat_request,
    embed_request,
    generate_request,
)
from .tools import CALL_OPEN, CallReader, call_schema, wanted

CALL_ID_LETTERS = string.ascii_lowercase + string.digits

WriteLine = Callable[..., bytes]
"""`chat_line` or `generate_line`."""


class GeneratingHandler(OllamaHandler):
    async def load_or_unload(self, common: Common, write: WriteLine) -> None:
        """Answers a request without a prompt, which loads the model, or unloads it where
        `keep_alive` is 0."""
        if common.keep_alive == 0:
            self.engine.unload()
            reason = "unload"
        else:
            async with self.engine.use(common.keep_alive):
                reason = "load"
        self.say(write(common.model, _now(), Answer(), done_reason=reason))

    async def answer(
        self, use: Use, began: int, common: Common, task: Task, reader: CallReader, write: WriteLine
    ) -> None:
        """Runs `task` and writes its answer, streamed or whole. Raises `Refusal`."""
        whole, index, end = Answer(), 0, None
        tokens = list(task.tokens)
        async with aclosing(generate(use.llama, task)) as events:
            async for event in events:
                if isinstance(event, End):
                    end = event
                    text, calls = reader.close()
                    piece = Answer(text)
                else:
                    text, calls = reader.feed(event.text)
                    piece = Answer(text, logprobs=event.logprobs)
                    tokens += event.tokens
                for call in calls:
                    piece.calls.append((_call_id(), index, call))
                    index += 1
                if not common.stream:
                    whole.add(piece)
                elif piece.text or piece.calls or piece.logprobs:
                    await self.write_line(write(common.model, _now(), piece))
        if end is None:
            raise Refusal(500, "llama.cpp ended its answer without its last line")
        counters = Counters(
            total_duration=time.monotonic_ns() - began,
            load_duration=use.load_duration,
            prompt_eval_count=end.prompt_eval_count,
            prompt_eval_cached_count=end.prompt_eval_cached_count,
            prompt_eval_duration=end.prompt_eval_duration,
            eval_count=end.eval_count,
            eval_duration=end.eval_duration,
        )
        if task.return_tokens:
            write = partial(write, context=tokens)
        last = write(common.model, _now(), whole, done_reason=end.reason, counters=counters)
        if common.stream:
            await self.write_line(last)
        else:
            self.say(last)


class ChatHandler(GeneratingHandler):
    async def post(self) -> None:
        await self.run(self._chat())

    async def _chat(self) -> None:
        began = time.monotonic_ns()
        request = chat_request(self.request.body)
        if not request.common.model:
            raise Refusal(400, "model is required")
        _check(request.common, request.has_images)
        if not request.messages:
            await self.load_or_unload(request.common, chat_line)
            return
        async with self.engine.slot(), self.engine.use(request.common.keep_alive) as use:
            task = await _chat_task(use, request)
            reader = CallReader(request.tools)
            await self.answer(use, began, request.common, task, reader, chat_line)


class CountHandler(OllamaHandler):
    """The gateway's own question: the prompt of a chat is read, and no model runs."""

    async def post(self) -> None:
        await self.run(self._count())

    async def _count(self) -> None:
        request = chat_request(self.request.body)
        _check(request.common, request.has_images)
        async with self.engine.use(request.common.keep_alive) as use:
            tokens = await chat_length(use.llama, request, _begun(request))
        self.say(encode({"prompt_tokens": tokens}))


class GenerateHandler(GeneratingHandler):
    async def post(self) -> None:
        await self.run(self._generate())

    async def _generate(self) -> None:
        began = time.monotonic_ns()
        request = generate_request(self.request.body)
        _check(request.common, request.has_images)
        if request.suffix:
            raise Refusal(400, f"registry.ollama.ai/library/{NAME} does not support insert")
        if request.template:
            raise Refusal(501, "the embedded backend uses the model's own template only")
        if not request.prompt:
            await self.load_or_unload(request.common, generate_line)
            return
        async with self.engine.slot(), self.engine.use(request.common.keep_alive) as use:
            task = await _generate_task(use, request)
            await self.answer(use, began, request.common, task, CallReader(()), generate_line)


class EmbedHandler(OllamaHandler):
    async def post(self) -> None:
        await self.run(self._embed())

    async def _embed(self) -> None:
        began = time.monotonic_ns()
        request = embed_request(self.request.body)
        _require_to_embed(request.model)
        if not request.input:
            async with self.engine.use(request.keep_alive):
                self.say(encode({"model": request.model, "embeddings": []}))
            return
        async with self.engine.slot(), self.engine.use(request.keep_alive) as use:
            vectors, count = await embed(use.llama, request.input, truncate=request.truncate)
            reply = {
                "model": request.model,
                "embeddings": [cut_dimensions(vector, request.dimensions) for vector in vectors],
                "total_duration": time.monotonic_ns() - began,
                "load_duration": use.load_duration,
                "prompt_eval_count": count,
            }
            self.say(encode(reply))


class EmbeddingsHandler(OllamaHandler):
    """`/api/embeddings`, the older route: one prompt, one vector."""

    async def post(self) -> None:
        await self.run(self._embed())

    async def _embed(self) -> None:
        fields = read_fields(self.request.body, "EmbeddingRequest")
        model, prompt = fields.text("model"), fields.text("prompt")
        keep_alive = read_keep_alive(fields.raw("keep_alive"))
        if not model:
            raise Refusal(400, "model is required")
        _require_to_embed(model)
        async with self.engine.slot(), self.engine.use(keep_alive) as use:
            vectors: list[list[float]] = [[]]
            if prompt:
                vectors, _ = await embed(use.llama, [prompt], truncate=True)
            self.say(encode({"embedding": vectors[0]}))


async def _chat_task(use: Use, request: ChatRequest) -> Task:
    common = request.common
    schema, begun, given = read_format(common.format), _begun(request), common.options
    if schema is not None:
        given = {**FORMAT_PARAMETERS, **given}
    elif begun:
        schema = call_schema(wanted(request.messages, request.tools))
        given = {**CALL_PARAMETERS, **given}
    options = read_options(given)
    tokens = await chat_tokens(use.llama, request, options, begun)
    return Task(tokens, options, schema, common.logprobs)


def _begun(request: ChatRequest) -> str:
    """The text with which the answer begins, where a call is due."""
    if read_format(request.common.format) is not None:
        return ""
    return CALL_OPEN if wanted(request.messages, request.tools) else ""


async def _generate_task(use: Use, request: GenerateRequest) -> Task:
    common = request.common
    schema, given = read_format(common.format), common.options
    if schema is not None:
        given = {**FORMAT_PARAMETERS, **given}
    options = read_options(given)
    text = request.prompt
    if not request.raw:
        messages = [Message("user", request.prompt)]
        if request.system:
            messages.insert(0, Message("system", request.system))
        text = chat_prompt(messages)
    tokens = [*request.context, *await tokenize(use.llama, text)]
    tokens = fit(tokens, options, common.truncate)
    return Task(tokens, options, schema, common.logprobs, return_tokens=not request.raw)


def _check(common: Common, has_images: bool) -> None:
    """Raises a `Refusal` for another model, or for something that this model cannot do."""
    require(common.model)
    if common.think:
        raise Refusal(400, f'"{common.model}" does not support thinking')
    if has_images:
        raise Refusal(400, f'"{common.model}" does not support images')


def _require_to_embed(model: str) -> None:
    if not model:
        raise model_not_found(model)
    if not is_served(model):
        raise Refusal(404, f'model "{model}" not found, try pulling it first')


def _call_id() -> str:
    return "call_" + "".join(secrets.choice(CALL_ID_LETTERS) for _ in range(8))


def _now() -> str:
    return timestamp(time.time_ns())
