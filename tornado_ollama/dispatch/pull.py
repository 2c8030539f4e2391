"""Watches a pull on its way, so that it ends when the model turns out to be too large.

Only a stream says how large the model is. A client that wants one piece gets the last line of the
stream, as Ollama would answer it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from ..access.pull_size import PullSize
from ..errors import UpstreamBroken
from ..upstream.request import ResponseHead
from ..wire.native_request import read_asked
from ..wire.ndjson import LineSplitter

FRAMING = frozenset(("content-type", "content-length", "transfer-encoding"))


class PullWatch:
    """Stands between Ollama and the sink of one pull: give `body`, `on_head` and `on_data` to the
    fetch, and call `end` when it has ended well."""

    def __init__(
        self,
        most: int,
        body: bytes,
        on_head: Callable[[ResponseHead], None],
        on_data: Callable[[bytes], Awaitable[None] | None],
    ) -> None:
        """`most`: bytes of the model. `body`: of the request, one JSON object."""
        self._size = PullSize(most)
        self._streams = read_asked(body).streams
        self.body = body if self._streams else streaming(body)
        self._on_head, self._on_data = on_head, on_data
        self._held: ResponseHead | None = None
        self._lines = LineSplitter()
        self._last = b""

    def on_head(self, head: ResponseHead) -> None:
        if self._streams or head.status != 200:
            self._on_head(head)
        else:
            self._held = head

    def on_data(self, data: bytes) -> Awaitable[None] | None:
        """Passes the data on. Raises Forbidden when the model is too large."""
        self._size.feed(data)
        if self._held is None:
            return self._on_data(data)
        for line in self._lines.feed(data):
            self._last = line
        return None

    def end(self) -> None:
        """Passes the last line on, to a client that wants no more. Raises UpstreamBroken where
        there is none."""
        if self._held is None:
            return
        last = self._lines.close() or self._last
        try:
            failed = "error" in json.loads(last)
        except (ValueError, TypeError):
            raise UpstreamBroken("Ollama's answer to the pull is malformed.") from None
        status, reason, headers = self._held
        kept = [(name, value) for name, value in headers if name.lower() not in FRAMING]
        kept += [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(last))),
        ]
        failure = (500, "Internal Server Error")
        self._on_head(ResponseHead(*(failure if failed else (status, reason)), kept))
        self._on_data(last)


def streaming(body: bytes) -> bytes:
    """A request for one piece as one for a stream: of two equal keys Go takes the last."""
    return body.rstrip()[:-1] + b',"stream":true}'
