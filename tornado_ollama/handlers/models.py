"""`/v1/models`, a path of two APIs: answers in the dialect of the caller."""

from __future__ import annotations

import asyncio

from ..wire.anthropic import models as anthropic_models
from ..wire.dialects import ANTHROPIC
from ..wire.model_listing import listed_models, shown_model
from ..wire.model_names import canonical
from ..wire.openai import models as openai_models
from .exchanges import OWN_HEADERS
from .translated import DialectHandler


class CatalogueHandler(DialectHandler):
    """Base of the handlers that answer with a reply of the catalogue."""

    def begin(self) -> None:
        super().begin()
        self._question: asyncio.Future[bytes] | None = None

    async def answer_to(self, question: asyncio.Future[bytes]) -> bytes:
        """Waits for an answer of the catalogue; the wait is cancelled when the client leaves."""
        self._question = question
        return await question

    async def loaded(self) -> dict[str, int]:
        """The windows of the models in memory, by their canonical names; none where Ollama does not
        say."""
        models = await self.deps.process.catalogue.loaded(self.deps.ollama) or ()
        return {canonical(model.name): model.window for model in models if model.window}

    def own_headers(self) -> list[tuple[str, str]]:
        return [*OWN_HEADERS, *self.headers_up()]

    def client_left(self) -> None:
        if self._question is not None:
            self._question.cancel()


class ModelsHandler(CatalogueHandler):
    async def respond(self) -> None:
        assert self.principal is not None
        catalogue = self.deps.process.catalogue
        tags = await self.answer_to(catalogue.tags(self.deps.ollama, self.own_headers()))
        loaded = await self.loaded()
        models = listed_models(tags, self.deps.policy, self.principal.may_use, loaded)
        if self.route.dialect is ANTHROPIC:
            self.answer(200, anthropic_models.model_list(models, self.query))
        else:
            self.answer(200, openai_models.model_list(models))


class ModelHandler(CatalogueHandler):
    async def respond(self) -> None:
        name = self.url_path.removeprefix("/v1/models/")
        native_name = self.deps.policy.resolve(name)
        self.check_asked_model(name, native_name)
        show = self.deps.process.catalogue.show
        reply = await self.answer_to(show(self.deps.ollama, native_name, self.own_headers()))
        form = anthropic_models if self.route.dialect is ANTHROPIC else openai_models
        model = shown_model(reply, name, native_name, self.deps.policy, await self.loaded())
        self.answer(200, form.model_reply(model))
