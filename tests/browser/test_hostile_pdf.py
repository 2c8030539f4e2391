"""A PDF is taken apart in a frame that reaches nothing, and one that never ends is ended."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from . import hostile_pdfs, pdfs
from .conftest import went_well
from .gateway import Gateway
from .ollama import ScriptedOllama
from .profiles import Profiles
from .test_attachments import png
from .test_preview import held_frame, trap
from .trap import Trap

__all__ = ["trap"]

READ = """async ([base64, asPictures, isShort]) => {
    const home = document.querySelector('link[rel=icon]').href;
    const { readPdf, PdfText, PdfPictures } = await import(new URL('js/chat/pdf_reading.js', home));
    const wait = window.setTimeout;
    let silences = 0;
    window.setTimeout = (work, ms) => {
        const isOver = isShort && ms === 30_000 && (silences += 1) > 1;
        return wait(work, isOver ? 300 : ms);
    };
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const { signal } = new AbortController();
    try {
        const wanted = asPictures ? new PdfPictures(2, () => {}) : new PdfText(400_000, () => {});
        const { text, pictures } = await readPdf(bytes, wanted, signal);
        return text ?? `pictures: ${pictures.length}`;
    } catch (error) {
        return error.message;
    } finally {
        window.setTimeout = wait;
    }
}"""
"""The text of a file, or why there is none. `isShort`: a frame that has said how many pages there
are may be silent for 300 ms then."""

ENDS = ("--- page 1 of 1 ---", "pictures: ", "broken", "slow")


def read(page: Any, data: bytes, as_pictures: bool = False, is_short: bool = False) -> str:
    return str(page.evaluate(READ, [base64.b64encode(data).decode(), as_pictures, is_short]))


def every_way(files: dict[str, bytes]) -> Iterator[tuple[str, bytes, bool]]:
    """Each file with its name and whether it is read as pictures: as text and as pictures, or only
    as pictures where nothing is wrong with its text. Of all around that, drawing reads more."""
    for name, data in files.items():
        for as_pictures in [True] if hostile_pdfs.has_good_text(data) else [False, True]:
            yield name, data, as_pictures


def is_well(page: Any) -> bool:
    """Whether the page reads a good file afterwards, and nothing is left of the ones before."""
    found = read(page, pdfs.pdf("Good"))
    left = "[window.pwned, {}.pwned, document.querySelectorAll('iframe').length]"
    return found == "--- page 1 of 1 ---\nGood\n\n" and page.evaluate(left) == [None, None, 0]


@pytest.fixture
def reader(
    request: pytest.FixtureRequest,
    profiles: Profiles,
    ollama: ScriptedOllama,
    open_gateway: Gateway,
) -> Iterator[Any]:
    """The page, in which breaches of a policy are what is wanted."""
    page = profiles.take(open_gateway.url).open(open_gateway.url)
    page.goto(open_gateway.url)
    page.wait_for_selector(".tries button")
    yield page
    profiles.leave(in_order=went_well(request))


@pytest.mark.parametrize("kind", ["reaching", "loops", "broken"])
def test_hostile_files_reach_nobody_and_end_in_text_or_words(
    reader: Any, trap: Trap, kind: str
) -> None:
    address = reader.url
    opened: list[Any] = []
    asked: list[str] = []
    for event in ("dialog", "download", "popup"):
        reader.on(event, lambda one: opened.append(one))
    reader.on("request", lambda request: asked.append(request.url))
    files = {
        "reaching": lambda: hostile_pdfs.reaching(trap.url),
        "loops": hostile_pdfs.loops,
        "broken": hostile_pdfs.broken,
    }[kind]()
    with held_frame(reader, "pdf"):
        for name, data, as_pictures in every_way(files):
            assert read(reader, data, as_pictures).startswith(ENDS), (name, as_pictures)
            assert reader.url == address, (name, as_pictures)
            assert trap.reached == [], (name, as_pictures)
    assert is_well(reader)
    assert opened == []
    # The page itself looks now and then how the gateway is, and which models are in memory.
    own = (*(f"{address}{path}" for path in ("static/", "health", "api/ps")), "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert reader.evaluate("[document.cookie, localStorage.length]") == ["", 0]
    # Whatever was sent before this has arrived.
    control = reader.context.new_page()
    control.goto(f"{trap.url}/control")
    assert [path for path in trap.reached if path != "/favicon.ico"] == ["/control"]


@pytest.mark.parametrize("name", hostile_pdfs.heavy())
def test_a_file_that_becomes_gigabytes_or_never_ends_is_ended(reader: Any, name: str) -> None:
    for _, data, as_pictures in every_way({name: hostile_pdfs.heavy()[name]}):
        assert read(reader, data, as_pictures, is_short=True).startswith(ENDS), as_pictures
    assert is_well(reader)


def test_the_frame_has_no_storage_no_parent_and_no_network(reader: Any, trap: Trap) -> None:
    reader.evaluate(
        """() => {
            const home = document.querySelector('link[rel=icon]').href;
            const frame = document.createElement('iframe');
            frame.src = new URL('frames/pdf.html', home);
            frame.sandbox = 'allow-scripts';
            document.body.append(frame);
            return new Promise((resolve) => { frame.onload = resolve; });
        }"""
    )
    [frame] = [one for one in reader.frames if one.parent_frame]
    for reach in (
        *("localStorage", "sessionStorage", "document.cookie", "parent.document", "top.name"),
        *("frameElement.id", "navigator.serviceWorker.ready.x"),
    ):
        attempt = f"(() => {{ try {{ {reach}; return 0 }} catch (e) {{ return e.name }} }})()"
        assert frame.evaluate(attempt) in ("SecurityError", "TypeError"), reach
    fetched = "fetch({!r}).then(() => 'fetched', (error) => error.name)"
    assert frame.evaluate(fetched.format(trap.url)) == "TypeError"
    worker = (
        "new Promise((resolve) => { new Worker(URL.createObjectURL(new Blob([`"
        + fetched.format(trap.url)
        + ".then(postMessage)`]))).onmessage = ({ data }) => resolve(data); })"
    )
    assert frame.evaluate(worker) == "TypeError"
    assert trap.reached == []


SAY = """async ([home, said, asPictures]) => {
    // A frame that was taken over says what it likes.
    const real = HTMLIFrameElement.prototype.__lookupGetter__('contentWindow');
    Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', {
        configurable: true,
        get: () => ({
            postMessage: (_, __, [port]) => {
                window.heard = [];
                const tables = said.filter((one) => one?.kind === 'table').length;
                port.onmessage = ({ data }) => {
                    window.heard.push(data.table && data.table.length);
                    if (window.heard.length === tables) port.postMessage({ kind: 'failed' });
                };
                for (const one of said) {
                    const bytes = one?.content?.bytes;
                    port.postMessage(bytes ? { ...one, content: new Uint8Array(bytes) } : one);
                }
            },
        }),
    });
    const { readPdf, PdfText, PdfPictures } = await import(new URL('js/chat/pdf_reading.js', home));
    const { signal } = new AbortController();
    try {
        const wanted = asPictures ? new PdfPictures(2, () => {}) : new PdfText(1_000, () => {});
        const { text, pictures } = await readPdf(new Uint8Array(1), wanted, signal);
        return text ?? `pictures: ${pictures.length}`;
    } catch (error) {
        return error.message;
    } finally {
        Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', {
            configurable: true, get: real,
        });
    }
}"""

PAGES_2 = {"kind": "pages", "pages": 2}


def say(page: Any, *said: Any, as_pictures: bool = False) -> str:
    home = page.get_attribute("link[rel=icon]", "href")
    address = page.evaluate(f"new URL({home!r}, location).href")
    return str(page.evaluate(SAY, [address, said, as_pictures]))


FORBIDDEN: list[list[Any]] = [
    [None],
    ["text"],
    [{"kind": "done"}],
    [{"kind": "pages", "pages": -1}],
    [{"kind": "pages", "pages": "2"}],
    [PAGES_2, PAGES_2],
    [{"kind": "page", "number": 1, "content": "early"}],
    [PAGES_2, {"kind": "page", "number": 2, "content": "not the first"}],
    [PAGES_2, {"kind": "page", "number": 1, "content": "x"}, {"kind": "done"}],
    [{"kind": "failed", "why": "<img src=x>"}],
]


def test_what_a_frame_may_not_say_is_a_broken_file(reader: Any) -> None:
    for said in FORBIDDEN:
        assert say(reader, *said) == "broken", said


def test_a_text_from_the_frame_is_words_without_control_characters_and_has_a_bound(
    reader: Any,
) -> None:
    page = {"kind": "page", "number": 1, "content": "\x00\x1b[31mred\x07\tand\nmore"}
    other = {"kind": "page", "number": 2, "content": {"toString": 1}}
    assert say(reader, PAGES_2, page, other, {"kind": "done"}) == (
        "--- page 1 of 2 ---\n[31mred\tand\nmore\n\n--- page 2 of 2, cannot be read ---\n\n\n"
    )
    long = say(reader, PAGES_2, {**page, "content": "é" * 5_000}, {**page, "number": 2})
    assert len(long.encode()) in (999, 1_000)


def test_the_frame_is_given_tables_of_the_library_only(reader: Any) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    good = "GBK-EUC-H.bcmap"
    bad = ["../../api/tags", f"..%2F{good}", f"{good}?x", "/api/tags", 7, None, "a.html", "x" * 999]
    assert say(reader, *({"kind": "table", "name": name} for name in [*bad, good])) == "broken"
    heard = reader.evaluate("heard")
    assert heard[:-1] == [None] * len(bad) and heard[-1] > 1_000
    assert [url.split("/vendor/")[1] for url in asked if "/vendor/pdf/tables" in url] == [
        f"pdf/tables/{good}"
    ]
    assert [url for url in asked if "/api/" in url] == []


PICTURES = {
    "good": (png(10, 10), "pictures: 1"),
    "wide": (png(1_537, 1), "broken"),
    "high": (png(1, 40_000), "broken"),
    "cut": (png(1, 1)[:20], "broken"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='parent.pwned=1'/>", "broken"),
}


def test_a_picture_from_the_frame_is_a_png_of_the_size_that_was_asked_for(reader: Any) -> None:
    pages = {"kind": "pages", "pages": 1}
    for name, (picture, taken) in PICTURES.items():
        page = {"kind": "page", "number": 1, "content": {"bytes": list(picture)}}
        assert say(reader, pages, page, {"kind": "done"}, as_pictures=True) == taken, name
    assert reader.evaluate("window.pwned") is None
