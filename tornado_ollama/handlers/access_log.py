"""The access log: one line a request, text or JSON.

Holds who asked for what and how it ended; never a query string, a body, or any header but the
request id. Values that a client chose are escaped, so that none can fake a line.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

log = logging.getLogger("tornado_ollama.access")


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


def write(record: AccessRecord) -> None:
    """One line; `logs.py` writes it as text, or its `fields` as JSON."""
    if not log.isEnabledFor(logging.INFO):
        return
    first_byte_ms = None if record.first_byte_s is None else round(record.first_byte_s * 1000, 1)
    duration_ms = round(record.duration_s * 1000, 1)
    log.info(
        "%s %s %s %s %s %s %sB first=%s total=%sms %s",
        record.client,
        record.request_id,
        _word(record.credential),
        _word(record.method),
        _word(record.path),
        record.status,
        record.sent,
        "-" if first_byte_ms is None else f"{first_byte_ms}ms",
        duration_ms,
        record.outcome,
        extra={
            "fields": {
                "client": record.client,
                "request_id": record.request_id,
                "credential": record.credential,
                "method": record.method,
                "path": record.path,
                "status": record.status,
                "bytes": record.sent,
                "first_byte_ms": first_byte_ms,
                "duration_ms": duration_ms,
                "outcome": record.outcome,
            }
        },
    )


def _word(text: str) -> str:
    """Printable ASCII without blanks, at most 200 characters; the rest as backslash escapes."""
    if text.isascii() and text.isprintable() and " " not in text and len(text) <= 200:
        return text
    escaped = text[:200].encode("unicode_escape").decode("ascii")
    return escaped.replace(" ", "\\x20")
