"""A profile that tests take in turns is as a new one when the next has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .gateway import Gateway
from .ollama import ScriptedOllama
from .profiles import Profiles

STORE = """async () => {
    document.cookie = 'left=1; max-age=3600';
    localStorage.setItem('left', 'x'.repeat(10_000));
    sessionStorage.setItem('left', 'x');
    await (await caches.open('left')).put('/left', new Response('x'));
    await new Promise((resolve, reject) => {
        const opening = indexedDB.open('left');
        opening.onupgradeneeded = () => opening.result.createObjectStore('left');
        opening.onsuccess = resolve;
        opening.onerror = reject;
    });
    await (await navigator.storage.getDirectory()).getFileHandle('left', { create: true });
}"""

NOW_AND_LATER = """async () => {
    const found = async () => [
        document.cookie, localStorage.length, sessionStorage.length, await caches.keys(),
        (await indexedDB.databases()).map(({ name }) => name), window.name,
        (await Array.fromAsync((await navigator.storage.getDirectory()).keys())),
    ];
    const first = await found();
    await new Promise((later) => setTimeout(later, 20));
    return [first, await found()];
}"""
"""What a document finds at its start, and whether what it writes itself is left alone."""

EMPTY = ["", 0, 0, [], [], "", []]


def test_what_a_test_has_stored_the_next_does_not_find(
    chromium: Any, open_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    profiles = Profiles(chromium)
    blank = f"{open_gateway.url}static/favicon.svg"
    taken = set()
    for _ in range(3):
        profile = profiles.take(open_gateway.url)
        taken.add(profile)
        page, other = profile.open(open_gateway.url), profile.open(open_gateway.url)
        page.goto(blank)
        assert page.evaluate(NOW_AND_LATER) == [EMPTY, EMPTY]
        other.goto(blank)
        other.evaluate(STORE)
        profiles.leave(in_order=True)
    assert len(taken) == 1
    profile.close()


def test_a_profile_with_another_clock_or_of_a_test_that_failed_is_not_given_again(
    chromium: Any, open_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    profiles = Profiles(chromium)
    first = profiles.take(open_gateway.url)
    first.open(open_gateway.url).clock.install()
    profiles.leave(in_order=True)
    second = profiles.take(open_gateway.url)
    profiles.leave(in_order=False)
    third = profiles.take(open_gateway.url)
    assert len({first, second, third}) == 3
    third.close()


def test_two_pages_of_a_test_share_nothing(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    first, second = open_page(), open_page()
    first.evaluate(STORE)
    assert second.evaluate("localStorage.getItem('left')") is None
    assert first.evaluate("window.opener") is second.evaluate("window.opener") is None
