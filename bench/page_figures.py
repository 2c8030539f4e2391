"""What the figures of the page are made of: scripts that watch its frames, the words of a long
answer, and the spread of what was measured."""

from __future__ import annotations

import statistics
from typing import Any

WATCH_FRAMES = """() => {
    window.frames_ = [];
    window.watching = true;
    let last = performance.now();
    const look = (now) => {
        window.frames_.push(now - last);
        last = now;
        if (window.watching) requestAnimationFrame(look);
    };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(look); });
}"""

READ_FRAMES = "() => { window.watching = false; return window.frames_; }"

SCROLL = """() => new Promise((done) => {
    const scroller = document.getElementById('scroller');
    scroller.scrollTop = 0;
    const step = () => {
        const before = scroller.scrollTop;
        scroller.scrollTop += 400;
        if (scroller.scrollTop === before) done();
        else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""

GROW = """(total) => new Promise((done) => {
    indexedDB.open('tornado-ollama').onsuccess = ({ target }) => {
        const store = target.result.transaction('messages', 'readwrite').objectStore('messages');
        store.getAll().onsuccess = ({ target: { result } }) => {
            const said = (role) => result.find((one) => one.role === role);
            const kinds = [said('user'), said('assistant')];
            let above = result.find((one) => !result.some((other) => other.parent === one.id));
            for (let count = result.length; count < total; count += 1) {
                const place = { id: `grown-${count}`, parent: above.id, at: above.at + 1 };
                above = { ...kinds[count % 2], shown: null, ...place };
                store.put(above);
            }
            store.transaction.oncomplete = () => done();
        };
    };
})"""
"""Makes the chat on this device longer, with copies of its first question and answer."""

WORDS = "The wind turns faster where the air is warm and wet, and slower over the sea. ".split()


def token(number: int) -> str:
    """Words, with a heading, a list and some code now and then, as in a long answer."""
    if number % 400 == 0:
        return f"\n\n## Part {number // 400}\n\n"
    if number % 400 == 200:
        return "\n\n```python\nfor word in words:\n    print(word)\n```\n\n- one **bold** item\n\n"
    if number % 60 == 0:
        return "\n\n"
    return WORDS[number % len(WORDS)] + " "


def spread(frames: list[float]) -> dict[str, Any]:
    ordered = sorted(frames)
    return {
        "frames": len(frames),
        "frame_ms": {
            "median": round(statistics.median(ordered), 1),
            "p99": round(ordered[int(len(ordered) * 0.99)], 1),
            "max": round(ordered[-1], 1),
        },
        "over_50_ms": sum(frame > 50 for frame in frames),
    }
