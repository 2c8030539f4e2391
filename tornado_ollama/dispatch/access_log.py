"""The access log: writes each record of the journal as one line, in text or JSON. The lines of one
batch of records pass through `logging` as one log record, because to hand over one for each costs
more than the lines do.

A line holds who sent the request and how it ended; never a query string, a body, or any header but
the request id. Values that a client chose are bounded in length and escaped, so that none can forge
a line.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .journal import NOTHING, Record

log = logging.getLogger("tornado_ollama.access")


def write(records: Sequence[Record]) -> None:
    """Logs each record as one line, as text or JSON (see `logs.py`)."""
    if log.isEnabledFor(logging.INFO):
        log.handle(Lines(records))


class Lines(logging.LogRecord):
    """Lines of the access log, which `logs.py` makes as text or JSON."""

    def __init__(self, records: Sequence[Record]) -> None:
        """`records`: one or more."""
        super().__init__(log.name, logging.INFO, "", 0, "", None, None)
        self._records = records
        self.count = len(records)

    def getMessage(self) -> str:
        """All lines in text form, for a log handler that knows of one message alone."""
        return "\n".join(text for _, text in self.texts())

    def texts(self) -> Iterator[tuple[float, str]]:
        """The Unix time and the text of each line."""
        for record in self._records:
            yield record.ended_at, _text(record)

    def fields(self) -> Iterator[tuple[float, dict[str, object]]]:
        """The Unix time of each line, and what it holds in JSON form."""
        for record in self._records:
            yield record.ended_at, _fields(record)


def _text(record: Record) -> str:
    """A line in text form, of printable ASCII."""
    computed = ignored = ""
    if record.computed:
        usage = record.usage
        tokens = f"{usage.prompt_tokens}+{usage.completion_tokens}"
        computed = f" model={record.model or NOTHING} tokens={tokens}"
    if record.ignored:
        ignored = f" ignored={','.join(record.ignored)}"
    first = record.first_byte_s
    return (
        f"{record.client} {record.request_id} {_word(record.credential)} {record.method} "
        f"{_word(record.path)} {record.status} {record.sent}B "
        f"first={'-' if first is None else f'{first * 1000:.1f}ms'} "
        f"total={record.duration_s * 1000:.1f}ms{computed}{ignored} {record.outcome}"
    )


def _fields(record: Record) -> dict[str, object]:
    """A line in JSON form."""
    usage = record.usage
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


@lru_cache(maxsize=256)
def _word(text: str) -> str:
    """Printable ASCII without blanks; the rest as backslash escapes. Most lines share their words
    with others, and to look at each letter takes longer than to find a known one."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return text.encode("unicode_escape").decode("ascii").replace(" ", "\\x20")
