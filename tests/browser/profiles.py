"""Profiles of Chromium that tests take in turns, each emptied before the next test has it.

A renderer that is there already has compiled the page's scripts, so that a page in it takes half
the processor time of one in a new profile.
"""

from __future__ import annotations

from typing import Any

from ..waiting import PATIENCE_S

PATIENCE_MS = int(PATIENCE_S * 1000)

FLAGS = ["--process-per-site"]
"""All tabs of a profile that are at one site share a process, as they share a profile."""

ORDINARY = "http://127.0.0.1:"
"""The site, to which ports do not count, of which a profile keeps its process."""

SCREEN = {"width": 1280, "height": 800}
SCHEME = "light"

BLANK = "static/favicon.svg"
"""A document of the gateway without scripts."""

IS_AS_IT_WAS = "() => String(setTimeout).includes('[native code]')"
"""No test has given the profile a clock of its own, which would be that of the next test too."""


def new_context(chromium: Any, **how: Any) -> Any:
    context = chromium.new_context(
        permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce", **how
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


class Profile:
    """A context of Chromium with one tab that no test sees, for the process of the others."""

    def __init__(self, chromium: Any, url: str, **how: Any) -> None:
        self._context = new_context(
            chromium, service_workers="block", viewport=SCREEN, color_scheme=SCHEME, **how
        )
        self._keeper = self._context.new_page()
        self._keeper.goto(url + BLANK)
        self._devtools = self._context.new_cdp_session(self._keeper)
        self._origins: set[str] = set()

    def open(self, url: str, *, screen: dict[str, int] | None = None, scheme: str = SCHEME) -> Any:
        """A tab that has not loaded anything, for the page at `url`."""
        self._origins.add(url.rstrip("/"))
        # What a script opens begins in the script's own process. The page's policy for openers
        # leaves it none.
        with self._context.expect_page() as opened:
            self._keeper.evaluate("void window.open('about:blank')")
        page = opened.value
        if screen is not None and screen != SCREEN:
            page.set_viewport_size(screen)
        if scheme != SCHEME:
            page.emulate_media(color_scheme=scheme)
        return page

    def leave(self) -> bool:
        """Closes all tabs of a test; whether another test may have the profile."""
        for page in self._context.pages:
            if page is not self._keeper:
                page.close()
        return bool(self._keeper.evaluate(IS_AS_IT_WAS))

    def clear(self) -> None:
        """Nothing is left of what the pages have stored."""
        for origin in self._origins:
            what = {"origin": origin, "storageTypes": "all"}
            self._devtools.send("Storage.clearDataForOrigin", what)
        self._origins.clear()

    def close(self) -> None:
        self._context.close()


class Profiles:
    """Those of one Chromium. A test that has one has it alone."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._free: dict[tuple[tuple[str, Any], ...], list[Profile]] = {}
        self._taken: list[tuple[list[Profile], Profile]] = []

    def take(self, url: str, **how: Any) -> Profile:
        """An empty one; `how` is what a context is made with."""
        free = self._free.setdefault(tuple(sorted(how.items())), [])
        profile = free.pop() if free else Profile(self._chromium, url, **how)
        self._taken.append((free, profile))
        profile.clear()
        return profile

    def leave(self, *, in_order: bool) -> None:
        """The end of a test. After one that failed (not `in_order`) no other has its profiles."""
        for free, profile in self._taken:
            if in_order and profile.leave():
                free.append(profile)
            else:
                profile.close()
        self._taken.clear()
