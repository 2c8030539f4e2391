from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.model_names import admits, canonical, covers, matches, named_models

SAME = [
    "llama3",
    "llama3:latest",
    "LLaMA3",
    "llama3:LATEST",
    "library/llama3",
    "Library/llama3:latest",
    "registry.ollama.ai/library/llama3",
    "REGISTRY.ollama.ai/library/llama3:latest",
    "https://registry.ollama.ai/library/llama3",
    "http://registry.ollama.ai/library/llama3:latest",
    "https:///library/llama3",
    "/llama3",
    "//llama3",
    "registry.ollama.ai//llama3:",
    " library/llama3",
    "\u0085library/llama3:latest\t\n",
]


@pytest.mark.parametrize("name", SAME)
def test_all_spellings_of_a_model_are_one(name: str) -> None:
    assert canonical(name) == "llama3:latest"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llama3:8b-Q4", "llama3:8b-q4"),
        ("me/llama3", "me/llama3:latest"),
        ("registry.ollama.ai/me/llama3:1", "me/llama3:1"),
        ("hf.co/library/llama3", "hf.co/library/llama3:latest"),
        ("hf.co/me/llama3:Q8_0", "hf.co/me/llama3:q8_0"),
        ("localhost:5000/library/llama3", "localhost:5000/library/llama3:latest"),
        ("localhost:5000/library/llama3:1", "localhost:5000/library/llama3:1"),
        ("https://hf.co/me/llama3", "hf.co/me/llama3:latest"),
    ],
)
def test_what_differs_from_the_defaults_stays(name: str, expected: str) -> None:
    assert canonical(name) == expected


_PART = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,5}", fullmatch=True)
_NAMES = st.builds(
    lambda places, model, tag: "/".join((*places, model)) + tag,
    st.lists(_PART | st.sampled_from(["library"]), max_size=1)
    | st.tuples(_PART | st.sampled_from(["registry.ollama.ai", "hf.co", "host:1"]), _PART),
    _PART,
    st.just("") | _PART.map(":{}".format),
)


@given(_NAMES)
def test_a_canonical_name_is_its_own(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)
    assert matches(name, name.upper())


@given(_NAMES, _NAMES)
def test_a_glob_without_star_takes_in_one_model(glob: str, name: str) -> None:
    assert matches(glob, name) == (canonical(glob) == canonical(name))


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize(
    "glob",
    [
        *("*", "llama3", "Llama3:latest", "llama*", "*3", "l*a*3", "llama3:*", "*:latest"),
        *("library/llama3", "library/*", "registry.ollama.ai/**", "registry.ollama.ai/library/l*3"),
    ],
)
def test_a_glob_takes_in_every_spelling(glob: str, name: str) -> None:
    assert matches(glob, name)


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        ("llama3", "llama3:8b"),
        ("llama3", "llama33"),
        ("llama3", "me/llama3"),
        ("llama3:8b", "llama3"),
        ("*:8b", "llama3"),
        ("qwen*", "llama3"),
        ("library/*", "me/llama3"),
        ("llama3*", "llama3.evil.example/x/y"),
        ("llama3*", "llama3/anything"),
        ("registry.ollama.ai/*", "llama3"),
        ("hf.co/*", "hf.co/me/llama3"),
        ("*/*", "llama3"),
        ("*/*", "hf.co/me/llama3"),
        ("*/llama3", " library/llama3"),
        ("*:8b", "me/llama3:8b"),
        ("library/*", "hf.co/library/llama3"),
        ("library/*:8b", "me/llama3:8b"),
        ("registry.ollama.ai/*", "hf.co/me/llama3"),
        ("ab*ba", "aba"),
        ("a*b", "a:latest"),
        ("llama?", "llama3"),
        ("llama[3]", "llama3"),
        ("", "llama3"),
        ("*", "x" * 2000),
        ("*", "x" * 1020 + "\n" * 20),
    ],
)
def test_a_glob_leaves_out_other_models(glob: str, name: str) -> None:
    assert not matches(glob, name)


@pytest.mark.parametrize(
    ("glob", "name"),
    [
        *(("hf.co/**", "hf.co/me/llama3:q4"), ("hf**:q4", "hf.co/me/llama3:q4")),
        *(("**:8b", "me/llama3:8b"), ("hf.co/*/*:q*", "hf.co/me/llama3:q4"), ("me/*", "me/a:b")),
        *(("*", "hf.co/me/llama3"), ("**", "hf.co/me/llama3"), ("**/llama3", "me/llama3")),
    ],
)
def test_two_stars_go_over_slashes(glob: str, name: str) -> None:
    assert matches(glob, name)


