"""Which web pages may call the gateway, and which `Host` names it accepts without a credential.

Origins are the `OLLAMA_ORIGINS` of Ollama: its own list always holds, and so do those of apps; what
is configured adds to it. Host names guard against DNS rebinding, where a foreign page's own name
points at this machine and its `Origin` therefore equals its `Host`; an IP literal cannot be
rebound. Such a page has no credential, so host names are checked only where no credential is
required.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from ..wire.globs import fits

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

APP_ORIGINS = (
    *(
        f"{scheme}://*.localhost{port}"  # Tauri on Windows and Android
        for scheme in ("http", "https")
        for port in ("", ":*")
    ),
    "capacitor://localhost",
    "ionic://localhost",
)
"""Origins of desktop and phone apps besides. No website can have one of them: `.localhost` is
reserved for this machine (RFC 6761, section 6.3), and pages cannot choose their scheme."""

LOCAL_SUFFIXES = (".localhost", ".local", ".internal")
"""Names below these Ollama serves (`server/routes.go`, `allowedHost`). None of them can be bought:
they are reserved for this machine, for mDNS (RFC 6762) and for private use (ICANN, 2024)."""

MAX_ORIGIN_CHARS = 512
"""Longest origin that is held against wildcards: a host has up to 253 characters (RFC 1035)."""

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\\\s]*")
"""Of an origin and of a pattern: a star is text that stays within the host."""

_PORT = re.compile(r"[0-9]{1,5}")

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/?#@\[\]\\]+)(:[0-9]{1,5})?")


def origin_pattern(text: str) -> str:
    """Normalises a configured origin. Raises ValueError with the rule, the end of the sentence
    "cors.origins: ... is not possible, it must be ..."."""
    pattern = text.strip().lower().removesuffix("/")
    if pattern in ("*", "null") or _ORIGIN.fullmatch(pattern):
        return pattern
    raise ValueError("a list of origins, scheme://host[:port] without a path; * is the wildcard")


class OriginPolicy:
    """Decides which origins may call: those of `cors.origins`, exact or with `*` wildcards, beside
    Ollama's own list."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises ValueError for an origin that `origin_pattern` refuses."""
        always = (*OLLAMA_ORIGINS, *APP_ORIGINS)
        settled = {origin_pattern(pattern) for pattern in (*always, *patterns)}
        self._all = "*" in settled
        self._exact = frozenset(pattern for pattern in settled if "*" not in pattern)
        self._wild = [_Wildcard(pattern) for pattern in sorted(settled - self._exact - {"*"})]

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may call; `host` is the `Host` header of the same request."""
        origin = origin.lower()
        if self._all or origin in self._exact:
            return True
        if host and origin in (f"http://{host.lower()}", f"https://{host.lower()}"):
            return True
        if len(origin) > MAX_ORIGIN_CHARS or not _ORIGIN.fullmatch(origin):
            return False
        return any(wildcard.takes(origin) for wildcard in self._wild)


class _Wildcard:
    """An origin pattern with stars. `:*` at its end stands for any port; any other star for any
    part of the host."""

    def __init__(self, pattern: str) -> None:
        self._any_port = pattern.endswith(":*")
        self._pieces = pattern.removesuffix(":*").split("*")

    def takes(self, origin: str) -> bool:
        """Whether the pattern matches `origin`, which is in lower case."""
        if self._any_port:
            origin, _, port = origin.rpartition(":")
            if not _PORT.fullmatch(port):
                return False
        return fits(self._pieces, origin)


class HostPolicy:
    """Decides under which `Host` names callers without a credential are served: `localhost`, IP
    literals, the names that Ollama accepts, and `names`."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names`: the configured names and this machine's own; `*` among them allows every
        name."""
        settled = {name.strip().lower() for name in names}
        self._all = "*" in settled
        bare = (match[1] if (match := _HOST.fullmatch(name)) else name for name in settled)
        self._names = frozenset(name.rstrip(".") for name in bare) | {"localhost"}

    def allows(self, host_header: str) -> bool:
        """Whether the name is allowed; its port is ignored. An empty name is allowed, because no
        browser sends one."""
        if self._all or not host_header:
            return True
        match = _HOST.fullmatch(host_header.lower())
        if match is None:
            return False
        name = match[1].rstrip(".")
        return name in self._names or name.endswith(LOCAL_SUFFIXES) or _is_ip(name.strip("[]"))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
