"""Handlers of requests whose body is one JSON object. What the object means is decided in
`wire`."""

from __future__ import annotations

from ..wire.checks import Json, read_json
from .collecting import CollectingHandler


class JsonBodyHandler(CollectingHandler):
    """Gives subclasses `read_body`."""

    def read_body(self) -> Json:
        """Returns the object in the body. Raises BadRequest for any other body. To be called
        once."""
        return read_json(self.whole_body())
