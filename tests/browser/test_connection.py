"""Sockets that are lost, refused, or left by a reload: nothing is doubled, lost or hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import TOKEN
from .gateway import Gateway
from .ollama import ScriptedOllama, Talk
from .steps import LAST, answered, answering, ask, exchange, texts
from .test_token import give

WATCH = """window.sockets = [];
window.WebSocket = class extends WebSocket {
    constructor(...all) {
        if (window.noSockets) all[0] = all[0].toString().replace('/ws', '/static/nothing');
        super(...all);
        window.sockets.push(this);
    }
};"""

KEPT = """(text) => new Promise((resolve) => {
    indexedDB.open('tornado-ollama').onsuccess = ({ target }) => {
        target.result.transaction('messages').objectStore('messages').getAll().onsuccess =
            (got) => resolve(got.target.result.some((one) => one.content === text));
    };
})"""


def watched(page: Any) -> None:
    page.add_init_script(WATCH)


def watched_with_clock(page: Any) -> None:
    page.clock.install()
    watched(page)


def begun(page: Any, ollama: ScriptedOllama, words: str) -> Talk:
    """An answer under way, of which `words` are on the screen and stored."""
    talk = answering(page, ollama, "A long one.", words)
    while not page.evaluate(KEPT, words):
        page.wait_for_timeout(20)
    return talk


def test_an_answer_goes_on_after_its_connection_was_lost(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    talk = begun(page, ollama, "Before the cut,")
    page.evaluate("window.sockets.at(-1).close(4000)")
    talk.say(" during it")
    page.wait_for_selector(f"{LAST} .body:has-text('during it')")
    assert page.evaluate("window.sockets.length") == 2
    talk.say(" and after.")
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Before the cut, during it and after."
    assert len(ollama.chats()) == 1


def test_a_socket_that_went_silent_is_given_up_and_the_answer_goes_on(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    """A network that changed may leave a socket that seems open, and brings nothing any more."""

    page = open_page(before=watched_with_clock)
    talk = begun(page, ollama, "Before the silence,")
    page.evaluate("window.sockets.at(-1).onmessage = null")
    talk.say(" in it")
    page.clock.fast_forward(30_000)
    page.wait_for_selector(f"{LAST} .state:has-text('Connecting again')")
    page.clock.fast_forward(1_000)
    page.wait_for_selector(f"{LAST} .body:has-text('in it')")
    talk.say(" and after.")
    page.wait_for_selector(f"{LAST} .body:has-text('and after.')")
    assert page.evaluate("window.sockets.length") == 2
    assert len(ollama.chats()) == 1


def test_a_socket_that_answers_pings_is_kept(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched_with_clock)
    talk = begun(page, ollama, "Slow")
    for _ in range(12):
        page.clock.fast_forward(5_000)
        page.wait_for_timeout(20)
    assert page.evaluate("window.sockets.length") == 1
    talk.end()
    answered(page)


def test_a_chat_begun_while_the_socket_is_away_and_the_one_before_both_go_on(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    first = begun(page, ollama, "The first")
    page.evaluate("window.noSockets = true")
    page.evaluate("window.sockets.at(-1).close(4000)")
    page.wait_for_selector(f"{LAST} .state:has-text('Connecting again')")
    page.click("#new-chat")
    page.evaluate("window.noSockets = false")
    second = answering(page, ollama, "Another.", "The second")
    first.say(" goes on.")
    first.end()
    second.say(" too.")
    second.end()
    answered(page)
    assert texts(page)[-1] == "The second too."
    page.click("#side-toggle")
    page.click(".chat-open:has-text('A long one.')")
    page.wait_for_selector(f"{LAST} .body:has-text('The first goes on.')")


def test_the_wait_for_the_connection_is_said(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    talk = begun(page, ollama, "Before the cut")
    page.evaluate("window.noSockets = true")
    page.evaluate("window.sockets.at(-1).close(4000)")
    page.wait_for_selector(f"{LAST} .state:has-text('Connecting again')")
    page.evaluate("window.noSockets = false")
    page.wait_for_selector(f"{LAST} .state:has-text('Writing')")
    talk.end()
    answered(page)


def test_a_reload_in_the_middle_goes_on_where_it_was(page: Any, ollama: ScriptedOllama) -> None:
    talk = begun(page, ollama, "The first half,")
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('half,')")
    talk.say(" the second")
    page.wait_for_selector(f"{LAST} .body:has-text('the second')")
    talk.say(" half.")
    talk.end()
    answered(page)
    assert texts(page) == ["A long one.", "The first half, the second half."]
    page.wait_for_selector(f"{LAST} .foot:has-text('34 tokens')")


def test_what_ended_while_the_page_was_away_is_complete_afterwards(
    page: Any, ollama: ScriptedOllama
) -> None:
    talk = begun(page, ollama, "Alone")
    address = page.url
    page.goto("about:blank")
    talk.say(" to the end.")
    talk.end()
    page.goto(address)
    page.wait_for_selector(f"{LAST} .body:has-text('Alone to the end.')")
    answered(page)


def test_after_the_grace_what_arrived_is_kept_and_marked(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    talk = begun(page, ollama, "Only the beg")
    address = page.url
    page.goto("about:blank")
    assert talk.left.wait(10)
    page.goto(address)
    page.wait_for_selector(f"{LAST} .mark:has-text('interrupted')")
    assert texts(page)[-1] == "Only the beg"
    assert exchange(page, ollama, "Go on.", "inning.").request["messages"][1] == {
        "role": "assistant",
        "content": "Only the beg",
    }


def test_a_chat_that_cannot_be_taken_up_again_says_so(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway, before=watched)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    talk = begun(page, ollama, "Before the cut")
    page.evaluate("window.noSockets = true")
    page.evaluate("window.sockets.at(-1).close(4000)")
    assert talk.left.wait(10)
    page.evaluate("window.noSockets = false")
    page.wait_for_selector(f"{LAST} .failure:has-text('The connection was lost.')")
    assert texts(page)[-1] == "Before the cut"


def test_where_no_socket_gets_through_the_chat_goes_over_http(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    page.evaluate("window.noSockets = true")
    talk = answering(page, ollama, "Hello.", "Over")
    talk.say(" HTTP.")
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Over HTTP."
    page.hover(LAST)
    page.click(f"{LAST} [data-t-label='facts.show']")
    assert "the WebSocket was refused" in page.inner_text(f"{LAST} .facts")
    page.click(f"{LAST} .recipe summary")
    assert "proxy_set_header Upgrade $http_upgrade;" in page.inner_text(f"{LAST} .recipe pre")


def test_over_http_stop_frees_the_backend_and_failures_are_told(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched)
    page.evaluate("window.noSockets = true")
    talk = answering(page, ollama, "Hello.", "On and on")
    page.click("#send")
    assert talk.left.wait(10)
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
    (talk,) = ollama.talk()
    ask(page, "Again.")
    assert talk.asked.wait(10)
    talk.say("Half")
    talk.fail("model runner has unexpectedly stopped")
    page.wait_for_selector(f"{LAST} .failure:has-text('unexpectedly stopped')")


def test_a_page_without_tls_chats_too(
    open_page: Callable[..., Any], ollama: ScriptedOllama, lan_gateway: Gateway
) -> None:
    """Over plain HTTP from another machine a browser withholds the clipboard, locks and more."""
    page = open_page(gateway=lan_gateway)
    assert page.evaluate("!isSecureContext && !navigator.locks && !navigator.clipboard")
    exchange(page, ollama, "Hello.", "Hello.")
    page.hover(LAST)
    page.click(f"{LAST} [data-t-label='turn.copy']")
    page.wait_for_selector(f"{LAST} [data-t-label='copied']")


def test_without_tls_too_a_reload_in_the_middle_goes_on_where_it_was(
    open_page: Callable[..., Any], ollama: ScriptedOllama, lan_gateway: Gateway
) -> None:
    page = open_page(gateway=lan_gateway)
    talk = begun(page, ollama, "The first half,")
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('half,')")
    talk.say(" the second half.")
    talk.end()
    page.wait_for_selector(f"{LAST} .body:has-text('the second half.')")
    page.wait_for_selector(f"{LAST} .foot:has-text('34 tokens')")
    assert len(ollama.chats()) == 1


def test_without_tls_too_one_tab_follows_an_answer_and_another_takes_over_when_it_is_gone(
    open_page: Callable[..., Any], ollama: ScriptedOllama, lan_gateway: Gateway
) -> None:
    page = open_page(gateway=lan_gateway)
    talk = begun(page, ollama, "Begun")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(f"{LAST} .mark:has-text('another tab')")
    talk.say(" here")
    page.wait_for_selector(f"{LAST} .body:has-text('Begun here')")
    page.close()
    talk.say(" and ended there.")
    talk.end()
    other.wait_for_selector(f"{LAST} .body:has-text('Begun here and ended there.')")
    answered(other)


def test_a_socket_that_was_refused_is_tried_again_after_a_while(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=watched_with_clock)
    page.evaluate("window.noSockets = true")
    exchange(page, ollama, "Hello.", "Over HTTP.")
    page.evaluate("window.noSockets = false")
    opened = page.evaluate("window.sockets.length")
    exchange(page, ollama, "Hello.", "Over HTTP.")
    assert page.evaluate("window.sockets.length") == opened
    page.clock.fast_forward(61_000)
    exchange(page, ollama, "Hello.", "Over the socket.")
    assert page.evaluate("window.sockets.length") == opened + 1


SLOW = """{
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
        set onopen(run) { super.onopen = () => setTimeout(run, window.openMs ?? 0); }
        set onmessage(run) {
            super.onmessage = (message) => setTimeout(() => run(message), window.messageMs ?? 0);
        }
    };
}"""


def slow(page: Any) -> None:
    page.add_init_script(SLOW)


def test_an_answer_written_on_is_not_ended_by_the_stop_before(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=slow)
    first, second = ollama.talk(2)
    ask(page, "A long one.")
    assert first.asked.wait(10)
    first.say("The first half")
    page.wait_for_selector(f"{LAST} .body:has-text('The first half')")
    page.evaluate("window.messageMs = 300")
    page.click("#send")
    page.click(f"{LAST} .go-on")
    assert second.asked.wait(10)
    second.say(" and the second.")
    page.wait_for_selector(f"{LAST} .body:has-text('and the second.')")
    second.end()
    answered(page)
    assert page.locator(f"{LAST} .mark:has-text('stopped')").count() == 0


def test_stop_is_obeyed_while_an_answer_is_taken_up_again(
    open_page: Callable[..., Any], ollama: ScriptedOllama
) -> None:
    page = open_page(before=slow)
    talk = begun(page, ollama, "On and on")
    page.add_init_script("window.openMs = 1500")
    page.reload()
    page.wait_for_selector(f"{LAST} .state:has-text('Connecting again')")
    page.click("#send")
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")
    assert talk.left.wait(10)


def test_another_token_ends_what_ran_with_the_old_one(
    open_page: Callable[..., Any], closed_gateway: Gateway, ollama: ScriptedOllama
) -> None:
    page = open_page(gateway=closed_gateway)
    give(page, TOKEN)
    page.wait_for_selector(".tries button")
    talk = begun(page, ollama, "On and on")
    page.click("#menu-button")
    page.click("#menu .menu-row:has([data-t='token.menu'])")
    give(page, TOKEN)
    assert talk.left.wait(10)
    page.wait_for_selector(f"{LAST} .mark:has-text('stopped')")


def test_a_reload_in_the_middle_of_thoughts_goes_on_with_them(
    page: Any, ollama: ScriptedOllama
) -> None:
    (talk,) = ollama.talk()
    ask(page, "How many?")
    assert talk.asked.wait(10)
    talk.say("<think>One, two</th")
    page.wait_for_selector(f"{LAST} .thinking:visible")
    page.wait_for_timeout(50)
    while not page.evaluate(THOUGHT, "One, two"):
        page.wait_for_timeout(20)
    page.reload()
    page.wait_for_selector(f"{LAST} .thinking:visible")
    talk.say("ink>\n\nTwo.")
    talk.end()
    answered(page)
    assert texts(page)[-1] == "Two."


THOUGHT = KEPT.replace("one.content === text", "one.thinking === text")


def test_a_call_that_names_no_tool_does_not_break_the_page(
    page: Any, ollama: ScriptedOllama
) -> None:
    (talk,) = ollama.talk()
    ask(page, "Call something.")
    assert talk.asked.wait(10)
    talk.say("Hm.", tool_calls=[{}, {"function": {"arguments": {}}}])
    talk.end()
    answered(page)
    page.reload()
    page.wait_for_selector(f"{LAST} .body:has-text('Hm.')")
    assert page.locator(".tool").count() == 0
