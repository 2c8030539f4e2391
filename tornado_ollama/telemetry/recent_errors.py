"""The last units of work that failed, and how many of each kind there have been: what an operator
looks at first. Kept in memory alone; the log has them all."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from ..dispatch.journal import CANCELLED, CLIENT_LEFT, REVOKED, SHUT_DOWN, Record

KEPT = 200

NO_ERRORS = frozenset(("ok", CLIENT_LEFT, CANCELLED, REVOKED, SHUT_DOWN))

MAX_KINDS = 100


class RecentErrors:
    def __init__(self) -> None:
        self._last: deque[dict[str, object]] = deque(maxlen=KEPT)
        self._kinds: Counter[str] = Counter()

    def write(self, records: Iterable[Record]) -> None:
        """Keeps the failures among the records. The journal's sink."""
        for record in records:
            if record.outcome not in NO_ERRORS:
                self._keep(record, record.outcome)
            elif record.status >= 400 and record.outcome == "ok":  # as Ollama answered
                self._keep(record, f"status {record.status}")

    def _keep(self, record: Record, kind: str) -> None:
        if kind in self._kinds or len(self._kinds) < MAX_KINDS:
            self._kinds[kind] += 1
        self._last.append(
            {
                "time": round(record.ended_at, 3),
                "kind": kind,
                "status": record.status,
                "method": record.method,
                "path": record.path,
                "credential": record.credential,
                "client": record.client,
                "model": record.model,
                "request_id": record.request_id,
            }
        )

    def shown(self) -> dict[str, object]:
        """The last failures, the newest first, and the count of each kind since the start."""
        return {"by_kind": dict(self._kinds.most_common()), "last": list(reversed(self._last))}
