"""The pictures of docs/images: the page as it really looks, with a scripted Ollama.

    python -m tests.browser.images [DIRECTORY]

They are looked at by a person, not compared by a test: fonts differ from machine to machine.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from ..backend import json_reply
from .conftest import FLAGS
from .gateway import ROOT, Gateway
from .ollama import ScriptedOllama, Talk, model
from .steps import LAST, answered, ask

MODELS = [
    model("qwen3:8b", "completion", "tools", "thinking", size=5_200_000_000, parameters="8.2B"),
    model("gemma3:4b", "completion", "vision", size=3_300_000_000, parameters="4.3B"),
    model("llama3.2:3b", "completion", "tools", size=2_000_000_000, parameters="3.2B"),
    model("smollm2:135m", "completion", size=98_362_432, parameters="135M"),
]

OPERATOR, ANNA = "picture-operator-0123456789abcdef", "picture-anna-0123456789abcdef"

SECURED = {
    "auth": {
        "generate_tokens": [
            {"name": "operator", "token": OPERATOR},
            {"name": "anna", "token": ANNA},
        ],
        "model_tokens": [{"name": "operator", "token": OPERATOR}],
    },
    "limits": {"max_parallel": 1},
}

LOADED = [("qwen3:8b", 6_600_000_000, 1.0, 8192), ("gemma3:4b", 5_100_000_000, 0.6, 4096)]
"""Models in memory: name, size, how much of it is on the GPU, context."""

USED = {
    "credential": {"anna": 900, "desk": 420, "nightly-summaries": 260, "operator": 12},
    "model": {"qwen3:8b": 1100, "gemma3:4b": 380, "smollm2:135m": 112},
}
"""Requests of a month."""

WORDS: dict[str, dict[str, Any]] = {
    "en-US": {
        "others": ["A birthday poem for Ada", "Why is my sourdough flat?"],
        "puzzle": "Three switches, one lamp in another room. One visit. Which switch is it?",
        "pondering": "A lamp tells more than on and off: it is also warm. So I can leave one on "
        "for a while, then switch it off, and",
        "last": "And without changing the program?",
        "prompt": "You review Python. Be brief, and name the line.",
        "question": "How do I find the slowest part of a Python program?",
        "second": """Use a profiler. Python has one:

```bash
python -m cProfile -s tottime program.py
```

