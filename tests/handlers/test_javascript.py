"""`handlers.javascript`: what is left out of the page's modules, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tornado_ollama.handlers.javascript import without_comments

MODULES = sorted((Path(__file__).parents[2] / "static" / "js").rglob("*.js"))


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("// one\n// two\nlet a;\n", "\n\nlet a;\n"),
        ("/** one\n    two */\nlet a; // three\n", "\n\nlet a; \n"),
        ("f(/** @type {A} */ (b), c);\n", "f( (b), c);\n"),
        ("let a = b / c; // d / e\n", "let a = b / c; \n"),
        ("/* ' */ let a = '/* b */'; // '\n", " let a = '/* b */'; \n"),
    ],
)
def test_comments_are_left_out_and_lines_keep_their_numbers(source: str, sent: str) -> None:
    assert without_comments(source) == sent


@pytest.mark.parametrize(
    "source",
    [
        "let a = 'http://a.example/';\n",
        'let a = "// \\" // b";\n',
        "let a = 'it\\'s // b';\n",
        "let a = `\n// b\n/* c */ \\` // d\n`;\n",
        "let a = `${b} // ${c / 2} /* d */`;\n",
        "let a = /[/*]\\/\\/ '/.test(b); let c = '//';\n",
        "let a = /^\\/\\*/g, b = /`'\"/;\n",
        "let a = b / c / d; let e = 'f // g';\n",
    ],
)
def test_what_only_looks_like_a_comment_stays(source: str) -> None:
    assert without_comments(source) == source


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_of_the_pages_modules_every_line_of_code_is_sent(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    pairs = list(zip(source.splitlines(), without_comments(source).splitlines(), strict=True))
    assert all(line.startswith(sent.rstrip()) or "/*" in line for line, sent in pairs)
    lost = [line.strip() for line, sent in pairs if line.strip() and not sent.strip()]
    inside = False
    for line in lost:
        inside = inside or line.startswith("/*")
        assert inside or line.startswith("//"), line
        inside = inside and not line.endswith("*/")
