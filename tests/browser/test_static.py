"""The page's files themselves: small, complete, and without anything the policy forbids."""

from __future__ import annotations

import gzip
import re

from .test_languages import STATIC

INDEX = (STATIC / "index.html").read_text(encoding="utf-8")
MODULES = sorted((STATIC / "js").glob("*.js"))
MAX_LINES = 250
FIRST_LOAD_BYTES = 105_000
"""Bodies, compressed; HTTP's headers come on top. Colours, formulas and fonts come later."""


def test_every_module_is_fetched_at_once_and_not_one_after_another() -> None:
    preloaded = set(re.findall(r'modulepreload" href="/static/js/([\w.]+)"', INDEX))
    here = {module.name for module in MODULES} - {"main.js", "early.js"}
    assert preloaded == here


def test_modules_stay_small() -> None:
    long = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in MODULES}
    assert {name: lines for name, lines in long.items() if lines > MAX_LINES} == {}


def test_nothing_makes_html_or_code_out_of_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
        r"|createContextualFragment|srcdoc|\.setAttribute\('on"
    )
    found = [file.name for file in MODULES if forbidden.search(file.read_text(encoding="utf-8"))]
    assert found == []
    assert not re.search(r"<script(?![^>]* src=)|\bon\w+=|\bstyle=|javascript:", INDEX)


def test_the_page_names_no_other_server() -> None:
    for file in [STATIC / "index.html", *MODULES, *sorted((STATIC / "css").glob("*.css"))]:
        addresses = re.findall(r"https?://[\w.-]+", file.read_text(encoding="utf-8"))
        # The names of XML namespaces, and the address in the recipe for a reverse proxy.
        assert set(addresses) <= {"http://www.w3.org", "http://127.0.0.1"}, file.name


def test_the_first_load_is_light() -> None:
    files = [
        STATIC / "index.html",
        *MODULES,
        *(STATIC / "css").glob("*.css"),
        STATIC / "i18n" / "en.json",
        STATIC / "favicon.svg",
    ]
    marked = STATIC / "vendor" / "marked.js"
    files += [marked] if marked.exists() else []
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) < FIRST_LOAD_BYTES