The functions at the top of the list are where the time goes. If you cannot stop the program, attach
[py-spy](https://github.com/benfred/py-spy) to it instead.
""",
        "thinking": "They want a practical answer: measure first. cProfile is built in.",
        "answer": """Measure before you change anything; the slow part is rarely where you think.

1. Run the program under the **profiler** that comes with Python.
2. Sort by the time spent in each function *itself*.
3. Look at the first three lines only, then measure again.

```python
import cProfile, pstats

with cProfile.Profile() as profile:
    main()
pstats.Stats(profile).sort_stats("tottime").print_stats(10)
```

| tool | cost | tells |
|---|---:|---|
| `cProfile` | 2× slower | calls and times |
| `py-spy` | none | where it is right now |

If $t$ is the share of that part, no speed-up of it can win more than $\\frac{1}{1 - t}$.
""",
    },
    "zh-CN": {
        "others": ["写给小安的生日诗", "面包为什么发不起来？"],
        "puzzle": "三个开关，另一个房间里有一盏灯，只能进去一次。怎样知道是哪个开关？",
        "pondering": "灯不只有亮和灭，还会发热。所以可以先打开一个开关等一会儿，再关掉，然后",
        "last": "不改程序的话呢？",
        "prompt": "你负责审阅 Python 代码。回答要简短，并指出是哪一行。",
        "question": "怎样找出 Python 程序里最慢的部分？",
        "second": """用性能分析器。Python 自带一个：

```bash
python -m cProfile -s tottime program.py
```

列表最上面的函数就是耗时最多的地方。
""",
        "thinking": "他想要实用的答案：先测量。cProfile 是自带的。",
        "answer": """先测量，再动手改；最慢的地方往往不是你以为的那里。

1. 用 Python 自带的**性能分析器**运行程序。
2. 按每个函数*自身*花费的时间排序。
3. 只看前三行，然后再测一次。

```python
import cProfile

cProfile.run("main()", sort="tottime")
```

如果这一部分占总时间的比例是 $t$，那么最多只能加速到 $\\frac{1}{1 - t}$ 倍。
""",
    },
}


class Studio:
    """Pages to be pictured, against one gateway."""

    def __init__(
        self, browser: Any, gateway: Gateway, secured: Gateway, ollama: ScriptedOllama, to: Path
    ) -> None:
        """`secured`: knows OPERATOR and ANNA, and lets one request run."""
        self._browser, self._gateway, self._ollama, self._to = browser, gateway, ollama, to
        self._secured = secured

    def page(self, width: int, scheme: str, locale: str, token: str = "") -> Any:
        context = self._browser.new_context(
            viewport={"width": width, "height": 760 if width < 700 else 800},
            color_scheme=scheme,
            locale=locale,
            has_touch=width < 700,
            is_mobile=width < 700,
            reduced_motion="reduce",
        )
        page = context.new_page()
        if token:
            kept = f"sessionStorage.setItem('tornado-ollama.token', '{token}')"
            page.add_init_script(kept)
        page.goto(self._secured.url if token else self._gateway.url)
        page.wait_for_selector(".tries button")
        return page

    def say(self, page: Any, question: str, answer: str, thinking: str = "") -> None:
        (talk,) = self._ollama.talk()
        ask(page, question)
        if thinking:
            talk.say(thinking=thinking)
            page.wait_for_selector(f"{LAST} .thinking:visible")
        talk.say(answer)
        talk.end(prompt=212, reply=318)
        answered(page)

    def chat(self, page: Any, locale: str) -> None:
        words = WORDS[locale]
        for other in words["others"]:
            self.say(page, other, "…")
            page.click("#new-chat")
        self.say(page, words["question"], words["answer"], words["thinking"])
        page.wait_for_selector(f"{LAST} .katex")
        page.wait_for_selector(f"{LAST} [class^=syntax]")

    def take(self, page: Any, name: str) -> None:
        page.evaluate("document.fonts.ready")
        page.mouse.move(0, 400)
        page.wait_for_timeout(50)
        page.screenshot(path=self._to / f"{name}.png")

    def picker(self, page: Any) -> None:
        page.click("#model-button")
        page.wait_for_selector("#model-options .option")

    def ponder(self, page: Any, locale: str) -> Talk:
        """A model in the middle of its thoughts."""
        (talk,) = self._ollama.talk()
        ask(page, WORDS[locale]["puzzle"])
        assert talk.asked.wait(10)
        talk.say(thinking=WORDS[locale]["pondering"])
        page.click(f"{LAST} .thinking summary")
        return talk

    def fail(self, page: Any, locale: str) -> None:
        gone = "model 'qwen3:8b' not found"
        self._ollama.on("/api/chat", json_reply({"error": gone}, 404))
        ask(page, WORDS[locale]["last"])
        page.wait_for_selector(f"{LAST} .failure")

    def compare(self, page: Any, locale: str) -> None:
        """Two models have answered, side by side."""
        self.picker(page)
        page.click(".panel-foot button")
        page.click("#model-options .option:has-text('gemma3')")
        page.wait_for_selector("#second-model")
        talks = self._ollama.talk(2)
        ask(page, WORDS[locale]["question"])
        for talk in talks:
            assert talk.asked.wait(10)
            is_first = talk.request["model"] == "qwen3:8b"
            talk.say(WORDS[locale]["answer" if is_first else "second"])
            talk.end(prompt=40, reply=318 if is_first else 96)
        answered(page)
        page.wait_for_selector(".beside [class^=syntax]")
        page.wait_for_selector(".beside .katex")

    def settings(self, page: Any, locale: str) -> None:
        page.click("#settings-button")
        for name, value in {"system": WORDS[locale]["prompt"], "temperature": "0.2"}.items():
            page.fill(f"#setting-{name}", value)
            page.dispatch_event(f"#setting-{name}", "change")
        page.focus("#settings header button")

    def manage(self, page: Any) -> Talk:
        pull = self._ollama.talk_on("/api/pull")
        page.click("#menu-button")
        page.click("#models-entry")
        page.wait_for_selector(".managed li >> nth=3")
        page.fill(".pull-form input", "mistral:7b")
        page.press(".pull-form input", "Enter")
        pull.put(status="pulling f5074b1221da", completed=1_700_000_000, total=4_100_000_000)
        page.wait_for_selector(".pulls progress[value]")
        page.click(".managed li >> nth=1 >> [data-t-label='manage.delete']")
        return pull

    def server(self, page: Any) -> list[Talk]:
        """What runs and waits, with invented accounts."""
        page.route("**/usage?*", lambda route: route.fulfill(body=accounts(route.request.url)))
        talks = self._ollama.talk(2)
        for token, name in ((ANNA, "qwen3:8b"), (OPERATOR, "gemma3:4b")):
            page.evaluate(ASK, [token, name])
            page.wait_for_function(QUEUED, arg=[OPERATOR, name])
        page.click("#menu-button")
        page.click("#operator-entry")
        for count in (40, 80):
            for _ in range(40):
                talks[0].say("word ")
            page.wait_for_selector(f"#operator-view .activity li:has-text('{count}')")
        page.wait_for_selector("#operator-view .columns")
        page.wait_for_selector("#operator-view .tokens li >> nth=1")
        return talks


ASK = """([token, model]) => {
    fetch('/api/chat', {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({ model, messages: [] }),
    });
}"""

QUEUED = """async ([token, model]) => {
    const headers = { Authorization: `Bearer ${token}` };
    const { requests } = await (await fetch('/queue', { headers })).json();
    return requests.some((one) => one.model === model);
}"""


def accounts(url: str) -> str:
    """An answer of `/usage`."""
    by = url.rpartition("by=")[2]
    if by == "day":
        amounts, now = random.Random(7), datetime.now(UTC)
        days = [now - timedelta(days=ago) for ago in range(29, -1, -1)]
        counts = {f"{day:%Y-%m-%d}": amounts.randint(5, 90) for day in days}
    else:
        counts = USED[by]
    each = {"input_tokens": 900, "cached_tokens": 300, "output_tokens": 350}
    times = {"load_seconds": 0.1, "prompt_seconds": 0.5, "completion_seconds": 7.5}
    rows = [
        {
            by: name,
            "requests": count,
            **{key: value * count for key, value in (each | times).items()},
        }
        for name, count in counts.items()
    ]
    return json.dumps({"rows": rows})


def loaded(name: str, size: int, on_gpu: float, context: int) -> dict[str, Any]:
    """An entry of /api/ps."""
    until = datetime.fromtimestamp(time.time() + 600, UTC)
    return {
        "name": name,
        "size": size,
        "size_vram": int(size * on_gpu),
        "context_length": context,
        "expires_at": until.isoformat(),
    }


def take_all(studio: Studio, width: int, scheme: str, locale: str) -> None:
    """Every state of the page, in one size, theme and language."""
    name = f"{width}-{scheme}-{locale[:2]}"
    page = studio.page(width, scheme, locale)
    studio.take(page, f"empty-{name}")
    studio.picker(page)
    studio.take(page, f"picker-{name}")
    page.keyboard.press("Escape")
    studio.chat(page, locale)
    if width > 700:
        page.click("#side-toggle")
    page.evaluate("scroller.scrollTop = 0")
    studio.take(page, f"chat-{name}")
    studio.fail(page, locale)
    studio.take(page, f"error-{name}")
    studio.settings(page, locale)
    studio.take(page, f"settings-{name}")
    page.keyboard.press("Escape")
    pull = studio.manage(page)
    studio.take(page, f"models-{name}")
    page.keyboard.press("Escape")
    page.click("#new-chat")
    talk = studio.ponder(page, locale)
    studio.take(page, f"thinking-{name}")
    talk.end()
    answered(page)
    pull.hang_up()
    page.click("#new-chat")
    studio.compare(page, locale)
    page.evaluate("scroller.scrollTop = 0")
    studio.take(page, f"beside-{name}")
    page.context.close()
    page = studio.page(width, scheme, locale, OPERATOR)
    talks = studio.server(page)
    studio.take(page, f"server-{name}")
    for talk in talks:
        talk.end()
    page.wait_for_selector("#operator-view .activity li", state="detached")
    page.context.close()


def main(to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    ollama = ScriptedOllama()
    ollama.start()
    ollama.on("/api/tags", json_reply({"models": MODELS}))
    ollama.on("/api/ps", json_reply({"models": [loaded(*one) for one in LOADED]}))
    config: dict[str, Any] = {"service": {"base_url": ollama.url}}
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as driver:
        places = [Path(directory) / name for name in ("open", "secured")]
        for place in places:
            place.mkdir()
        gateway = Gateway(places[0], config, "--embedded", "never")
        secured = Gateway(places[1], config | SECURED, "--embedded", "never")
        gateway.start()
        secured.start()
        path = shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        try:
            studio = Studio(browser, gateway, secured, ollama, to)
            for look in product((1280, 360), ("light", "dark"), ("en-US", "zh-CN")):
                take_all(studio, *look)
        finally:
            browser.close()
            gateway.stop()
            secured.stop()
            ollama.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
