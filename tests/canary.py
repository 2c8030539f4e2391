"""No secret leaves: what a test uses as a credential, a prompt or a reply is at its end in no log
line, metric, error, file, process title or header for Ollama.

Secret is, in every test, without its asking:

    every credential that a request brings to a gateway, or its configuration holds
    every text that a request gives a model, and every text of its reply, from MIN_WORDS on
    whatever begins with `canary-`, is a JWT, or has the form of a token of ours

`tests/conftest.py` lays the hooks (`install`): a credential is taken where the gateway looks for
its handler, prompts and replies where the scripted backend has them. What is looked at is kept
(`seen`) until the test ends, since a prompt may be known later than the line that shows it.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

MIN_TOKEN = 10
"""Shorter ones (`t`, `secret`) are words of sentences too."""

MIN_WORDS = 12

MAX_SEEN = 4_000_000
"""Characters kept of one test; those that come later are only looked at for marks."""

MAX_LATER = 20_000

PLACEHOLDERS = frozenset({"not-needed", "no-key-required", "not-required", "sk-no-key-required"})

MARKS = re.compile(
    r"canary-"
    # The same in base64, at each of its three places: Basic, and the socket's subprotocol.
    r"|Y2FuYXJ5L|NhbmFyeS|jYW5hcnkt"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\."
    r"|\bto-[\w-]{49}"
    r"|PRIVATE KEY-----",
    re.ASCII,
)

_TEXT_KEYS = frozenset(
    {
        *("content", "prompt", "input", "system", "text", "thinking", "instructions", "response"),
        *("reasoning", "reasoning_content", "suffix", "output_text", "arguments"),
    }
)
"""Under which requests and replies hold what is said."""

_SECRET_KEYS = frozenset({"token", "secret", "generate_tokens", "model_tokens"})
"""Under which a configuration holds credentials."""

OURS = ("tornado_ollama", "tornado", "asyncio", "py", "limits", "opentelemetry")
"""The loggers whose lines a gateway writes; those of the tests' clients may say what they like."""


class Canary:
    """The secrets of one test, and all that it has seen of what must not hold them."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.words: set[str] = set()
        """Prompts and replies."""
        self.seen: dict[str, list[str]] = {}
        self._room = MAX_SEEN
        self._excused: set[str] = set()
        self._may_quote: tuple[str, ...] = ()
        self._found: list[str] = []
        self._later: list[tuple[str, Callable[[], str]]] = []

    # -- what is secret -----------------------------------------------------------------------

    def credential(self, text: str) -> None:
        if len(text) >= MIN_TOKEN and text not in PLACEHOLDERS:
            self.secrets.add(text)

    def credentials_of(self, headers: Iterable[tuple[str, str]]) -> None:
        """Those of a request, and of its cookies."""
        for name, value in headers:
            if name.lower() in ("x-api-key", "cookie"):
                self.credential(value)
            elif name.lower() == "authorization":
                scheme, _, rest = value.partition(" ")
                self.credential(rest.strip() or scheme)
                if scheme.lower() == "basic":
                    self.credential(_password(rest))

    def configuration(self, value: Any, secret: bool = False) -> None:
        """The credentials of a configuration."""
        if isinstance(value, dict):
            for key, below in value.items():
                self.configuration(below, key in _SECRET_KEYS)
        elif isinstance(value, list):
            for below in value:
                self.configuration(below, secret)
        elif isinstance(value, str) and secret:
            self.credential(value)

    def said(self, body: bytes) -> None:
        """The texts of a request or a reply: JSON, or lines of it. Of a stream the joined text is
        one too."""
        whole: dict[str, str] = {}
        for key, text in _texts(body):
            whole[key] = whole.get(key, "") + text
            self._words(text)
        for text in whole.values():
            self._words(text[:64])

    def _words(self, text: str) -> None:
        if len(text) >= MIN_WORDS and not text.isdigit():
            self.words.add(text[:1000])

    # -- where it may be ----------------------------------------------------------------------

    def look(self, place: str, text: str | bytes) -> None:
        """Looks at what has left, and keeps it."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if (mark := MARKS.search(text)) is not None:
            self._complain(place, text, mark.start())
        if len(text) <= self._room:
            self._room -= len(text)
            self.seen.setdefault(place, []).append(text)

    def excuse(self, place: str, why: str) -> None:
        """Looks away from a place in this test. `why` is for who reads it."""
        assert why
        self._excused.add(place)

    def excuse_words(self, place: str, why: str) -> None:
        """Lets places that begin so hold prompts and replies in this test, but no credential. `why`
        is for who reads it."""
        assert why
        self._may_quote += (place,)

    def look_below(self, directory: Path) -> None:
        """Looks at all files of a directory."""
        for path in sorted(directory.rglob("*")) if directory.is_dir() else ():
            if path.is_file():
                self.look(f"the file {path.name}", path.name.encode() + b"\n" + path.read_bytes())

    def later(self, place: str, text: Callable[[], str]) -> None:
        """Looks at a text that is to be made when the test has ended."""
        if len(self._later) < MAX_LATER:
            self._later.append((place, text))

    def verdict(self) -> str | None:
        """What has left that must not, or None."""
        while self._later:
            place, text = self._later.pop()
            self.look(place, text())
        for place, texts in self.seen.items():
            whole = "\n".join(texts)
            quotes = self._may_quote and place.startswith(self._may_quote)
            for secret in self.secrets if quotes else self.secrets | self.words:
                for form in {secret, json.dumps(secret)[1:-1]}:
                    if (at := whole.find(form)) >= 0:
                        self._complain(place, whole, at)
        return "\n".join(dict.fromkeys(self._found)) or None

    def _complain(self, place: str, text: str, at: int) -> None:
        if place in self._excused:
            return
        self._found.append(f"a secret is in {place}: ...{text[max(0, at - 120) : at + 80]!r}...")


class CanaryHandler(logging.Handler):
    """Shows a canary every record, of any level, in both forms of the log."""

    def __init__(self, canary: Canary, forms: Iterable[logging.Formatter]) -> None:
        super().__init__(logging.NOTSET)
        self._canary = canary
        self._forms = tuple(forms)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in OURS:
            for form in self._forms:
                if hasattr(record, "fields"):  # of the access log, whose thread writes it later too
                    self._canary.later("the log", partial(form.format, record))
                else:
                    self._canary.look("the log", form.format(record))


current = Canary()
"""That of the running test."""


def begin() -> Canary:
    global current
    current = Canary()
    return current


def _password(pair: str) -> str:
    try:
        return base64.b64decode(pair).decode().partition(":")[2]
    except ValueError:
        return ""


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """What JSON, or each line of JSON, says under the keys that hold texts."""
    try:
        values = [json.loads(body)]
    except (ValueError, RecursionError):
        values = []
        for line in body.split(b"\n"):
            try:
                values.append(json.loads(line.removeprefix(b"data: ")))
            except (ValueError, RecursionError):
                continue
    for value in values:
        yield from _below("", value, 0)


def _below(key: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if key in _TEXT_KEYS:
            yield key, value
    elif isinstance(value, dict) and depth < 12:
        for name, below in value.items():
            yield from _below(name, below, depth + 1)
    elif isinstance(value, list) and depth < 12:
        for below in value:
            yield from _below(key, below, depth + 1)
