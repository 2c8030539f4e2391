"""The handler of each kind of route, and the arguments that it gets from a request's target."""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

from .access.credentials import Bearer
from .access.routes import HandlerKind, Route, not_found
from .errors import BadRequest, NotFound
from .handlers.anthropic import MessagesHandler, TokenCountHandler
from .handlers.deps import Deps
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
from .handlers.stream_probe import StreamProbeHandler
from .handlers.tokens import TokensHandler
from .handlers.usage import UsageHandler
from .socket.handler import ChatSocketHandler
from .wire.target import REFUSED_PATH, cut_path_token, loggable_path, loggable_unknown, split_target

HANDLERS: dict[HandlerKind, type[RequestHandler]] = {
    HandlerKind.PAGE: PageHandler,
    HandlerKind.GREETING: PageHandler,
    HandlerKind.STATIC: PageHandler,
    HandlerKind.HEALTH: HealthHandler,
    HandlerKind.LIVE: HealthHandler,
    HandlerKind.STREAM_PROBE: StreamProbeHandler,
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


def handler_arguments(target: str, deps: Deps) -> dict[str, Any]:
    """The arguments of a handler that follow from the request's target: path, query and
    route."""
    asked: dict[str, Any] = {"deps": deps, "url_path": REFUSED_PATH, "query": ""}
    try:
        path, query = split_target(target)
    except BadRequest as error:
        return asked | {"problem": error, "route": not_found(target.partition("?")[0])}
    asked |= {"url_path": path, "query": query}
    token, rest = cut_path_token(path)
    routes = deps.access.routes
    if token is None:
        return _below(asked, path, routes.find(path))
    if not deps.access.path_tokens:
        problem = NotFound("Tokens in the URL are off here (auth.path_tokens).")
        asked |= {"url_path": loggable_path(path), "problem": problem}
        return asked | {"route": not_found(rest)}
    path_token = Bearer(token, in_path=True)
    asked["path_token"] = path_token
    return _below(asked, rest, routes.find_below_token(rest))


def _below(asked: dict[str, Any], path: str, route: Route) -> dict[str, Any]:
    """With the path, which only its route may see as it is."""
    if route.kind is HandlerKind.NOT_FOUND:
        path = loggable_unknown(path)
    return asked | {"url_path": path, "route": route}
