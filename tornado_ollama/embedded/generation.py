"""One generation: fits the prompt into the context, runs llama.cpp, and counts tokens and times.

Owns the requests to llama.cpp's `/completion`, `/tokenize` and `/embeddings`; knows nothing of HTTP
towards the client. Closing the iterator of `generate` frees the slot.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from . import prompt
from .engine import BATCH, CONTEXT
from .llama_http import LlamaClient
from .options import Options
from .refusal import Refusal
from .reply import logprob
from .request import ChatRequest

EMBED_AT_ONCE = 32
"""Texts per request to llama.cpp: it drops what it has begun slowly, so a client that leaves should
not have thousands under way, and others' answers come in between."""

MOST_ROOM = 512
"""Tokens kept free for the answer when old messages are dropped, at most; at most a quarter."""

JSON_BEGINS = {"object": "{", "array": "[", "string": '"'}
ANY_JSON = '{["-0123456789tfn'

STOP_REASONS = {"eos": "stop", "word": "stop", "limit": "length"}


@dataclass(frozen=True, slots=True)
class Task:
    tokens: list[int]
    options: Options
    schema: dict[str, Any] | None = None
    logprobs: int | None = None
    return_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class End:
    """The end of a generation: its reason, counts, and durations in nanoseconds."""

    reason: str
    prompt_eval_count: int
    prompt_eval_cached_count: int
    prompt_eval_duration: int
    eval_count: int
    eval_duration: int


async def generate(llama: LlamaClient, task: Task) -> AsyncGenerator[Piece | End, None]:
    """Yields pieces of text as the model makes them, then one `End`. Raises `Refusal`."""
    begun = False
    async with aclosing(llama.stream("/completion", _body(task))) as events:
        async for event in events:
            text, tokens = event["content"], event.get("tokens", [])
            if task.schema is not None and not begun and text.strip():
                _must_be_json(text, task.schema)
                begun = True
            entries = []
            if task.logprobs is not None:
                found = event.get("completion_probabilities", [])
                entries = [logprob(entry, task.logprobs) for entry in found]
            if text or tokens:
                yield Piece(text, entries, tokens)
            if event["stop"]:
                yield _end(event)
                return
    raise Refusal(500, "llama.cpp ended its answer without its last line")


def window(options: Options) -> int:
    """How many tokens the prompt and the answer may have together."""
    return min(options.num_ctx or CONTEXT, CONTEXT)


async def tokenize(llama: LlamaClient, text: str) -> list[int]:
    reply = await llama.post("/tokenize", {"content": text, "parse_special": True})
    tokens: list[int] = reply["tokens"]
    return tokens


async def chat_length(llama: LlamaClient, request: ChatRequest, begun: str) -> int:
    """How many tokens the whole prompt of a chat has; see `chat_tokens`."""
    messages = prompt.with_system(request.messages, request.tools)
    return len(await tokenize(llama, prompt.chat_prompt(messages) + begun))


