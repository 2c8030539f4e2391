"""The handler of each kind of route."""

from __future__ import annotations

from tornado.web import RequestHandler

from .access.routes import HandlerKind
from .handlers.anthropic import MessagesHandler, TokenCountHandler
from .handlers.health import HealthHandler
from .handlers.metrics import MetricsHandler
from .handlers.models import ModelHandler, ModelsHandler
from .handlers.native import NativeHandler
from .handlers.not_found import NotFoundHandler
from .handlers.openai import ChatCompletionsHandler, CompletionsHandler, EmbeddingsHandler
from .handlers.pages import PageHandler
from .handlers.queue import QueueHandler
from .handlers.recent_errors import RecentErrorsHandler
from .handlers.responses import ResponsesHandler, StoredResponseHandler
from .handlers.tokens import TokensHandler
from .handlers.usage import UsageHandler
from .socket.handler import ChatSocketHandler

HANDLERS: dict[HandlerKind, type[RequestHandler]] = {
    HandlerKind.PAGE: PageHandler,
    HandlerKind.GREETING: PageHandler,
    HandlerKind.STATIC: PageHandler,
    HandlerKind.HEALTH: HealthHandler,
    HandlerKind.LIVE: HealthHandler,
    HandlerKind.QUEUE: QueueHandler,
    HandlerKind.NATIVE: NativeHandler,
    HandlerKind.CHAT_COMPLETIONS: ChatCompletionsHandler,
    HandlerKind.COMPLETIONS: CompletionsHandler,
    HandlerKind.EMBEDDINGS: EmbeddingsHandler,
    HandlerKind.MODELS: ModelsHandler,
    HandlerKind.MODEL: ModelHandler,
    HandlerKind.RESPONSES: ResponsesHandler,
    HandlerKind.STORED_RESPONSE: StoredResponseHandler,
    HandlerKind.MESSAGES: MessagesHandler,
    HandlerKind.TOKEN_COUNT: TokenCountHandler,
    HandlerKind.METRICS: MetricsHandler,
    HandlerKind.TOKENS: TokensHandler,
    HandlerKind.USAGE: UsageHandler,
    HandlerKind.RECENT_ERRORS: RecentErrorsHandler,
    HandlerKind.SOCKET: ChatSocketHandler,
    HandlerKind.NOT_FOUND: NotFoundHandler,
}
