"""A model with a context window: it complains, cuts, loads and reloads as Ollama does.

`Windowed(...).serve(backend)` scripts the routes of one model. A token is `bytes_per_token` bytes
of what a request's messages and tools (or its prompt) say. Source: a recording of Ollama 0.33, in
the transcripts of `tests/transcripts/0.33`.
"""

from __future__ import annotations

import json
from typing import Any

from .replies import NdjsonStream, Reply, json_reply
from .server import Backend, Exchange

DATE = "2026-11-28T12:00:00Z"
CAPABILITIES = ["completion", "tools", "thinking"]


class Windowed:
    """One model, which is in memory with one window at a time."""

    def __init__(
        self,
        name: str = "m:latest",
        *,
        own: int = 131072,
        default: int = 4096,
        bytes_per_token: float = 4.0,
        reply: str = "Yes.",
        reply_tokens: int = 2,
        knows_flags: bool = True,
        lists_length: bool = True,
    ) -> None:
        """`own`: the longest window the model has been made for. `default`: the window where a
        request says no `num_ctx`. `reply_tokens`: how many the model would write. `knows_flags`:
        an older Ollama does not know `truncate` and `shift`, and cuts. `lists_length`: `/api/tags`
        tells the length."""
        self.name = name
        self.own = own
        self.default = default
        self.bytes_per_token = bytes_per_token
        self.reply = reply
        self.reply_tokens = reply_tokens
        self.knows_flags = knows_flags
        self.lists_length = lists_length
        self.window: int | None = None
        """Of the model in memory; None: it is not there."""
        self.loads: list[int] = []
        """The windows with which it was loaded, in order."""
        self.asked: list[dict[str, Any]] = []
        """The chats and generations, in order."""

    def serve(self, backend: Backend) -> Windowed:
        backend.on("/api/chat", self.run)
        backend.on("/api/generate", self.run)
        backend.on("/api/ps", self.ps)
        backend.on("/api/show", self.show)
        backend.on("/api/tags", self.tags)
        return self

    def unload(self) -> None:
        self.window = None

    def tokens(self, request: dict[str, Any]) -> int:
        said = request.get("prompt")
        if said is None:
            texts = [{**one, "images": None} for one in request["messages"]]
            said = json.dumps([texts, request.get("tools")], ensure_ascii=False)
        return max(1, round(len(said.encode()) / self.bytes_per_token))

    async def run(self, exchange: Exchange) -> None:
        await exchange.read_body()
        request = exchange.json()
        self.asked.append(request)
        options = request.get("options") or {}
        self._load(min(options.get("num_ctx", self.default), self.own))
        assert self.window is not None
        tokens = self.tokens(request)
        if tokens >= self.window:
            if self.knows_flags and request.get("truncate") is False:
                await complaint(tokens, self.window)(exchange)
                return
            tokens = self.window // 2 + 2
        await self._answer(exchange, request, tokens, options.get("num_predict", -1))

    def _load(self, window: int) -> None:
        if window != self.window:
            self.window = window
            self.loads.append(window)

    async def _answer(
        self, exchange: Exchange, request: dict[str, Any], tokens: int, limit: int
    ) -> None:
        assert self.window is not None
        room = self.window - tokens if request.get("shift") is False else self.reply_tokens
        wrote = min(self.reply_tokens, room, limit if limit > 0 else self.reply_tokens)
        text: Any = {"message": {"role": "assistant", "content": self.reply}}
        if exchange.path == "/api/generate":
            text = {"response": self.reply}
        end = {
            "done": True,
            "done_reason": "stop" if wrote == self.reply_tokens else "length",
            "prompt_eval_count": tokens,
            "eval_count": wrote,
        }
        same = {"model": request["model"], "created_at": DATE}
        if request.get("stream") is False:
            await json_reply(same | text | end)(exchange)
        else:
            ending = {"response": ""} if "response" in text else {"message": {"content": ""}}
            await NdjsonStream(same | text | {"done": False}, same | ending | end)(exchange)

    async def ps(self, exchange: Exchange) -> None:
        loaded = [] if self.window is None else [{"context_length": self.window}]
        entries = [{"name": self.name, "model": self.name} | entry for entry in loaded]
        await json_reply({"models": entries})(exchange)

    async def show(self, exchange: Exchange) -> None:
        info = {"general.architecture": "llama", "llama.context_length": self.own}
        shown = {"model_info": info, "capabilities": CAPABILITIES, "modified_at": DATE}
        await json_reply(shown)(exchange)

    async def tags(self, exchange: Exchange) -> None:
        details = {"context_length": self.own} if self.lists_length else {}
        entry = {"name": self.name, "model": self.name, "modified_at": DATE, "details": details}
        entry["capabilities"] = CAPABILITIES
        await json_reply({"models": [entry]})(exchange)


def complaint(tokens: int, window: int) -> Reply:
    """What Ollama 0.33 answers where a prompt that must not be cut does not fit: llama.cpp's error
    as a text of JSON, streamed or not."""
    error = {
        "code": 400,
        "message": f"request ({tokens} tokens) exceeds the available context size "
        f"({window} tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": tokens,
        "n_ctx": window,
    }
    return json_reply({"error": json.dumps({"error": error}, separators=(",", ":"))}, 400)