async def chat_tokens(
    llama: LlamaClient, request: ChatRequest, options: Options, begun: str
) -> list[int]:
    """The tokens of a chat's prompt. `begun`: the text with which the answer has begun.

    Where the prompt does not fit, the oldest messages are left out, and where that is not enough it
    is cut in the middle; with `truncate: false` raises a 400 `Refusal` instead.
    """
    messages = prompt.with_system(request.messages, request.tools)
    limit = window(options)

    async def tokens_without(count: int) -> list[int]:
        text = prompt.chat_prompt(prompt.without_oldest(messages, count))
        return await tokenize(llama, text + begun)

    tokens = await tokens_without(0)
    if len(tokens) < limit:
        return tokens
    _must_truncate(request.common.truncate, len(tokens), limit)
    room = limit - min(MOST_ROOM, limit // 4)
    fewest, most = 1, prompt.droppable(messages)
    while fewest < most:
        middle = (fewest + most) // 2
        if len(await tokens_without(middle)) <= room:
            most = middle
        else:
            fewest = middle + 1
    return prompt.shorten(await tokens_without(fewest), room, options.num_keep)


def fit(tokens: Sequence[int], options: Options, truncate: bool) -> list[int]:
    """The prompt's tokens, cut in the middle where they do not fit. Raises as `chat_tokens`."""
    limit = window(options)
    if len(tokens) < limit:
        return list(tokens)
    _must_truncate(truncate, len(tokens), limit)
    return prompt.shorten(tokens, limit - min(MOST_ROOM, limit // 4), options.num_keep)


async def embed(
    llama: LlamaClient, texts: Sequence[str], *, truncate: bool
) -> tuple[list[list[float]], int]:
    """Returns a normalised vector for each text, in order, and the number of tokens read. Texts
    longer than `BATCH` tokens are cut; with `truncate` false raises a 400 `Refusal` instead."""
    inputs = []
    for text in texts:
        # An empty text has no token, and no vector without one.
        tokens = await tokenize(llama, text) or await tokenize(llama, "\n")
        if len(tokens) > BATCH and not truncate:
            raise Refusal(400, "the input length exceeds the context length")
        inputs.append(tokens[:BATCH])
    vectors = []
    for start in range(0, len(inputs), EMBED_AT_ONCE):
        part = inputs[start : start + EMBED_AT_ONCE]
        reply = await llama.post("/v1/embeddings", {"input": part})
        rows = sorted(reply["data"], key=lambda row: int(row["index"]))
        vectors += [row["embedding"] for row in rows]
    return vectors, sum(map(len, inputs))


def cut_dimensions(vector: list[float], dimensions: int) -> list[float]:
    """Shortens a vector to its first `dimensions` numbers and normalises it; a shorter one is
    returned unchanged."""
    if not 0 < dimensions < len(vector):
        return vector
    head = vector[:dimensions]
    length = math.sqrt(sum(number * number for number in head))
    return [number / length for number in head] if length else head


def _must_be_json(text: str, schema: dict[str, Any]) -> None:
    """Raises a 500 `Refusal` where the model's text does not begin as JSON of this schema begins.

    llama.cpp ignores a schema that it cannot turn into a grammar, without an error, and the model
    then writes what it likes."""
    kind = schema.get("type")
    allowed = JSON_BEGINS.get(kind, ANY_JSON) if isinstance(kind, str) else ANY_JSON
    if text.lstrip()[0] not in allowed:
        raise Refusal(500, "invalid format: this JSON schema cannot be turned into a grammar")


def _must_truncate(truncate: bool, tokens: int, limit: int) -> None:
    """As Ollama 0.33, which passes llama.cpp's error on as a text of JSON."""
    if not truncate:
        error = {
            "code": 400,
            "message": f"request ({tokens} tokens) exceeds the available context size "
            f"({limit} tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": tokens,
            "n_ctx": limit,
        }
        raise Refusal(400, json.dumps({"error": error}))


def _body(task: Task) -> dict[str, Any]:
    room = max(window(task.options) - len(task.tokens), 1)
    wanted = task.options.num_predict
    body: dict[str, Any] = {
        **task.options.sampling,
        "prompt": task.tokens,
        "stream": True,
        "n_predict": min(wanted, room) if wanted >= 0 else room,
        "stop": [*prompt.STOP, *task.options.stop],
        "return_tokens": task.return_tokens,
        # A remembered prompt is computed in other batches, whose last digits differ: whoever
        # gives a seed wants the same answer again.
        "cache_prompt": "seed" not in task.options.sampling,
    }
    if task.logprobs is not None:
        body["n_probs"] = max(task.logprobs, 1)
    if task.schema is not None:
        body["json_schema"] = task.schema
    return body


def _end(event: dict[str, Any]) -> End:
    timings = event["timings"]
    return End(
        reason=STOP_REASONS.get(event["stop_type"], "length"),
        prompt_eval_count=event["tokens_evaluated"],
        prompt_eval_cached_count=timings.get("cache_n", 0),
        prompt_eval_duration=int(timings["prompt_ms"] * 1e6),
        eval_count=event["tokens_predicted"],
        eval_duration=int(timings["predicted_ms"] * 1e6),
    )
