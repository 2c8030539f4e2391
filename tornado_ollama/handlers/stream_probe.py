"""`/health/stream`: a streamed reply of a second, by which a client sees whether what lies between
it and the gateway holds streams back.

It has the headers of every other NDJSON stream and asks neither Ollama nor a model, so it says
something about the way only, and costs five small writes. Each piece says when it was sent.
"""

from __future__ import annotations

import asyncio
import json

from .auth_mixin import AuthMixin
from .base import BaseHandler
from .downstream import Downstream
from .relay import NDJSON, UNBUFFERED

PIECES = 5
PAUSE_S = 0.25


class StreamProbeHandler(AuthMixin, BaseHandler):
    _pause: asyncio.Future[None] | None = None

    async def respond(self) -> None:
        loop = asyncio.get_running_loop()
        down = self.reply = Downstream(self)
        down.start(200, [("Content-Type", NDJSON), *UNBUFFERED])
        begun = loop.time()
        for piece in range(1, PIECES + 1):
            if piece > 1:
                self._pause = asyncio.ensure_future(asyncio.sleep(PAUSE_S))
                await self._pause
            sent_ms = round((loop.time() - begun) * 1000)
            line = {"piece": piece, "of": PIECES, "sent_ms": sent_ms}
            down.write(json.dumps(line).encode() + b"\n")  # too little to wait for a slow client
        self.end_reply(down)

    def client_left(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
