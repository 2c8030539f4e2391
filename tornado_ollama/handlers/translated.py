"""What the handlers of translated dialects (OpenAI's, Anthropic's) share: checking the model, and
making the native requests."""

from __future__ import annotations

from ..errors import GatewayError
from ..wire.chat.plan import without_thinking
from ..wire.context_window import estimated_tokens
from .auth_mixin import AuthMixin
from .exchanges import Exchanges, SecondTry
from .json_body import JsonBodyHandler


class DialectHandler(AuthMixin, JsonBodyHandler):
    """A request of a dialect that is not Ollama's own."""

    def note_ignored(self, names: tuple[str, ...]) -> None:
        """Keeps the names of the request's ignored fields, which every answer reports in
        `X-Ignored-Fields`."""
        if names:
            self.ignored = names
            self.set_default_headers()

    def check_asked_model(self, model: str, native_model: str) -> None:
        """Keeps the model's name for the journal as the client wrote it. Raises Forbidden where the
        principal may not use the model."""
        self.model = model
        self.check_model(native_model)


class TranslatedHandler(DialectHandler):
    """Handles a request of another API (OpenAI's or Anthropic's) by sending one or several requests
    of Ollama's own API."""

    def begin(self) -> None:
        super().begin()
        self._exchanges: Exchanges | None = None

    def ask(
        self,
        path: str,
        model: str,
        input_field: str = "messages",
        second_try: SecondTry = lambda error, body: None,
    ) -> Exchanges:
        """Makes the `Exchanges` that send this request's native requests to Ollama; they are
        cancelled when the client leaves."""
        self._exchanges = Exchanges(
            self, path, model=model, input_field=input_field, second_try=second_try
        )
        return self._exchanges

    def estimated_tokens(self, model: str, body: bytes) -> int:
        """How many tokens the prompt of a native request has, by estimate. `model`: the name that
        Ollama knows."""
        rate = self.deps.process.windows.rate(model)
        return estimated_tokens(body, rate.tokens_per_byte)

    def without_thinking(self, ignored: tuple[str, ...], field: str | None) -> SecondTry:
        """Returns a function that, after Ollama refused `think` because the model cannot think,
        gives the same request without it: clients set `think` for every model. The reply then names
        the client's `field` among the ignored ones; None where the operator has set `think`."""

        def second_try(error: GatewayError, body: bytes) -> bytes | None:
            without = without_thinking(body, error)
            if without is not None and field is not None:
                self.note_ignored((*ignored, field))
            return without

        return second_try

    def _leave(self) -> None:
        super()._leave()
        self._exchanges = None  # which know this handler

    def client_left(self) -> None:
        if self._exchanges is not None:
            self._exchanges.stop()

    def break_off(self, error: GatewayError) -> None:
        if self._exchanges is not None:
            self._exchanges.fail(error)
