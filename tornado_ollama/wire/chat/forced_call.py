"""Reads the reply of a forced tool call, which is a text in the form of `Toolbox.call_format`.

Only its end tells whether the text is the call, so a stream holds it back until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ...errors import GatewayError
from .. import native
from .writer import Logprobs, PartsWriter


def forced_call(text: str, names: frozenset[str]) -> native.ToolCall | None:
    """Parses a reply that Ollama was made to write in the form of `Toolbox.call_format` into the
    tool call it stands for. Returns None where the text is no such call, for example because the
    token limit cut it."""
    try:
        function = _FUNCTION.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    if function.name not in names or not bytes(function.arguments).startswith(b"{"):
        return None
    return native.ToolCall(function)


_FUNCTION = msgspec.json.Decoder(native.Function)


def calls_and_text(
    message: native.Message, names: frozenset[str]
) -> tuple[Sequence[native.ToolCall], str]:
    """The tool calls and the text of a whole reply; a text that is a forced call counts as the
    call. `names`: the tools of which one must be called; empty where none is forced."""
    calls, text = message.tool_calls or [], message.content or ""
    call = forced_call(text, names) if names and not calls else None
    return (calls, text) if call is None else ([call], "")


def reading_forced_calls(writer: PartsWriter, names: frozenset[str]) -> PartsWriter:
    """The writer of a stream, behind a `ForcedCallWriter` where a call is forced. `names` as in
    `calls_and_text`."""
    return ForcedCallWriter(writer, names) if names else writer


class ForcedCallWriter(PartsWriter):
    """A writer in front of the dialect's own, which holds the text back until the end of the
    reply."""

    joins_text = True

    def __init__(self, writer: PartsWriter, names: frozenset[str]) -> None:
        """`names`: the tools of which one must be called."""
        self._writer = writer
        self._names = names
        self._held: list[str] = []
        self._held_logprobs: list[native.Logprob] = []
        self._called = False

    def begin(self) -> bytes:
        return self._writer.begin()

    def text(self, text: str) -> Iterable[bytes]:
        self._held.append(text)
        return ()

    def mixed_text(self, text: str, logprobs: Logprobs) -> bytes:
        self._held.append(text)
        self._held_logprobs += logprobs or ()
        return b""

    def thinking(self, text: str, logprobs: Logprobs = None) -> bytes:
        return self._writer.thinking(text, logprobs)

    def tool_calls(self, calls: Sequence[native.ToolCall], logprobs: Logprobs = None) -> bytes:
        self._called = True
        return self._writer.tool_calls(calls, logprobs)

    def line(self, line: native.ReplyRecord) -> Iterator[bytes]:
        yield from super().line(line)
        if line.done:
            yield self._release()  # also where `finish` fails

    def finish(self, last: native.ReplyRecord) -> bytes:
        return self._release() + self._writer.finish(last)

    def fail(self, error: GatewayError) -> bytes:
        return self._writer.fail(error)

    def _release(self) -> bytes:
        """Writes the held text: as a tool call if it is one, otherwise as text."""
        text = "".join(self._held)
        self._held.clear()
        call = None if self._called else forced_call(text, self._names)
        if call is not None:
            return self._writer.tool_calls([call], self._held_logprobs)
        return self._writer.mixed_text(text, self._held_logprobs) if text else b""
