"""Collects a streamed reply into one record, for a client that gets it whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from ...errors import GatewayError, UpstreamBroken
from .. import native
from .writer import Logprobs, PartsWriter

MAX_CHARACTERS = 64 * 1024 * 1024
"""The longest text, thoughts included, that is collected; 256 MiB of memory at most."""


class Collector(PartsWriter):
    """A writer that keeps all it is given, and writes nothing."""

    def __init__(self) -> None:
        self.record = native.ChatRecord()
        """The whole reply, once it is complete. Its logprobs are left out."""
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[native.ToolCall] = []
        self._characters = 0

    def begin(self) -> bytes:
        return b""

    def text(self, text: str) -> Iterable[bytes]:
        self._keep(self._text, text)
        return ()

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        self._keep(self._text, text)
        return b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        self._keep(self._thoughts, text)
        return b""

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        self._calls += calls
        return b""

    def finish(self, last: native.ReplyRecord) -> bytes:
        message = native.Message("".join(self._text), "".join(self._thoughts), self._calls)
        assert isinstance(last, native.ChatRecord)
        self.record = structs.replace(last, message=message)
        return b""

    def fail(self, error: GatewayError) -> bytes:
        return b""

    def _keep(self, texts: list[str], text: str) -> None:
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise UpstreamBroken("Ollama's reply is too large to be collected.")
        texts.append(text)
