"""The route table as the operator's settings have it: what `routes.py` decides, and what he opened
or did not open of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .routes import GREETING, ROUTES, Requirement, Route, find, not_found

DISCOVERY = {"version": "/api/version", "tags": "/api/tags", "show": "/api/show"}
"""What `auth.public` may name, and its route: what programs ask before they have a credential."""


class RouteTable:
    """Good for one generation of the settings."""

    def __init__(
        self, *, forward_unknown: bool = False, web_search: bool = False, public: Iterable[str] = ()
    ) -> None:
        """`forward_unknown` and `web_search`: those of `service`; `public`: names of DISCOVERY."""
        self._forward_unknown = forward_unknown
        opened = {DISCOVERY[name] for name in public}
        self._changed = {
            route.path: replace(route, requirement=Requirement.DISCOVERY)
            for route in ROUTES
            if route.path in opened
        }
        if not web_search:
            self._changed |= {
                route.path: replace(route, requirement=Requirement.CONSENT)
                for route in ROUTES
                if route.spends
            }

    def find(self, path: str) -> Route:
        """The row of a canonical path (`wire.target.split_target`)."""
        route = find(path, forward_unknown=self._forward_unknown)
        return self._changed.get(route.path, route)

    def find_below_token(self, path: str) -> Route:
        """The row of the path behind `/k/TOKEN`: the APIs, for clients that can send no header.
        Those who can open the page or a socket can send a credential otherwise."""
        if path == GREETING.path:
            return GREETING
        return self.find(path) if path.startswith(("/api/", "/v1/")) else not_found(path)
