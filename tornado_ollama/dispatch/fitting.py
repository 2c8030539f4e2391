"""Requests whose `num_ctx` is chosen by the gateway, at the moment when they are sent.

A `Fitting` belongs to one client's request, however many native ones that takes. Where Ollama
complains that a prompt does not fit it says how long the prompt is, so the next try has a window
that is known to hold it; the estimate only has to be right most of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import GatewayError, PromptTooLong
from ..upstream.ollama import Ollama
from ..wire.context_window import Need, chosen_window, measured, with_window
from .usage import Usage
from .windows import Seen, Windows


class Fitting:
    """Chooses the windows for the native requests behind one request of a client's."""

    def __init__(self, windows: Windows, ollama: Ollama, model: str, most: int | None) -> None:
        """`model`: by the name Ollama knows. `most`: the operator's bound, in tokens."""
        self.windows = windows
        self.ollama = ollama
        self.model = model
        self.most = most
        self.counted = 0
        """Tokens of the longest prompt that Ollama has refused."""
        self.cuts = False
        """No window holds the prompt, and Ollama may cut it."""
        self.asked: set[int] = set()
        """The windows of all requests that were sent."""
        self._last: tuple[Need, Seen] | None = None

    async def fit(self, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> FittedBody | None:
        """The body of a native request, to be made when it is sent; None where the client has
        chosen the window. `headers` go with the gateway's own questions."""
        need = measured(body)
        if need is None or need.num_ctx is not None:
            return None
        seen = await self.windows.look(self.ollama, self.model, headers)
        self._last = need, seen
        return FittedBody(self, body, need, seen)

    def tries_again(self, error: GatewayError) -> bool:
        """Whether the request that Ollama refused with this error shall be fitted and sent once
        more: with a larger window, or, where there is none, for Ollama to cut."""
        if not isinstance(error, PromptTooLong) or self._last is None or not self.asked:
            return False
        need, seen = self._last
        window = error.window or max(self.asked)
        if error.tokens is not None and need.measurable:
            self.windows.rate(self.model).learn(need.bytes, error.tokens)
        self.counted = max(self.counted, error.tokens or window + 1)
        larger = chosen_window(self.counted + need.reply, own=seen.own, most=self.most)
        if window in self.asked and larger > window:
            return True
        first_cut = need.may_cut and not self.cuts
        self.cuts = self.cuts or first_cut
        return first_cut


class FittedBody:
    """The body of one native request; calling it chooses the window."""

    def __init__(self, fitting: Fitting, body: bytes, need: Need, seen: Seen) -> None:
        self._fitting = fitting
        self._body = body
        self._need = need
        self._seen = seen
        self._where: str | None = None
        """The address of the Ollama that it was made for."""

    def __call__(self) -> bytes:
        """Makes the body. `end` must follow, once."""
        fitting, need = self._fitting, self._need
        tokens = need.tokens(fitting.windows.rate(fitting.model).tokens_per_byte)
        tokens = max(tokens, fitting.counted) + need.reply
        self._where = fitting.ollama.backend.upstream.base_url
        window = fitting.windows.take(self._where, fitting.model, tokens, self._seen, fitting.most)
        fitting.asked.add(window)
        refuse_to_cut = need.may_cut and not fitting.cuts
        return with_window(self._body, window, refuse_to_cut=refuse_to_cut)

    def end(self, usage: Usage) -> None:
        """The request has ended, and this is what it cost."""
        fitting, need = self._fitting, self._need
        self._body = b""
        if self._where is not None:
            fitting.windows.release(self._where, fitting.model)
            self._where = None
        if usage.prompt_tokens and need.measurable and not fitting.cuts:
            fitting.windows.rate(fitting.model).learn(need.bytes, usage.prompt_tokens)


def also_ending(
    fitted: FittedBody | None, on_usage: Callable[[Usage], None]
) -> Callable[[Usage], None]:
    """What a sink does with the usage: `on_usage`, and the end of the body, where it was fitted."""
    if fitted is None:
        return on_usage

    def end(usage: Usage) -> None:
        fitted.end(usage)
        on_usage(usage)

    return end
