"""The access log: writes each record of the journal as one line, in text or JSON.

A line holds who sent the request and how it ended; never a query string, a body, or any header but
the request id. Values that a client chose are bounded in length and escaped, so that none can forge
a line.
"""

from __future__ import annotations

import logging

from .journal import NOTHING, Record

log = logging.getLogger("tornado_ollama.access")


def write(record: Record) -> None:
    """Logs a record as one line. `logs.py` formats it as text or JSON in its own thread."""
    if not log.isEnabledFor(logging.INFO):
        return
    line = Line(record)
    # `log.info` would walk the stack for the caller's place, which no format names.
    made = logging.LogRecord(log.name, logging.INFO, "", 0, "%s", (line,), None)
    made.fields = line.fields
    log.handle(made)


class Line:
    """A record that formats itself as a line when the log handler asks for the text."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __str__(self) -> str:
        """The line in text form."""
        record = self._record
        first, total = _ms(record.first_byte_s), _ms(record.duration_s)
        return (
            f"{record.client} {record.request_id} {_word(record.credential)} {record.method} "
            f"{_word(record.path)} {record.status} {record.sent}B "
            f"first={'-' if first is None else f'{first}ms'} total={total}ms"
            f"{self._model_and_tokens()}{self._ignored()} {record.outcome}"
        )

    def _model_and_tokens(self) -> str:
        record, usage = self._record, self._record.usage
        if not record.computed:
            return ""
        tokens = f"{usage.prompt_tokens}+{usage.completion_tokens}"
        return f" model={record.model or NOTHING} tokens={tokens}"

    def _ignored(self) -> str:
        return f" ignored={','.join(self._record.ignored)}" if self._record.ignored else ""

    def fields(self) -> dict[str, object]:
        """The line in JSON form."""
        record, usage = self._record, self._record.usage
        fields: dict[str, object] = {
            "client": record.client,
            "request_id": record.request_id,
            "credential": record.credential,
            "method": record.method,
            "path": record.path,
            "dialect": record.dialect,
            "status": record.status,
            "received_bytes": record.received,
            "bytes": record.sent,
            "first_byte_ms": _ms(record.first_byte_s),
            "duration_ms": _ms(record.duration_s),
            "outcome": record.outcome,
        }
        if record.computed:
            fields |= {
                "model": record.model or NOTHING,
                "model_used": usage.model or NOTHING,
                "prompt_tokens": usage.prompt_tokens,
                "cached_tokens": usage.cached_tokens,
                "completion_tokens": usage.completion_tokens,
                "queued_ms": _ms(usage.queued_s),
                "load_ms": _ms(usage.load_s),
                "prompt_ms": _ms(usage.prompt_s),
                "completion_ms": _ms(usage.completion_s),
            }
        if record.ignored:
            fields["ignored"] = list(record.ignored)
        return fields


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _word(text: str) -> str:
    """Printable ASCII without blanks; the rest as backslash escapes."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")
