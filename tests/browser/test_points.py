"""Each thing that the page is to do well, once in Firefox and once in WebKit, iPhones' engine.

What Chromium is asked in hundreds of tests is asked here in one a subject: enough to see that an
engine has what the page uses.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..backend import Reply, json_reply
from ..waiting import PATIENCE_S
from .conftest import TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama, Talk
from .test_other_browsers import READY, Browser, says, until

ANSWER = ".turn.assistant:last-of-type"
IDLE = "Boolean(document.querySelector('#send[data-t-label=\"composer.send\"]'))"
HEIGHT = "document.querySelector({!r}).getBoundingClientRect().height"
WRITE = """((box) => {{
    box.value = {1!r};
    for (const type of ['input', 'change'])
        box.dispatchEvent(new Event(type, {{ bubbles: true }}));
    return true;
}})(document.querySelector({0!r}))"""
SCROLLER = "document.querySelector('#scroller')"


class Reader:
    """Somebody at the page, with the Ollama behind it."""

    def __init__(self, browser: Browser, ollama: ScriptedOllama, gateway: Gateway) -> None:
        self.browser, self.ollama, self.gateway = browser, ollama, gateway

    def see(self, selector: str, words: str) -> None:
        until(self.browser, says(selector, words))

    def is_true(self, expression: str) -> None:
        until(self.browser, f"Boolean({expression})")

    def there(self, selector: str) -> None:
        self.is_true(f"document.querySelector({selector!r})?.checkVisibility()")

    def click(self, selector: str) -> None:
        """As a script does: not only what is in sight, nor only what the pointer is on."""
        self.is_true(f"document.querySelector({selector!r})")
        self.browser.evaluate(f"(document.querySelector({selector!r}).click(), true)")

    def write(self, selector: str, text: str) -> None:
        self.is_true(f"document.querySelector({selector!r})")
        self.browser.evaluate(WRITE.format(selector, text))

    def asks(self, question: str) -> Talk:
        (talk,) = self.ollama.talk()
        self.write("#message", question)
        self.browser.press("#send")
        assert talk.asked.wait(PATIENCE_S)
        return talk

    def is_answered(self, question: str, answer: str) -> Talk:
        talk = self.asks(question)
        talk.say(answer)
        talk.end()
        until(self.browser, IDLE)
        return talk


def composer(reader: Reader) -> None:
    before = reader.browser.evaluate(HEIGHT.format("#message"))
    reader.browser.type("#message", "typed")
    reader.write("#message", "a line\n" * 6)
    assert reader.browser.evaluate(HEIGHT.format("#message")) > before * 2
    reader.browser.reload()
    until(reader.browser, READY)
    assert reader.browser.evaluate("document.querySelector('#message').value") == "a line\n" * 6
    assert reader.browser.evaluate(HEIGHT.format("#message")) > before * 2


def feedback(reader: Reader) -> None:
    talk = reader.asks("How soon?")
    reader.see(".state", "Loading the model")
    talk.say("Now.")
    reader.see(".state", "Writing")
    talk.end()
    reader.see(f"{ANSWER} > .body", "Now.")


def markdown(reader: Reader) -> None:
    talk = reader.asks("Format.")
    talk.say("A **bold** word.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n")
    talk.say("```python\nprint(1)\n```\n\n$x^2$\n\n")
    reader.there(f"{ANSWER} strong")
    reader.browser.evaluate(f"(window.first = document.querySelector('{ANSWER} strong'), true)")
    talk.say("The end.")
    talk.end()
    reader.see(f"{ANSWER} > .body", "The end.")
    assert reader.browser.evaluate("window.first.isConnected")
    for selector in ("table td", ".code .syntax-name, .code .syntax-word", ".katex math"):
        reader.is_true(f"document.querySelector({f'{ANSWER} {selector}'!r})")


def scrolling(reader: Reader) -> None:
    talk = reader.asks("At length.")
    talk.say("A line.\n\n" * 60)
    at_end = "((one) => one.scrollHeight - one.scrollTop - one.clientHeight < 2)"
    reader.is_true(f"{SCROLLER}.scrollTop > 300 && {at_end}({SCROLLER})")
    up = "new WheelEvent('wheel', { deltaY: -50, bubbles: true })"
    reader.browser.evaluate(f"({SCROLLER}.dispatchEvent({up}), {SCROLLER}.scrollTop -= 200, true)")
    place = reader.browser.evaluate(f"{SCROLLER}.scrollTop")
    talk.say("More.\n\n" * 20)
    reader.there("#jump")
    assert abs(reader.browser.evaluate(f"{SCROLLER}.scrollTop") - place) < 2
    reader.click("#jump")
    reader.is_true(f"{at_end}({SCROLLER})")
    talk.end()
    until(reader.browser, IDLE)


def stopping(reader: Reader) -> None:
    talk = reader.asks("Stop me.")
    talk.say("Half of")
    reader.see(f"{ANSWER} > .body", "Half of")
    reader.browser.press("#send")
    reader.see(f"{ANSWER} .foot", "stopped")
    reader.there(f"{ANSWER} .go-on")
    assert talk.left.wait(PATIENCE_S)


def next_message(reader: Reader) -> None:
    talk = reader.asks("First.")
    (following,) = reader.ollama.talk()
    reader.write("#message", "Second.")
    reader.browser.press("#next")
    reader.see("#queued", "Second.")
    talk.say("One.")
    talk.end()
    assert following.asked.wait(PATIENCE_S)
    assert following.request["messages"][-1]["content"] == "Second."
    reader.is_true("document.querySelector('#queued').hidden")
    following.say("Two.")
    following.end()
    reader.see(f"{ANSWER} > .body", "Two.")
    until(reader.browser, IDLE)


def messages(reader: Reader) -> None:
    reader.is_answered("First words.", "First answer.")
    reader.click(".turn.user [data-t-label='turn.edit']")
    before = reader.browser.evaluate(HEIGHT.format(".edit-box"))
    reader.write(".edit-box", "a line\n" * 12)
    reader.is_true(f"{HEIGHT.format('.edit-box')} > {before} * 1.5")
    (talk,) = reader.ollama.talk()
    reader.write(".edit-box", "Other words.")
    reader.click(".edit .button.main")
    assert talk.asked.wait(PATIENCE_S)
    talk.say("Another answer.")
    talk.end()
    reader.see(".turn.user .branch", "2/2")
    until(reader.browser, IDLE)
    reader.click(".turn.user [data-t-label='turn.branch.left']")
    reader.see(f"{ANSWER} > .body", "First answer.")
    reader.click(f"{ANSWER} [data-t-label='turn.more']")
    reader.click("#popup-menu .menu-row:has([data-t='turn.remove'])")
    reader.is_true("document.querySelectorAll('.turn').length === 1")
    reader.click("#toast .button")
    reader.see(f"{ANSWER} > .body", "First answer.")


def edits(reader: Reader) -> None:
    reader.is_answered("An animal?", "The badger.")
    reader.is_true(f"document.querySelector('{ANSWER} time')")
    reader.click(f"{ANSWER} [data-t-label='turn.more']")
    reader.click("#popup-menu .menu-row:has([data-t='turn.editAnswer'])")
    reader.write(".edit-box", "The wolverine.")
    reader.click(".edit [data-t='turn.edit.save']")
    reader.see(f"{ANSWER} .foot", "edited")
    reader.click("#new-chat")
    reader.browser.press("#side-toggle")
    reader.write(".chats-head input", "WOLVERINE")
    reader.see(".chat-hit mark", "wolverine")
    reader.click(".chat-open")
    reader.see(".turn:focus > .body", "The wolverine.")


def thinking_and_tools(reader: Reader) -> None:
    talk = reader.asks("Think.")
    talk.say(thinking="Let me see.")
    reader.there(f"{ANSWER} .thinking")
    talk.say(tool_calls=[{"function": {"name": "look", "arguments": {"at": "it"}}}])
    talk.end()
    reader.see(f"{ANSWER} .tool", "look")
    box = f"{ANSWER} .tool textarea"
    reader.there(box)
    before = reader.browser.evaluate(HEIGHT.format(box))
    reader.write(box, "a line\n" * 12)
    reader.is_true(f"{HEIGHT.format(box)} > {before} * 1.5")
    (talk,) = reader.ollama.talk()
    reader.click(f"{ANSWER} [data-t='tool.send']")
    assert talk.asked.wait(PATIENCE_S)
    talk.say("Seen.")
    talk.end()
    reader.see(f"{ANSWER} > .body", "Seen.")


def chat_list(reader: Reader) -> None:
    reader.is_answered("About otters", "They hold hands.")
    reader.click("#new-chat")
    reader.is_answered("About badgers", "They dig.")
    reader.browser.press("#side-toggle")
    rows = "[...document.querySelectorAll('.chat-title')].map((title) => title.textContent.trim())"
    reader.is_true(f"{rows}.length >= 2")
    reader.write(".chats-head input", "hold HANDS")
    reader.is_true(f"{rows}.every((title) => title === 'About otters')")
    reader.click(".chat-open")
    reader.see(".turn.assistant > .body", "They hold hands.")
    reader.browser.reload()
    reader.see(".turn.assistant > .body", "They hold hands.")


def picker(reader: Reader) -> None:
    reader.see("#model-name", "talker:3b")
    reader.browser.press("#model-button")
    reader.there("#model-options .option")
    reader.write("#model-panel input", "think")
    reader.is_true("document.querySelectorAll('#model-options .option').length === 1")
    reader.browser.press("#model-options .option")
    reader.see("#model-name", "thinker:8b")
    reader.browser.evaluate("(localStorage.removeItem('tornado-ollama.models'), true)")


def settings(reader: Reader) -> None:
    reader.click("#settings-button")
    reader.there("#settings[open]")
    reader.write("#setting-temperature", "0.5")
    reader.click("#settings header button")
    talk = reader.is_answered("Steady?", "Yes.")
    assert talk.request["options"] == {"temperature": 0.5}
    reader.is_true("document.querySelector('#settings-button[data-changed]')")
    reader.browser.evaluate("(localStorage.removeItem('tornado-ollama.settings'), true)")


def chat_settings(reader: Reader) -> None:
    reader.click("#settings-button")
    reader.there("#settings[open]")
    reader.click("#settings input[name='scope'][value='chat']")
    reader.write("#setting-system", "Answer in rhymes.")
    reader.write("#setting-repeat_penalty", "1.2")
    reader.click("#settings header button")
    reader.see("#own-settings", "Answer in rhymes.")
    talk = reader.is_answered("Hello.", "Mellow.")
    assert talk.request["messages"][0] == {"role": "system", "content": "Answer in rhymes."}
    assert talk.request["options"] == {"repeat_penalty": 1.2}
    reader.click(f"{ANSWER} [data-t-label='turn.more']")
    reader.click("#popup-menu .menu-row:has([data-t='turn.fork'])")
    reader.see("#toast", "This is a copy.")
    reader.see("#own-settings", "Answer in rhymes.")


def gauge(reader: Reader) -> None:
    loaded = {"name": "talker:3b", "model": "talker:3b", "context_length": 50}
    reader.ollama.on("/api/ps", json_reply({"models": [loaded]}))
    reader.is_answered("Much?", "Very much.")
    reader.see("#context", "92%")
    reader.is_true("document.querySelector('#context[data-full]')")


def fitting(reader: Reader) -> None:
    loaded = {"name": "talker:3b", "model": "talker:3b", "context_length": 1000}
    reader.ollama.on("/api/ps", json_reply({"models": [loaded]}))
    reader.is_answered("Hello.", "Hi.")
    reader.write("#message", "word " * 900)
    reader.see("#fits", "This message does not fit.")
    (talk,) = reader.ollama.talk()
    reader.click("#fits [data-t='action.summary']")
    assert talk.asked.wait(PATIENCE_S)
    talk.say("They greeted.")
    talk.end()
    reader.see("#own-settings", "They greeted.")
    reader.write("#message", "")


def prompts(reader: Reader) -> None:
    kept = "localStorage.setItem('tornado-ollama.prompts', "
    prompt = '[{"name":"Explain","text":"Explain {{what}}."}]'
    reader.browser.evaluate(f"({kept}{prompt!r}), true)")
    reader.write("#message", "/exp")
    reader.see("#prompts .option", "Explain")
    chosen = "document.querySelector('#prompts .option')"
    reader.browser.evaluate(f"({chosen}.dispatchEvent(new PointerEvent('pointerdown')), true)")
    reader.write("#ask .place textarea", "tides")
    reader.click("#ask .button.main")
    reader.is_true("document.querySelector('#message').value === 'Explain tides.'")
    reader.write("#message", "")


def tags(reader: Reader) -> None:
    reader.is_answered("About otters", "They hold hands.")
    reader.browser.press("#side-toggle")
    reader.click(".chat-row .icon-button")
    reader.click("#popup-menu .menu-row:has([data-t='tags.title'])")
    reader.write("#ask input", "sea")
    reader.click("#ask .button.main")
    reader.see("#chats .tag-row", "#sea")
    reader.click("#chats .tag-row button")
    reader.see(".chat-row .chat-tags", "#sea")
    reader.is_true("document.querySelectorAll('.chat-row').length === 1")


def temporary(reader: Reader) -> None:
    reader.click("#menu .menu-row:has([data-t='temporary.menu'])")
    reader.there(".temporary")
    reader.is_answered("Secret.", "Hidden.")
    reader.browser.reload()
    until(reader.browser, READY)
    reader.is_true("document.querySelectorAll('.turn').length === 0")


def side_by_side(reader: Reader) -> None:
    reader.browser.press("#model-button")
    reader.is_true("document.querySelector('#model-options .option')")
    reader.click(".panel-foot button")
    reader.write("#model-panel input", "thinker")
    reader.click("#model-options .option")
    reader.see("#second-model", "thinker:8b")
    talks = reader.ollama.talk(2)
    reader.write("#message", "Why?")
    reader.browser.press("#send")
    for talk in talks:
        assert talk.asked.wait(PATIENCE_S)
    by_name = {talk.request["model"]: talk for talk in talks}
    by_name["thinker:8b"].say("Therefore.")
    by_name["talker:3b"].say("Because.")
    is_wide = reader.browser.evaluate("innerWidth > 900")
    both = "[...document.querySelectorAll('.beside > section')]"
    reader.is_true(f"{both}.filter((one) => one.checkVisibility()).length === {1 + is_wide}")
    if not is_wide:
        reader.see(".beside-turns", "writing")
        reader.click(".beside-turns button:last-of-type")
    reader.there(".beside > section:last-of-type")
    reader.see(".beside > section:last-of-type .turn > .body", "Therefore.")
    reader.click(".beside > section:last-of-type .ends button")
    assert by_name["thinker:8b"].left.wait(PATIENCE_S)
    by_name["talker:3b"].end()
    until(reader.browser, IDLE)
    reader.browser.reload()
    until(reader.browser, READY)
    reader.see(".beside > section:first-of-type .turn > .body", "Because.")
    assert reader.browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reader.click(".beside > section:last-of-type [data-t='beside.choose']")
    reader.see(".turn.assistant .branch", "2/2")
    reader.see(".turn.assistant > .body", "Therefore.")


def themes(reader: Reader) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    reader.click("#menu input[name='theme'][value='light']")
    light = reader.browser.evaluate(paper)
    reader.click("#menu input[name='theme'][value='dark']")
    reader.is_true(f"{paper} !== {light!r}")
    reader.is_answered("Wide?", "word" * 200 + "\n\n```\n" + "x" * 400 + "\n```")
    assert reader.browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reader.click("#menu input[name='theme'][value='auto']")


def accessibility(reader: Reader) -> None:
    reader.is_answered("Hear?", "Yes.")
    reader.see("#announcer", "The answer is complete.")
    nameless = """[...document.querySelectorAll('button, textarea, input')].filter((node) =>
        !(node.getAttribute('aria-label') || node.textContent.trim() || node.labels?.length))"""
    assert reader.browser.evaluate(f"{nameless}.length") == 0
    assert reader.browser.evaluate("document.querySelector('#transcript').role") == "log"
    assert reader.browser.evaluate("document.activeElement.id") == "message"


def languages(reader: Reader) -> None:
    reader.click("#menu input[name='language'][value='zh-CN']")
    reader.is_true("document.documentElement.lang === 'zh-CN'")
    assert reader.browser.evaluate("document.querySelector('#message').placeholder") == "输入消息"
    reader.click("#menu input[name='language'][value='en']")
    reader.is_true("document.documentElement.lang === 'en'")


def failures(reader: Reader) -> None:
    missing = b'{"error":"model \'talker:3b\' not found"}'
    reader.ollama.on("/api/chat", Reply(missing, 404))
    reader.write("#message", "There?")
    reader.browser.press("#send")
    reader.see(".failure .what", "The server does not have talker:3b.")
    reader.there(".failure .ends .button")


POINTS: list[Callable[[Reader], None]] = [
    *(
        composer,
        feedback,
        markdown,
        scrolling,
        stopping,
        next_message,
        messages,
        edits,
        prompts,
        tags,
        temporary,
        thinking_and_tools,
        chat_list,
    ),
    *(
        picker,
        side_by_side,
        settings,
        chat_settings,
        gauge,
        fitting,
        themes,
        accessibility,
        languages,
        failures,
    ),
]
BROWSERS = ("firefox", "webkit")


def try_point(
    point: Callable[[Reader], None], browser: Browser, ollama: ScriptedOllama, gateway: Gateway
) -> None:
    """Tries a point on the page, as soon as it is ready."""
    reader = Reader(browser, ollama, gateway)
    browser.open(gateway.url)
    until(browser, READY)
    reader.see("#model-name", ":")
    point(reader)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_in_other_browsers_too(
    browser: Browser,
    ollama: ScriptedOllama,
    other_gateway: Gateway,
    point: Callable[[Reader], None],
) -> None:
    try_point(point, browser, ollama, other_gateway)


@pytest.mark.parametrize("browser", BROWSERS, indirect=True)
def test_the_token_in_other_browsers_too(
    browser: Browser, ollama: ScriptedOllama, closed_gateway: Gateway
) -> None:
    reader = Reader(browser, ollama, closed_gateway)
    browser.open(closed_gateway.url)
    reader.there("#token-dialog[open]")
    browser.type("#token", TOKEN)
    browser.press("#token-dialog [type='submit']")
    reader.is_true("!document.querySelector('#token-dialog').open")
    reader.is_answered("May I?", "You may.")
    holds = f"(store) => JSON.stringify({{...store}}).includes({TOKEN!r})"
    assert browser.evaluate(f"[sessionStorage, localStorage].map({holds})") == [True, False]
    assert TOKEN not in browser.evaluate("location.href")
