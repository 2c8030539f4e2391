"""The files of captured prompts and replies: one for each request, in a directory of their own that
only its owner can read, with a limit on age and size.

A thread of its own writes them. Where the disk is slower than the requests some are left out, and
no request waits or fails because of a file.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

Entry = Mapping[str, object]
"""A request and its reply: texts, numbers, and bytes that are texts."""

DIRECTORY = "captures"

MAX_PENDING = 64
"""Requests that wait to be written."""

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}\.json", re.ASCII)
"""Whatever else lies in the directory is left alone."""


class CaptureStore:
    """The captures of one state directory, which several processes may share. `close` it at the
    end."""

    def __init__(self, state: Path) -> None:
        """Opens nothing yet, and makes the directory when there is something to write."""
        self.directory = state / DIRECTORY
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="captures")
        self._max_total, self._keep_days = 0, 0
        self._told: tuple[str, ...] = ()
        self._room = threading.Semaphore(MAX_PENDING)
        self._failing = False

    def apply(self, credentials: tuple[str, ...], max_total_bytes: int, keep_days: int) -> None:
        """Takes new settings. What they no longer keep is deleted, also where nothing is captured
        any more."""
        self._max_total, self._keep_days = max_total_bytes, keep_days
        if credentials and credentials != self._told:
            log.warning(
                "Prompts and replies of %s are written to %s (capture.credentials).",
                ", ".join(credentials),
                self.directory,
            )
        self._told = credentials
        if credentials or self.directory.exists():
            self._thread.submit(self._safely, None)

    def put(self, entry: Entry) -> None:
        """Writes a request and its reply soon. May be called by any thread, and never blocks."""
        if not self._room.acquire(blocking=False):
            self._fail("the disk is too slow")
            return
        try:
            self._thread.submit(self._safely, entry)
        except RuntimeError:  # an answer that was still under way when the process ended
            return

    def close(self) -> None:
        """Writes what waits. May be called again."""
        self._thread.shutdown()

    # -- on the thread of the store -----------------------------------------------------------

    def _safely(self, entry: Entry | None) -> None:
        try:
            if entry is not None:
                self._write(entry)
            self._delete_old()
        except OSError as error:
            self._fail(error.strerror or str(error))
        else:
            self._failing = self._failing and entry is None
        finally:
            if entry is not None:
                self._room.release()

    def _write(self, entry: Entry) -> None:
        now = time.time()
        texts = {
            name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            for name, value in entry.items()
        }
        told = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = self.directory / f"{stamp}-{secrets.token_hex(4)}.json"
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(file, "w", encoding="utf-8") as opened:
            json.dump({"time": told, **texts}, opened, ensure_ascii=False)

    def _delete_old(self) -> None:
        """Deletes what is too old, and the oldest beyond the total size."""
        oldest = datetime.fromtimestamp(time.time() - self._keep_days * 86400, UTC)
        limit, total = oldest.strftime("%Y%m%dT%H%M%S"), 0
        for path, size in sorted(self._files(), reverse=True):
            total += size
            if path.name < limit or total > self._max_total:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[Path, int]]:
        try:
            entries = list(os.scandir(self.directory))
        except FileNotFoundError:
            return
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                try:
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:  # another process has deleted it
                    continue

    def _fail(self, why: str) -> None:
        """Says once that something was left out, until writing works again."""
        if not self._failing:
            self._failing = True
            log.warning("Prompts and replies are not captured (%s): %s.", self.directory, why)
