"""The context window for a native request where the operator leaves it to the gateway
(`models.defaults.GLOB.num_ctx: auto`).

Owns the estimate of how many tokens a request needs, and the choice of the window. Why: any other
`num_ctx` than the one a model was loaded with, smaller or larger, makes Ollama load it again, which
takes minutes for a large one, and loses its prompt cache. So windows have few sizes and never
shrink while the model is in memory. Which windows are in use is for `dispatch/windows.py` to know.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .json_members import members
from .native import UNREADABLE

SMALLEST = 8192
"""Tokens of the smallest window that is asked for. Agents' first prompts have 2,000 to 17,000."""

MOST_REPLY_TOKENS = 4096
"""Tokens that are kept free for the reply, unless the request says that it needs fewer. More is
often asked for than written: Claude Code always asks for 32,000."""

TOKENS_PER_BYTE = 0.3
"""Of a model of which nothing has been measured: a little more than English text and code have with
today's vocabularies."""

TOKENS_PER_IMAGE = 1000

MIN_MEASURED_BYTES = 4096
"""Shorter requests say little about a model's tokens, because they are mostly template; they fit
into the smallest window anyway."""

PLAUSIBLE = (0.05, 2.0)
"""Tokens per byte. What lies outside is not the length of the whole prompt: some versions of Ollama
do not count what they have cached."""

KEPT_BYTES = 256 * 1024
"""Of what was measured before, as much weighs against a new measurement."""


class Need(msgspec.Struct, frozen=True):
    """The size of a native request."""

    bytes: int
    """Of its longest prompt; images, which are base64, do not count."""
    images: int
    reply: int
    """Tokens that are kept free for the reply."""
    num_ctx: Any
    """As the request has it."""
    may_cut: bool
    """Ollama may leave out a part of the prompt to make it fit."""
    measurable: bool
    """The number of tokens of the reply's count is that of `bytes`."""

    def tokens(self, tokens_per_byte: float) -> int:
        """The estimated number of tokens of the prompt, at least one."""
        return max(1, round(self.bytes * tokens_per_byte) + self.images * TOKENS_PER_IMAGE)


class _Options(msgspec.Struct):
    num_ctx: Any = None
    num_predict: Any = None


class _Message(msgspec.Struct):
    images: list[msgspec.Raw] | None = None


class _Request(msgspec.Struct):
    """The fields of a native request that decide its size; the rest is not built."""

    messages: list[_Message] | None = None
    images: list[msgspec.Raw] | None = None
    input: Any = None
    options: _Options | None = None
    truncate: Any = None


_REQUEST = msgspec.json.Decoder(_Request)


def measured(body: bytes) -> Need | None:
    """The size of a native request; None for one that Ollama will refuse."""
    try:
        request = _REQUEST.decode(body)
    except UNREADABLE:
        return None
    images = list(request.images or ())
    for message in request.messages or ():
        images += message.images or ()
    size = len(body) - sum(map(len, images))
    if isinstance(request.input, list):  # each is a prompt of its own
        size = max((len(str(one).encode()) for one in request.input), default=0)
    options = request.options or _Options()
    wanted = options.num_predict
    limited = isinstance(wanted, int) and 0 <= wanted < MOST_REPLY_TOKENS
    return Need(
        size,
        len(images),
        wanted if limited else 0 if request.input is not None else MOST_REPLY_TOKENS,
        options.num_ctx,
        request.truncate is not False,
        not images and request.input is None and size >= MIN_MEASURED_BYTES,
    )


def estimated_tokens(body: bytes, tokens_per_byte: float) -> int:
    """The estimated number of tokens of a native request's prompt, at least one."""
    need = measured(body)
    return 1 if need is None else need.tokens(tokens_per_byte)


def chosen_window(tokens: int, *, loaded: int = 0, own: int | None, most: int | None) -> int:
    """The window for a request that needs this many tokens, its reply included.

    It is the smallest power of two that holds them, from `SMALLEST`, but the one that the model has
    in memory where that holds them, or is larger. `loaded`: that window, 0 where there is none;
    `own`: the longest that the model was made for; `most`: the operator's bound. All in tokens; the
    bounds win over everything else.
    """
    window = SMALLEST
    while window < tokens:
        window *= 2
    if loaded >= max(tokens, SMALLEST) or loaded > window:
        window = loaded
    return min([window, *(bound for bound in (own, most) if bound)])


def with_window(body: bytes, window: int, *, refuse_to_cut: bool) -> bytes:
    """A native request with this `num_ctx`. `refuse_to_cut`: Ollama shall say so where the prompt
    does not fit. Raises `msgspec.DecodeError` for a body that is no JSON object."""
    request: dict[str, Any] = dict(members(body))
    options = bytes(request.get("options", b"null"))
    given = {} if options == b"null" else dict(members(options))
    request["options"] = {**given, "num_ctx": window}
    if refuse_to_cut:
        request["truncate"] = False
    return msgspec.json.encode(request)


class TokenRate:
    """The number of tokens per byte of one model, as measured so far.

    The mean over the last requests, by their size: a session's next request is mostly its last one.
    """

    def __init__(self) -> None:
        self._bytes = float(MIN_MEASURED_BYTES)
        self._tokens = MIN_MEASURED_BYTES * TOKENS_PER_BYTE

    @property
    def tokens_per_byte(self) -> float:
        return self._tokens / self._bytes

    def learn(self, size: int, tokens: int) -> None:
        """Takes the measurement of a prompt: its bytes, and the tokens that Ollama counted."""
        if not PLAUSIBLE[0] <= tokens / size <= PLAUSIBLE[1]:
            return
        kept = min(1.0, KEPT_BYTES / self._bytes)
        self._bytes = self._bytes * kept + size
        self._tokens = self._tokens * kept + tokens
