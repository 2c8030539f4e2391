"""Authorisation: checks host, origin, path, method, scope, models and rate of a request, and raises
where one is not allowed.

The only place of these checks and their messages, for HTTP and for the frames of `/ws`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Forbidden, MethodNotAllowed, NotFound, TooManyWrongTokens
from ..wire.dialects import ANTHROPIC
from ..wire.target import loggable_path
from .guesses import WrongTokens
from .origins import HostPolicy, OriginPolicy
from .principal import Principal
from .routes import HandlerKind, Route, misplaced


def refuse_host(hosts: HostPolicy, host: str) -> None:
    """Raises Forbidden for a `Host` under which callers without a credential are not served. This
    guards against DNS rebinding, where the `Origin` of a foreign page equals the `Host` it sent."""
    if not hosts.allows(host):
        raise Forbidden(
            "This host name is not served here without a credential; send one, or add the name to "
            "listen.allowed_hosts."
        )


def refuse_guessing(wrong_tokens: WrongTokens, address: str, now: float) -> None:
    """Counts a wrong credential. Raises TooManyWrongTokens when the address has sent too many.
    `now` is in seconds of a monotonic clock."""
    wait_s = wrong_tokens.wait_after(address, now)
    if wait_s is not None:
        raise TooManyWrongTokens(wait_s)


def refuse_address(principal: Principal, address: str) -> None:
    """Raises Forbidden where the credential may not be used from an address."""
    if not principal.addresses.admits(address):
        raise Forbidden("This credential may not be used from your address.")


def refuse_origin(origins: OriginPolicy, origin: str, host: str) -> None:
    """Raises Forbidden for a page whose origin is not allowed."""
    if not origins.allows(origin, host):
        raise Forbidden("Pages of this origin may not call here; add it to cors.origins.")


def refuse_unknown(route: Route, path: str) -> None:
    """Raises NotFound where the route table has no row for the path."""
    if route.kind is HandlerKind.NOT_FOUND:
        nothing = f"There is nothing at {loggable_path(path)}"
        meant = misplaced(path)
        if meant is None:
            raise NotFound(
                f"{nothing}; the routes are those of Ollama's API, /v1 as OpenAI's, /ws, /health "
                "and the page at /."
            )
        where = "check the base URL" if meant.dialect is ANTHROPIC else "the base URL ends in /v1"
        raise NotFound(f"{nothing}, but at {meant.path}: {where}.")


def refuse_method(route: Route, path: str, method: str) -> None:
    """Raises MethodNotAllowed for a method that the route does not take."""
    if method not in route.methods:
        allowed = (*route.methods, "OPTIONS")
        raise MethodNotAllowed(
            f"{loggable_path(path)} takes {' or '.join(route.methods)}.", allow=allowed
        )


def refuse_scope(route: Route, path: str, principal: Principal) -> None:
    """Raises Forbidden for a principal without the scope that the route needs."""
    if not route.requirement.met_by(principal):
        raise Forbidden(
            f"This credential may not use {loggable_path(path)}: "
            f"it needs {route.requirement.value}."
        )


def refuse_models(principal: Principal, models: Iterable[str]) -> None:
    """Raises Forbidden for the first model that the principal may not use."""
    for model in models:
        if not principal.may_use(model):
            # A wrong URL can have made a token part of the name (`/v1/models/k/TOKEN`).
            shown = loggable_path(f"/{model}")[1:]
            raise Forbidden(f"This credential may not use the model {shown!r}.", param="model")
