"""Log discipline: a test in which something is logged at WARNING or above must have said so."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass


@dataclass
class Claim:
    logger: str
    message: re.Pattern[str]
    optional: bool
    hits: int = 0

    def takes(self, record: logging.LogRecord) -> bool:
        below = record.name == self.logger or record.name.startswith(self.logger + ".")
        if below and self.message.search(record.getMessage()):
            self.hits += 1
            return True
        return False


class LogBook(logging.Handler):
    """Collects what is logged; `expect` claims records, `verdict` says what was left."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []
        self.claims: list[Claim] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def expect(self, logger: str, message: str, *, optional: bool = False) -> None:
        """Claims all records of a logger (and its children) whose message matches a regex.

        A claim that nothing answered fails the test, unless `optional`.
        """
        self.claims.append(Claim(logger, re.compile(message), optional))

    def verdict(self) -> str | None:
        """What is wrong, or None. Every claim that matches a record counts as answered."""
        unclaimed = []
        for record in self.records:
            if not any([claim.takes(record) for claim in self.claims]):
                unclaimed.append(logging.Formatter().format(record))
        if unclaimed:
            return "logged and not expected:\n" + "\n".join(unclaimed)
        unheard = [claim for claim in self.claims if not claim.hits and not claim.optional]
        if unheard:
            return f"expected in the log and not there: {unheard}"
        return None
