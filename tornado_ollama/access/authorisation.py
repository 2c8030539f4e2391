"""The verdict on a request whose route and principal are known: method, scope, models.

The one place of these sentences: HTTP and the frames of `/ws` are judged alike. Nothing is
returned; what may not be is raised.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Forbidden, MethodNotAllowed
from .principal import Principal
from .routes import Route


def refuse_method(route: Route, path: str, method: str) -> None:
    """Raises MethodNotAllowed for a method that the route does not take."""
    if method not in route.methods:
        allowed = (*route.methods, "OPTIONS")
        raise MethodNotAllowed(f"{path} takes {' or '.join(route.methods)}.", allow=allowed)


def refuse_need(route: Route, path: str, principal: Principal) -> None:
    """Raises Forbidden for a principal without the scope that the route needs."""
    if not route.need.met_by(principal):
        raise Forbidden(f"This credential may not use {path}: it needs {route.need.value}.")


def refuse_models(principal: Principal, models: Iterable[str]) -> None:
    """Raises Forbidden for the first model that the principal is not bound to."""
    for model in models:
        if not principal.may_use(model):
            raise Forbidden(f"This credential may not use the model {model!r}.", param="model")
