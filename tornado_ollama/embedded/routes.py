"""The embedded backend's route table, and the handlers that do not need llama.cpp.

What Ollama's API has and one fixed model cannot do is answered with 501 and a message.
"""

from __future__ import annotations

from typing import ClassVar

from tornado.web import Application

from ..wire.native import COUNT_PATH, EMBEDDED
from .base import OllamaHandler, Parts
from .fields import read_fields
from .inference import (
    ChatHandler,
    CountHandler,
    EmbeddingsHandler,
    EmbedHandler,
    GenerateHandler,
)
from .refusal import Refusal
from .reply import encode

VERSION = f"0.32.15{EMBEDDED}"
"""The Ollama whose API this is; what follows the + says who answers."""

NOT_SERVED = (
    r"/api/(?:pull|push|create|copy|delete|me|signout|status)|/api/blobs/.*|/api/user/keys/.*|"
    r"/api/experimental/.*|/v1/.*"
)


class RootHandler(OllamaHandler):
    async def get(self) -> None:
        self.say_text("Ollama is running", content_type="text/plain; charset=utf-8")

    head = get


class VersionHandler(OllamaHandler):
    async def get(self) -> None:
        self.say(encode({"version": VERSION}))

    head = get


class TagsHandler(OllamaHandler):
    async def get(self) -> None:
        self.say(encode(self.catalogue.tags()))

    head = get


class PsHandler(OllamaHandler):
    async def get(self) -> None:
        self.say(encode(self.catalogue.ps(self.engine.loaded, self.engine.expires_at)))


class ShowHandler(OllamaHandler):
    async def post(self) -> None:
        await self.run(self._show())

    async def _show(self) -> None:
        fields = read_fields(self.request.body, "ShowRequest")
        name = fields.text("model") or fields.text("name")
        self.say(encode(self.catalogue.show(name, fields.flag("verbose", False))))


class NotServedHandler(OllamaHandler):
    """Answers 501 whatever the method."""

    SENTENCE: ClassVar[str] = (
        "the embedded backend serves one fixed model and does not have this route; "
        "start Ollama to use it"
    )

    async def get(self) -> None:
        await self.run(self._say_no())

    head = post = put = delete = patch = get

    async def _say_no(self) -> None:
        raise Refusal(501, self.SENTENCE)


class NotFoundHandler(OllamaHandler):
    async def get(self) -> None:
        self.say_text("404 page not found", 404)

    head = post = put = delete = patch = options = get


def make_app(parts: Parts) -> Application:
    arguments = {"parts": parts}
    table = [
        (r"/", RootHandler),
        (r"/api/version", VersionHandler),
        (r"/api/tags", TagsHandler),
        (r"/api/ps", PsHandler),
        (r"/api/show", ShowHandler),
        (r"/api/chat", ChatHandler),
        (r"/api/generate", GenerateHandler),
        (COUNT_PATH, CountHandler),
        (r"/api/embed", EmbedHandler),
        (r"/api/embeddings", EmbeddingsHandler),
        (NOT_SERVED, NotServedHandler),
        (r".*", NotFoundHandler),
    ]
    routes = [(pattern, handler, arguments) for pattern, handler in table]
    return Application(routes, log_function=lambda handler: None)
