"""The access log: one line a request, text or JSON.

Holds who asked for what and how it ended; never a query string, a body, or any header but the
request id. Values that a client chose are bounded and escaped, so that none can fake a line.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..access.routes import KNOWN_METHODS
from ..wire.target import loggable_path

log = logging.getLogger("tornado_ollama.access")

UNANSWERED = 499
"""The status of a request that ended before its client was told one; nginx's number."""

UNKNOWN_METHOD = "-"


@dataclass(slots=True)
class AccessRecord:
    """What is known of a request when it ends. Times are in seconds, sizes in bytes."""

    client: str
    request_id: str
    credential: str
    method: str
    path: str
    status: int
    sent: int
    first_byte_s: float | None
    duration_s: float
    outcome: str
    """`ok`, the code of an error, or `client left`."""

    def __post_init__(self) -> None:
        """Both may be anything in a request that is refused, a credential or a prompt as well."""
        self.path = loggable_path(self.path)
        if self.method not in KNOWN_METHODS:
            self.method = UNKNOWN_METHOD

    def __str__(self) -> str:
        """The line in text form."""
        first, total = _ms(self.first_byte_s), _ms(self.duration_s)
        return (
            f"{self.client} {self.request_id} {_word(self.credential)} {self.method} "
            f"{_word(self.path)} {self.status} {self.sent}B "
            f"first={'-' if first is None else f'{first}ms'} total={total}ms {self.outcome}"
        )

    def fields(self) -> dict[str, object]:
        """The line in JSON form."""
        return {
            "client": self.client,
            "request_id": self.request_id,
            "credential": self.credential,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "bytes": self.sent,
            "first_byte_ms": _ms(self.first_byte_s),
            "duration_ms": _ms(self.duration_s),
            "outcome": self.outcome,
        }


def write(record: AccessRecord) -> None:
    """One line; `logs.py` makes text or JSON of it, in its own thread."""
    log.info("%s", record, extra={"fields": record.fields})


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _word(text: str) -> str:
    """Printable ASCII without blanks; the rest as backslash escapes."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")
