"""Which web pages may talk to the gateway, and under which names it answers.

Origins are the `OLLAMA_ORIGINS` of Ollama: its own list always holds, what is configured adds to
it. Host names guard against DNS rebinding, where a foreign page's own name points at this machine
and its `Origin` therefore equals its `Host`; an IP literal cannot be rebound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

OLLAMA_ORIGINS = (
    *(
        f"{scheme}://{host}{port}"
        for host in ("localhost", "127.0.0.1", "0.0.0.0")
        for scheme in ("http", "https")
        for port in ("", ":*")
    ),
    "app://*",
    "file://*",
    "tauri://*",
    "vscode-webview://*",
    "vscode-file://*",
)
"""What Ollama itself always allows (`envconfig/config.go`, `AllowedOrigins`)."""

_PATTERN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\\\s]*")

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/?#@\[\]\\]+)(:[0-9]{1,5})?")


def origin_pattern(text: str) -> str:
    """A configured origin in its one spelling. Raises ValueError with the rule."""
    pattern = text.strip().lower().removesuffix("/")
    if pattern in ("*", "null") or _PATTERN.fullmatch(pattern):
        return pattern
    raise ValueError("an origin is scheme://host[:port] without a path, with * as wildcard")


class OriginPolicy:
    """`cors.origins`: exact origins or `*` wildcards, on top of Ollama's own list."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises ValueError on what `origin_pattern` does not take."""
        settled = {origin_pattern(pattern) for pattern in (*OLLAMA_ORIGINS, *patterns)}
        self._all = "*" in settled
        self._exact = frozenset(pattern for pattern in settled if "*" not in pattern)
        wild = sorted(_regex(pattern) for pattern in settled - self._exact - {"*"})
        self._wild = re.compile("|".join(wild))

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may call; `host` is the request's own `Host`."""
        origin = origin.lower()
        if self._all or origin in self._exact:
            return True
        if host and origin in (f"http://{host.lower()}", f"https://{host.lower()}"):
            return True
        return self._wild.fullmatch(origin) is not None


class HostPolicy:
    """The names under which the gateway answers: `localhost`, IP literals, and `names`."""

    def __init__(self, names: Iterable[str]) -> None:
        """`*` among the names lets every Host pass."""
        settled = {name.strip().lower() for name in names}
        self._all = "*" in settled
        bare = (match[1] if (match := _HOST.fullmatch(name)) else name for name in settled)
        self._names = frozenset(name.rstrip(".") for name in bare) | {"localhost"}

    def allows(self, host_header: str) -> bool:
        """The port does not count. An empty Host passes: no browser sends one."""
        if self._all or not host_header:
            return True
        match = _HOST.fullmatch(host_header.lower())
        if match is None:
            return False
        name = match[1]
        return name.rstrip(".") in self._names or _is_ip(name.strip("[]"))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _regex(pattern: str) -> str:
    """`:*` at the end is a port; any other star is text that stays within the host."""
    if pattern.endswith(":*"):
        return _regex(pattern[:-2]) + ":[0-9]{1,5}"
    return re.escape(pattern).replace(r"\*", r"[^/?#@\\\s]*")
