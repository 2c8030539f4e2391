"""What was seen, as lines of text in which nothing random is left.

Random names (request ids, completion ids, stream names) become numbers in the order in which they
appear in a case, so that it still shows when two of them differ that should be the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

MAX_LINE = 1500
"""Characters of a line that are kept; the rest is compared by its hash."""

NEAR_S = 900
"""A time so near to now is one that the gateway has read from its clock."""

_RANDOM = re.compile(
    r"(?P<completion>(?:(?<=cmpl-)|(?<=call_))[0-9a-f]{24})"
    r"|(?P<response>(?:(?<=resp_)|(?<=msg_)|(?<=fc_)|(?<=rs_))[0-9a-f]{48}|(?<=msg_)[0-9a-f]{24}(?![0-9a-f]))"
    r"|(?P<hex>(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z]))"
    r'|(?P<stream>(?<="stream":")[\w-]{22}(?="))'
    r'|(?P<created>(?:(?<="created":)|(?<="created_at":)|(?<="completed_at":))\s?\d{10}\b)'
    r'|(?P<uptime>(?<="uptime_s": )[\d.]+)'
    r'|(?P<streams>(?<="open_streams": )\d+)'  # those that just ended may count
)
_SAMPLE = re.compile(
    r"(?m)^((?:tornado_ollama|http_server|gen_ai|process|python)_\w+(?:\{[^\n]*\})?) [\d.e+-]+$"
)
"""A line of `/metrics`: how often `/health` was asked while a case waited is an accident, and so is
how long anything took. The names and labels are compared, not the values."""
_DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0x100))}


class Facts:
    """The lines of one case on one side. `names` are texts that differ between the sides (ports,
    the case's id) and what stands for them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._names = names
        self._numbers: dict[str, str] = {}

    def add(self, mark: str, text: str | bytes) -> None:
        """One fact, or one a line; `mark` stands before each and says whose it is."""
        plain = self._plain(text.decode("latin-1") if isinstance(text, bytes) else text)
        for line in plain.splitlines(keepends=True) or [""]:
            self.lines.append(_short(f"{mark} {_visible(line)}"))

    def _plain(self, text: str) -> str:
        for name, stand_in in self._names.items():
            text = text.replace(name, stand_in)
        if "# HELP " in text:
            lines = _SAMPLE.sub(r"\1 <value>", text).splitlines(keepends=True)
            text = "".join(sorted(lines))  # a series stands where it was first counted
        return _RANDOM.sub(self._stand_in, text)

    def _stand_in(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        if kind == "created":
            return "<now>" if abs(int(found[0]) - time.time()) < NEAR_S else found[0]
        if kind in ("uptime", "streams"):
            return f"<{kind}>"
        return self._numbers.setdefault(found[0], f"<{kind}{len(self._numbers)}>")


def _visible(line: str) -> str:
    return line.removesuffix("\r\n").removesuffix("\n").translate(_ESCAPES) + (
        "" if line.endswith("\r\n") else "\\n" if line.endswith("\n") else ""
    )


def _short(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    digest = hashlib.sha256(line.encode()).hexdigest()[:16]
    return f"{line[:MAX_LINE]}... {len(line)} characters, {digest}"


def head_lines(head: Sequence[str]) -> list[str]:
    """Status line and headers of a reply. `Date` is only looked at for its form; `/health` and
    `/metrics`, which alone are not to be stored, tell what may take a digit more."""
    passing = "Cache-Control: no-store" in head
    return [_header(line, passing) for line in head]


def _header(line: str, passing: bool) -> str:
    if line.startswith("Date:"):
        return _DATE.sub("<date>", line)
    return "Content-Length: <n>" if passing and line.startswith("Content-Length:") else line


# -- log lines -------------------------------------------------------------------------------

_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
_BYTES = re.compile(r"(?P<of> \w+ /(?:ws|health|metrics) \d{3} )\d+(?=B )")
"""How many frames a text of `/ws` comes in is an accident, how long `/health` has been up, and how
long the numbers of `/metrics` are."""
_MS = re.compile(r"\b(first|total)=[\d.]+ms")


def log_line(line: str, left_out: Iterable[str]) -> str:
    """A line of the log without its times and without the fields of `left_out`."""
    if line.startswith("{"):
        return _json_line(line, left_out)
    line = _MS.sub(r"\1=<ms>", _STAMP.sub("<time> ", line))
    line = _BYTES.sub(r"\g<of><bytes>", line)
    for field in left_out:
        line = re.sub(rf" {re.escape(field)}=\S+", "", line)
    return line


def _json_line(line: str, left_out: Iterable[str]) -> str:
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        return line
    for field in left_out:
        fields.pop(field, None)
    if fields.get("path") in ("/ws", "/health", "/metrics"):
        fields["bytes"] = "<bytes>"
    for field, form in _TIMES.items():
        if field in fields:
            fields[field] = form(fields[field])
    return json.dumps(fields)


_TIMES: dict[str, Callable[[Any], Any]] = {
    "time": lambda value: "<time>" if _STAMP.match(f"{value} ") else value,
    "first_byte_ms": lambda value: "<ms>" if isinstance(value, float | int) else value,
    "duration_ms": lambda value: "<ms>" if isinstance(value, float | int) else value,
}


def sorted_keys(body: bytes) -> bytes:
    """A JSON object with the keys at its top sorted and their values untouched; other bodies as
    they are. For bodies whose keys the gateway itself takes from a set."""
    try:
        whole = body.decode()
        pairs = json.JSONDecoder(object_pairs_hook=list).decode(whole)
    except (ValueError, RecursionError):
        return body
    if not whole.startswith("{") or not isinstance(pairs, list):
        return body
    found, at = [], 1
    decoder = json.JSONDecoder()
    for key, _ in pairs:
        begin = at
        _, at = decoder.raw_decode(whole, _skip(whole, at))
        at = _skip(whole, at) + 1  # the colon
        _, at = decoder.raw_decode(whole, _skip(whole, at))
        found.append((key, whole[begin:at].strip()))
        at = _skip(whole, at) + 1  # the comma, or the end
    return ("{" + ",".join(text for _, text in sorted(found)) + "}").encode()


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
