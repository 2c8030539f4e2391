"""The route table under the operator's settings: the rows of `routes.py`, with the optional ones
that are switched on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .routes import GREETING, ROUTES, Requirement, Route, find, not_found

DISCOVERY = {"version": "/api/version", "tags": "/api/tags", "show": "/api/show"}
"""What `auth.public` may name, and its route: what programs ask before they have a credential."""


class RouteTable:
    """All routes, as the settings change them; a reload of the settings makes a new table."""

    def __init__(
        self, *, forward_unknown: bool = False, web_search: bool = False, public: Iterable[str] = ()
    ) -> None:
        """`forward_unknown` and `web_search`: the settings of `service`; `public`: names of
        DISCOVERY that need no credential."""
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
        """The row of the path behind `/k/TOKEN`. Only the APIs are served there, for clients that
        cannot send a header; the page and the socket have other ways to send a credential."""
        if path == GREETING.path:
            return GREETING
        if not path.startswith(("/api/", "/v1/")):
            return not_found(path)
        route = self.find(path)
        if route.methods and route.requirement is Requirement.NOTHING:
            # What is public elsewhere must not answer to a token that is none.
            return replace(route, requirement=Requirement.CREDENTIAL)
        return route