CLOUD = ["gpt-oss:120b-cloud", "GPT-OSS:CLOUD", "me/gpt-oss:cloud", "hf.co/me/gpt-oss:x-cloud"]


@pytest.mark.parametrize("name", CLOUD)
@pytest.mark.parametrize("glob", ["gpt-oss*", "**gpt-oss:**", "gpt-oss:120b-*", "**:120b*", "**/*"])
def test_a_model_that_leaves_the_machine_is_not_admitted_unasked(glob: str, name: str) -> None:
    assert not admits(glob, name)


@pytest.mark.parametrize("name", CLOUD)
@pytest.mark.parametrize("glob", ["*", "**", "**:*cloud", "**gpt-oss:*Cloud"])
def test_a_glob_that_says_so_admits_models_that_leave_the_machine(glob: str, name: str) -> None:
    assert admits(glob, name)


def test_cloud_is_a_word_of_the_tag() -> None:
    assert (
        admits("cloudy*", "cloudy:8b") and admits("*", "a:mycloud") and admits("a:*", "a:mycloud")
    )
    assert admits("a:8b-cloud", "a:8b-cloud") and not admits("cloudy*", "cloudy:8b-cloud")


def test_many_stars_cost_no_more_than_the_length_of_the_name() -> None:
    assert not matches("*a" * 200 + "*b", "a" * 1000)


@pytest.mark.parametrize(
    "key",
    [
        *("model", "Model", "MODEL", "mOdEl", "name", "NAME", "from", "From"),
        *("source", "SOURCE", "\u017fource", "destination", "de\u017ftination", "DE\u017fTINATION"),
    ],
)
def test_every_spelling_of_a_key_that_go_accepts_names_a_model(key: str) -> None:
    assert named_models(json.dumps({key: "m"}).encode()) == ["m"]
    assert named_models(json.dumps({key: "m"}, ensure_ascii=False).encode()) == ["m"]


def test_a_key_written_in_escapes_names_a_model() -> None:
    assert named_models(rb'{"\u006dodel": "m"}') == ["m"]


def test_every_duplicate_is_seen() -> None:
    body = b'{"model": "a", "MODEL": "b", "model": "c", "name": "d", "from": "e"}'
    assert named_models(body) == ["a", "b", "c", "d", "e"]


def test_only_the_outermost_keys_name_models() -> None:
    body = b'{"tools": [{"function": {"name": "f"}}], "messages": [{"model": "n"}], "model": "m"}'
    assert named_models(body) == ["m"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "m"}{"model": "n"}',
        b' \t\r\n{"model": "m"} trailing',
        b'{"model": "m", "n": 1e999, "i": ' + b"9" * 5000 + b"}",
        b'{"model": "m", "prompt": "\xff\xfe"}',
        b'{"model": "m", "name": null, "source": 7, "from": ["x"]}',
    ],
)
def test_the_first_value_is_read_as_go_reads_it(body: bytes) -> None:
    assert named_models(body) == ["m"]


def test_a_body_may_name_no_model() -> None:
    assert named_models(b"{}") == []


def test_lone_surrogates_are_read_as_go_reads_them() -> None:
    assert named_models(rb'{"model": "\ud800m"}') == ["\ufffdm"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"  ", b"{", b"model", b"[1]", b'"model"', b"null", b"7", b"{'model': 1}"),
        *(b'\xef\xbb\xbf{"model": "m"}', b'\x00{"model": "m"}', b'\x0c{"model":"m"}'),
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        named_models(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        named_models(body)
    except BadRequest:
        pass


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), _VALUES, max_size=4), st.text(max_size=9))
def test_a_model_is_found_among_anything(others: dict[str, object], name: str) -> None:
    body = json.dumps({**others, "model": name}).encode()
    assert name.encode("utf-8", "replace").decode() in named_models(body)


@pytest.mark.parametrize(
    ("glob", "other", "expected"),
    [
        ("*", "llama3*", True),
        ("llama*", "llama3*", True),
        ("llama*", "llama3", True),
        ("llama3", "llama3:latest", True),
        ("llama3*", "llama3:8b", True),
        ("llama3:*", "llama3", True),
        ("*:latest", "llama3*", False),
        ("llama3", "llama3*", False),
        ("llama3", "*", False),
        ("a*b:*", "a*:8b", False),
        ("hf.co/*", "hf.co/**", False),
        ("hf.co/**", "hf.co/*/*", True),
        ("*", "**", True),
        ("**", "*", True),
        ("**:**", "*", False),
        ("a*", "a:8b-cloud", False),
        ("a*", "a:*cloud", False),
        ("a:*cloud", "a:8b-cloud", True),
    ],
)
def test_one_glob_covers_another(glob: str, other: str, expected: bool) -> None:
    assert covers(glob, other) is expected
