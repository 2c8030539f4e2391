"""Markdown that stays still while it grows, and gives no model a way out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from . import hostile
from .ollama import ScriptedOllama
from .steps import LAST, answered, ask, case, exchange
from .test_languages import STATIC

BODY = f"{LAST} .body.prose"

SHOW = """async ([text, step]) => {
    const { MarkdownBody } = await import('/static/js/markdown/markdown_body.js');
    const { loadMarkdown } = await import('/static/js/markdown/markdown.js');
    await loadMarkdown();
    const body = window.body = new MarkdownBody();
    document.getElementById('transcript').replaceChildren(body.node);
    for (let end = step; end < text.length; end += step) {
        body.show(text.slice(0, end));
        if (end % (step * 7) === 0) await new Promise((later) => requestAnimationFrame(later));
    }
    body.show(text);
    body.finish();
    return body.node.childElementCount;
}"""

START = f"""(args) => {{
    window.shown = 0;
    ({SHOW})(args).then((count) => {{ window.shown = count; }});
}}"""
"""Begins to show a text, and does not wait for it."""

MEASURE = """async () => {
    const { asset } = await import('/static/js/ui/asset.js');
    const { Lexer } = await import(asset('vendor/marked.js'));
    const read = Lexer.prototype.inlineTokens;
    window.longest = 0;
    Lexer.prototype.inlineTokens = function (source, ...rest) {
        window.longest = Math.max(window.longest, source.length);
        return read.call(this, source, ...rest);
    };
}"""
"""Notes how much running text the library is given to read in one go."""

COMPARE = """async (cases) => {
    const { MarkdownBody } = await import('/static/js/markdown/markdown_body.js');
    const { loadMarkdown } = await import('/static/js/markdown/markdown.js');
    await loadMarkdown();
    const { setTimeout, clearTimeout } = window;
    const waiting = new Map();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
        const work = waiting.get(data);
        waiting.delete(data);
        work?.();
    };
    let count = 1e9;
    // Nobody reads along: what waits is done in the next task.
    window.setTimeout = (work) => {
        waiting.set(count += 1, work);
        port2.postMessage(count);
        return count;
    };
    window.clearTimeout = (id) => waiting.delete(id) || clearTimeout(id);
    const pass = () => new Promise((later) => window.setTimeout(later));
    const drawn = async (text, cuts) => {
        const body = new MarkdownBody();
        document.getElementById('transcript').replaceChildren(body.node);
        for (const cut of cuts) { body.show(text.slice(0, cut)); await pass(); }
        body.show(text);
        body.finish();
        do await pass(); while (waiting.size > 0);
        const copy = body.node.cloneNode(true);
        // Set by KaTeX and coloured when these have come.
        for (const one of copy.querySelectorAll('.maths')) one.textContent = 'maths';
        for (const one of copy.querySelectorAll('code')) one.textContent = one.textContent;
        copy.normalize();
        return copy.innerHTML;
    };
    try {
        const different = [];
        for (const [text, ways] of cases) {
            const whole = await drawn(text, []);
            for (const cuts of ways) {
                const grown = await drawn(text, cuts);
                if (grown !== whole) different.push({ text, cuts, grown, whole });
            }
        }
        return different;
    } finally {
        Object.assign(window, { setTimeout, clearTimeout });
    }
}"""
"""The texts, of `[text, ways to cut it]`, that end otherwise in pieces than at once."""

GROW = """(text) => {
    window.said = (window.said ?? '') + text;
    window.body.show(window.said);
    return new Promise((later) => setTimeout(later, 150));
}"""

SETTLED = "() => !document.querySelector('[data-late]')"

pytestmark = pytest.mark.skipif(
    not (STATIC / "vendor" / ".made").exists(), reason="static/vendor is missing: make page"
)


def show(page: Any, text: str, step: int) -> int:
    return int(page.evaluate(SHOW, [text, step]))


def show_open(page: Any, text: str) -> None:
    """Shows the beginning of a text that goes on; `GROW` adds to it."""
    page.evaluate(SHOW.replace("body.finish();", ""), [text, 1_000_000])
    page.wait_for_timeout(100)


@pytest.mark.parametrize("step", [1, 1_000_000], ids=["by-character", "whole"])
@pytest.mark.parametrize("kind", ["HTML", "MARKDOWN"])
def test_no_output_runs_a_script_or_calls_anybody(page: Any, kind: str, step: int) -> None:
    page.wait_for_selector(".tries button")
    for text in getattr(hostile, kind):
        show(page, text, step)
        dangerous = page.locator(
            "#transcript :is(script, img, svg:not(.glyph, .katex svg), iframe, object, embed, form,"
            " style, link, video, audio, base, meta, template, [onerror], [onload], [onclick])"
        )
        assert dangerous.count() == 0, text
        links = page.locator("#transcript a[href]").evaluate_all(
            "all => all.map((a) => [a.protocol, a.rel, a.target])"
        )
        for protocol, rel, target in links:
            assert protocol in ("http:", "https:", "mailto:"), text
            assert "noopener" in rel and target == "_blank"
    assert page.evaluate("window.pwned") is None


def test_broken_text_is_shown_and_breaks_nothing(page: Any) -> None:
    page.wait_for_selector(".tries button")
    for text in hostile.BROKEN:
        assert show(page, text, max(1, len(text) // 50)) > 0, text[:80]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, text[:80]


def test_deep_nesting_is_shown_in_some_way(page: Any) -> None:
    page.wait_for_selector(".tries button")
    for text in hostile.DEEP:
        assert show(page, text, 1_000_000) > 0, text[:80]


@pytest.mark.parametrize("step", [5_000, 1_000_000], ids=["growing", "whole"])
def test_no_text_freezes_the_page(page: Any, step: int) -> None:
    page.wait_for_selector(".tries button")
    page.evaluate(MEASURE)
    for kind, text in hostile.SLOW.items():
        with case(kind):
            page.evaluate("window.longest = 0")
            page.evaluate(START, [text, step])
            page.wait_for_function("() => window.shown > 0")
            page.wait_for_function(SETTLED)
            assert page.evaluate("window.longest") <= 8_000


def test_a_long_list_grows_without_being_drawn_again(page: Any) -> None:
    page.wait_for_selector(".tries button")
    items = [f"{number}. item **{number}** with `code`\n" for number in range(1, 1001)]
    page.evaluate(SHOW.replace("body.finish();", ""), ["".join(items[:900]), 1_000_000])
    page.wait_for_selector("#transcript li >> nth=899")
    page.evaluate(
        "window.kept = [...document.querySelectorAll('#transcript li strong')].slice(0, 890)"
    )
    page.evaluate(GROW, "".join(items))
    page.evaluate("window.body.finish()")
    page.wait_for_function(SETTLED)
    page.wait_for_selector("#transcript li >> nth=999")
    assert page.locator("#transcript ol").count() == 1
    assert page.locator("#transcript li strong").count() == 1000
    assert page.evaluate("window.kept.every((node) => node.isConnected)")


@pytest.mark.parametrize("step", [3_000, 1_000_000], ids=["growing", "whole"])
def test_a_long_answer_ends_as_markdown(page: Any, step: int) -> None:
    page.wait_for_selector(".tries button")
    words = "The wind turns *faster* where the air is **warm**. " + "It is so. " * 20
    part = f"## Part\n\n{words}\n\n- one\n- two\n\n```js\nlet a;\n```\n\n"
    lines = "A **line** of a very long poem.\n" * 400
    show(page, part * 200 + lines, step)
    page.wait_for_function("() => document.querySelectorAll('#transcript br').length === 399")
    page.wait_for_function(SETTLED)
    counts = {"h4": 200, "em": 200, "strong": 600, "li": 400, "figure": 200}
    for selector, count in counts.items():
        assert page.locator(f"#transcript {selector}").count() == count, selector
    page.wait_for_function(
        "() => document.querySelectorAll('#transcript .syntax-word').length === 200"
    )


def test_a_list_that_becomes_loose_or_nested_is_set_as_if_it_came_at_once(page: Any) -> None:
    text = (
        "3. one **a**\n4. two\n   - inner\n     - innermost\n   - [x] done\n5. three\n\n"
        "   more of it\n\n   ```js\n   let a;\n   ```\n6. four\n\n> - quoted\n> - twice\n>\n"
        "> | a | b |\n> |---|---|\n> | 1 | *2* |\n> | 3 | 4 |\n\n"
        "Last **bold and *leaning* words** and $a_1$ `code`  \nend"
    )
    page.wait_for_selector(".tries button")
    tree = """() => { const node = document.querySelector('#transcript .prose').cloneNode(true);
        node.querySelectorAll('.maths, figure').forEach((one) => one.replaceChildren());
        const walk = (one) => one.nodeType === 3 ? one.data : [one.localName, one.className,
            ...[...one.childNodes].map(walk)];
        return JSON.stringify(walk(node)); }"""
    shown = set()
    for step in (1, 3, 10, 1000):
        show(page, text, step)
        shown.add(page.evaluate(tree))
    assert len(shown) == 1
    assert page.locator("#transcript ol[start='3'] > li").count() == 4


def test_a_selection_outlives_the_next_words(page: Any) -> None:
    page.wait_for_selector(".tries button")
    show_open(page, "A *first* sentence that the reader selects")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#transcript p'))")
    page.evaluate(GROW, "A *first* sentence that the reader selects, and **more of")
    page.evaluate(GROW, " it** comes.")
    page.wait_for_selector("#transcript p strong:text('more of it')")
    assert page.evaluate("getSelection().toString()").startswith(
        "A first sentence that the reader selects"
    )


def test_an_open_block_of_code_keeps_its_scroll_button_and_selection(page: Any) -> None:
    page.wait_for_selector(".tries button")
    text = "```python\n" + "wide = " + "'x' + " * 200 + "\n"
    show_open(page, text)
    page.evaluate(
        """() => { const pre = document.querySelector('#transcript pre'); pre.scrollLeft = 400;
        window.button = document.querySelector('#transcript figure button');
        const words = pre.firstChild.firstChild;
        getSelection().setBaseAndExtent(words, 0, words, 55); }"""
    )
    page.evaluate(GROW, text + "wider = 1\n")
    page.wait_for_selector("#transcript pre:has-text('wider')")
    kept = """() => [document.querySelector('#transcript pre').scrollLeft,
        window.button.isConnected, getSelection().toString().length]"""
    assert page.evaluate(kept) == [400, True, 55]
    page.click("#transcript figure button")
    page.wait_for_selector("#transcript [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()").endswith("wider = 1")
    page.evaluate(GROW, "```\n\nDone.")
    page.wait_for_selector("#transcript pre [class^=syntax]")
    assert page.evaluate(kept) == [400, True, 55]


def test_characters_by_name_are_shown_as_such(page: Any) -> None:
    page.wait_for_selector(".tries button")
    show(
        page, "&lambda; &eacute;t&eacute; &rarr; &Omega; &amp;lambda; &#955; &nosuch; `&lambda;`", 9
    )
    said = "λ été → Ω &lambda; λ &nosuch; &lambda;"
    assert page.inner_text("#transcript p") == said


def test_markdown_is_set_as_it_should_be(page: Any, ollama: ScriptedOllama) -> None:
    text = (
        "# Title\n\nSome **bold**, *leaning*, ~~gone~~ and `code`.\n\n- one\n- two\n  1. deep\n\n"
        "> quoted\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n\n---\n\n[link](https://a.example/)"
    )
    exchange(page, ollama, "Format.", text)
    body = page.locator(BODY)
    for selector, words in {
        "h3": "Title",
        "strong": "bold",
        "em": "leaning",
        "del": "gone",
        "p code": "code",
        "ul > li >> nth=0": "one",
        "ol > li": "deep",
        "blockquote": "quoted",
        "th >> nth=1": "b",
        "td.align-right": "2",
        "a": "link",
    }.items():
        assert body.locator(selector).inner_text() == words
    assert body.locator("input[type=checkbox]:checked").is_disabled()
    assert body.locator("hr").count() == 1


def test_finished_blocks_are_never_drawn_again(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Write.")
    assert talk.asked.wait(10)
    talk.say("First *paragraph*.\n\nSecond")
    page.wait_for_selector(f"{BODY} p:has-text('Second')")
    page.evaluate(f"window.kept = document.querySelector('{BODY} p em')")
    talk.say(" grows.\n\n```python\nopen = 1\n")
    page.wait_for_selector(f"{BODY} pre:has-text('open = 1')")
    assert page.locator(f"{BODY} pre [class^=syntax]").count() == 0
    talk.say("```\n\nThe end.")
    page.wait_for_selector(f"{BODY} pre [class^=syntax]")
    talk.end()
    answered(page)
    assert page.evaluate(f"window.kept === document.querySelector('{BODY} p em')")
    assert page.locator(f"{BODY} > *").count() == 4


def test_pieces_of_any_size_give_the_same_page(page: Any) -> None:
    text = (
        "Intro with [a reference][r].\n\n1. one\n\n   more of one\n2. two\n\n[r]: https://a.example/\n"
        "\nTitle\n=====\n\n```js\nlet a;\n```\n\nUses [r] again.\n\n| a |\n|---|\n| b |\n"
    )
    page.wait_for_selector(".tries button")
    html = "document.querySelector('#transcript .prose').textContent"
    shown = set()
    for step in (1, 2, 7, 1000):
        show(page, text, step)
        shown.add(page.evaluate(html))
    assert len(shown) == 1


JOINED = {
    "definition": "See [the docs][1].\n\n[1]: https://example.com/docs/page\n",
    "definition-taken-back": "See [a][1].\n\n[1]: https://a.example/ b\n",
    "definition-in-a-quote": "> [1]: https://a.example/b\n\n- [1]: https://b.example/\n\n[1]",
    "definition-with-a-late-title": '[1]: https://a.example/\n"one\n\ntwo"\n\n[1]\n',
    "definition-of-many-lines": "[a\n# b\n]: https://a.example/\n",
    "loose-numbers": "1. First\n\n2. Second\n\n3. Third",
    "loose-marks": "- one\n\n- two\n\n  more of two\n\n- three\n",
    "nested": "1. a\n\n   - b\n\n   - c\n\n     d\n\n2. e\n",
    "code-in-an-item": "1. a\n\n   ```js\n   let b;\n\n   let c;\n   ```\n\n2. d\n",
    "indented-code": "    a\n\n    b\n\nc\n",
    "words-behind-a-number": "Post:\n#one #two\n\nDone.",
    "lazy": "> quote\n*lazy*\n\n> - item\nlazy\n\nend",
    "underlined": "- a\nb\n---\n\nc\n===\n\nd\n-\te\n===\n",
    "formula": "$$\na = b\n+ c\n$$\n\\[\nd\n\\]\nThen $$e$$ f.\n",
    "formula-left": "$$\na = b\n\n+ c\n$$\n\n\\[\na = b\n\n+ c\n\\]\n",
    "table": "a\nb | c\n-|-\n1 | 2\n3 | 4\n# d\n",
    "script": "<script>\na\n\nb\n</script>\n\nc",
}
"""What a line that is not written yet may still change."""


def test_a_line_may_change_what_stands_before_it(page: Any) -> None:
    page.wait_for_selector(".tries button")
    for kind, text in JOINED.items():
        ways = [[cut] for cut in range(1, len(text))] + [list(range(1, len(text)))]
        assert page.evaluate(COMPARE, [[text, ways]]) == [], kind


PARTS = (
    '- ·* ·1. ·2. ·3) ·[·a]: ·[a]: https://a.example/·[a]·"·`·```·```js\n·~~~·$$·\\[·\\]·$x$·> ·>'
    "·   ·    ·\t·<div>·</div>·<script>·</script>·<!--·-->·<b>·===·---·=·a | b·-|-·|·# ·#·word"
    "·two words·**·_·\\·[ ] ·[x] ·2·1"
).split("·")


def random_answer(chance: random.Random) -> str:
    """Markdown as no writer would write it, so that its rules get into each other's way."""
    parts = [*PARTS, *["\n"] * len(PARTS), *["\n\n"] * (len(PARTS) // 2)]
    return "".join(chance.choices(parts, k=chance.randint(2, 40)))


def test_an_answer_in_pieces_ends_as_if_it_came_at_once(page: Any) -> None:
    page.wait_for_selector(".tries button")
    for seed in (1, 2, 3):
        chance = random.Random(seed)
        cases = []
        for text in [random_answer(chance) for _ in range(100)]:
            cuts = [cut for cut in range(1, len(text)) if chance.random() < 0.4]
            cases.append([text, [cuts]])
        with case(seed):
            assert page.evaluate(COMPARE, cases) == []


def test_the_link_of_a_growing_answer_is_whole(page: Any) -> None:
    page.wait_for_selector(".tries button")
    show_open(page, "See [the docs][1].\n\n[1]: https://example.com/do")
    page.evaluate(GROW, "See [the docs][1].\n\n[1]: https://example.com/docs/page\n")
    page.evaluate("window.body.finish()")
    assert page.get_attribute("#transcript a", "href") == "https://example.com/docs/page"


def test_a_formula_ends_at_an_empty_line(page: Any) -> None:
    page.wait_for_selector(".tries button")
    show(page, "$$\na = b\n\n+ c\n$$\n", 1_000_000)
    assert page.locator("#transcript .maths").count() == 0
    assert page.inner_text("#transcript li").startswith("c")


def test_code_is_copied_without_its_fence(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Code.", "Here:\n\n```python\nprint('hi')\n```\n")
    page.click(f"{BODY} figure button")
    page.wait_for_selector(f"{BODY} [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()") == "print('hi')"


def test_formulas_are_set_and_prices_are_left_alone(page: Any, ollama: ScriptedOllama) -> None:
    exchange(page, ollama, "Maths.", "From $5 to $10, with $a^2$ and:\n\n$$\\frac{1}{2}$$\n")
    page.wait_for_selector(f"{BODY} .maths.display .katex")
    assert page.locator(f"{BODY} .katex").count() == 2
    assert page.inner_text(f"{BODY} p >> nth=0").startswith("From $5 to $10, with")


SLOW_KATEX = """
globalThis.katex = { render(tex, node) {
    const end = performance.now() + 25;
    while (performance.now() < end);
    node.textContent = `set ${tex}`;
    window.setIn = [...window.setIn ?? [], window.task];
} };
"""

COUNT_TASKS = """() => {
    const { setTimeout } = window;
    window.task = 0;
    window.setTimeout = (work, ...rest) => setTimeout(() => { window.task += 1; work(); }, ...rest);
}"""


@pytest.mark.parametrize("is_loaded", [False, True], ids=["while-katex-loads", "with-katex"])
def test_many_formulas_are_set_in_many_tasks(
    open_page: Callable[..., Any], is_loaded: bool
) -> None:
    page = open_page(
        before=lambda page: page.route(
            "**/katex.js",
            lambda route: route.fulfill(body=SLOW_KATEX, content_type="text/javascript"),
        )
    )
    page.wait_for_selector(".tries button")
    if is_loaded:
        show(page, "$a$", 1_000_000)
        page.wait_for_selector(".maths:text('set a')")
    page.evaluate(COUNT_TASKS)
    page.evaluate("window.setIn = []")
    show(page, "$$b$$\n\nAnd $c$.\n\n" * 5, 1_000_000)
    page.wait_for_function("() => window.setIn.length === 10")
    tasks = page.evaluate("window.setIn")
    assert max(tasks.count(task) for task in tasks) <= 2


def test_thoughts_are_folded_away_with_their_duration(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Think.")
    assert talk.asked.wait(10)
    talk.say(thinking="<b>Hm.</b> Let me see.")
    page.wait_for_selector(f"{LAST} .thinking summary:has-text('Thinking')")
    assert page.inner_text(LAST).count("Thinking") == 1
    page.wait_for_selector(f"{LAST} .thinking summary:has-text('2 s')")
    talk.say("It is so.")
    page.wait_for_selector(f"{LAST} .thinking summary:has-text('Thought for')")
    talk.end()
    answered(page)
    assert page.locator(f"{LAST} .thinking .body").is_hidden()
    page.click(f"{LAST} .thinking summary")
    assert page.inner_text(f"{LAST} .thinking .body") == "<b>Hm.</b> Let me see."


def test_tool_calls_are_cards_that_fold(page: Any, ollama: ScriptedOllama) -> None:
    (talk,) = ollama.talk()
    ask(page, "Use a tool.")
    assert talk.asked.wait(10)
    call = {"function": {"name": "weather", "arguments": {"city": "<i>Oslo</i>"}}}
    talk.say(tool_calls=[call])
    talk.end()
    answered(page)
    assert page.inner_text(f"{LAST} .tool summary") == "Called weather"
    assert '"city": "<i>Oslo</i>"' in page.inner_text(f"{LAST} .tool pre")
    page.click(f"{LAST} .tool summary")
    assert page.locator(f"{LAST} .tool pre").is_hidden()


def test_without_the_libraries_the_page_chats_in_plain_text(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=lambda page: page.route("**/vendor/**", lambda route: route.abort()))
    exchange(page, ollama, "Format.", "It is **bold**.\nTruly.")
    assert page.inner_text(f"{LAST} > .body") == "It is **bold**.\nTruly."


def test_long_code_folds_and_its_copy_button_stays_in_reach(
    page: Any, ollama: ScriptedOllama
) -> None:
    code = "\n".join(f"line {number}" for number in range(300))
    exchange(page, ollama, "Code.", f"```text\n{code}\n```\n\nThat is all.")
    page.wait_for_selector(f"{LAST} .code .fold-button:has-text('Show less')")
    page.evaluate("window.scroller.scrollTop = window.scroller.scrollHeight / 2")
    copy = page.locator(f"{LAST} .code [data-t-label='code.copy']")
    bar = page.locator("#bar").bounding_box()
    assert 0 <= copy.bounding_box()["y"] - bar["y"] - bar["height"] < 10
    copy.click()
    page.wait_for_selector(f"{LAST} .code [data-t-label='copied']")
    assert page.evaluate("navigator.clipboard.readText()") == code
    page.reload()
    page.wait_for_selector(f"{LAST} .code.folded")
    assert page.locator(f"{LAST} .code").bounding_box()["height"] < 600
    page.click(f"{LAST} .code .fold-button:has-text('Show all')")
    assert page.locator(f"{LAST} .code").bounding_box()["height"] > 3000
