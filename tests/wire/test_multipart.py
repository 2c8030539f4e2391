"""`wire.multipart`: a bound credential cannot hide a model's name in a form."""

from __future__ import annotations

import quopri
import re
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.multipart import MAX_PARTS, named_models_in_form

TYPE = "multipart/form-data; boundary=xyz"


def part(head: str, value: str) -> bytes:
    return f"--xyz\r\n{head}\r\n\r\n{value}\r\n".encode()


def form(*parts: tuple[str, str]) -> bytes:
    fields = [part(f"Content-Disposition: form-data; {name}", value) for name, value in parts]
    return b"".join(fields) + b"--xyz--\r\n"


ONE = form(('name="model"', "a"))


def test_the_model_of_a_form_is_found() -> None:
    body = form(('name="file"; filename="a.wav"', "RIFF"), ('name="model"', "whisper"))
    assert named_models_in_form(TYPE, "", body) == ["whisper"]


def test_all_models_of_a_form_are_found_in_any_case() -> None:
    body = form(('name="model"', "a"), ('name="MODEL"', "b"), ("name=model", "c"))
    assert named_models_in_form(TYPE, "", body) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "content_type",
    [
        "Multipart/Form-Data;boundary=xyz",
        'multipart/form-data ; Boundary="xyz"',
        "multipart/form-data; charset=utf-8; boundary=xyz",
    ],
)
def test_the_boundary_may_be_written_in_some_ways(content_type: str) -> None:
    assert named_models_in_form(content_type, "", ONE) == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        ONE[:-2],  # RFC 2046: the last CRLF is not the form's
        part('content-disposition: Form-Data; name="model"', "a") + b"--xyz--",
        part('Content-Disposition: form-data; filename="ä;.wav"; name="file"', "x") + ONE,
        part("Content-Disposition: form-data; name=f; filename*=utf-8''%C3%A4.wav", "x") + ONE,
        part('Content-Type: audio/wav\r\nContent-Disposition: form-data; name="f"', "x") + ONE,
        part('Content-Disposition: form-data; name="f"\r\nContent-Transfer-Encoding: Binary', "")
        + ONE,
        part('Content-Disposition: form-data; name="f"', "\r\n\r\n--xy\n\rz--\r\r\n\x00") + ONE,
    ],
)
def test_forms_as_clients_write_them_are_read(body: bytes) -> None:
    assert named_models_in_form(TYPE, "", body) == ["a"]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=other",
        "multipart/form-data; boundary=xyz; boundary=abc",
        "multipart/form-data; boundary=xyz; Boundary=xyz",
        "multipart/form-data; boundary=xyz; boundary*=utf-8''abc",
        "multipart/form-data; boundary=xyz; boundary*0=abc",
        r'multipart/form-data; boundary="x\yz"',
        "multipart/form-data; boundary=xyz, multipart/form-data; boundary=abc",
        "multipart/form-data; boundary=xyz;",
        "multipart/form-data boundary=xyz",
        "multipart/form-datax; boundary=xyz",
        "multipart/mixed; boundary=xyz",
        "text/plain; x=multipart/form-data; boundary=xyz",
        "mult\u0130part/form-data; boundary=xyz",  # Go lowers this one to an i
        f"multipart/form-data; boundary={'x' * 71}",
    ],
)
def test_a_content_type_that_could_be_read_otherwise_is_refused(content_type: str) -> None:
    boundary = re.search(r"x{71}|xyz", content_type)
    body = ONE.replace(b"xyz", boundary[0].encode() if boundary else b"")
    with pytest.raises(BadRequest):
        named_models_in_form(content_type, "", body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a form",
        b"--xyz--\r\n",
        form(('name="file"', "x")),
        ONE[:-10],
        b"preamble\r\n" + ONE,
        b"\r\n" + ONE,
        b'{"model": "a"}\r\n' + ONE,
        ONE + b"epilogue",
        ONE + b"\r\n",
        ONE + ONE,
        ONE[:-4],
        ONE.replace(b"xyz\r\n", b"xyz \r\n"),
        ONE.replace(b"xyz\r\n", b"xyz\n"),
        ONE.replace(b"\r\n", b"\n"),
        ONE.replace(b"\r\n\r\n", b"\r\n \r\n\r\n"),
        ONE.replace(b"\r\n\r\n", b"\r\n"),
        ONE.replace(b"\r\na\r\n", b"\r\n"),
        form(('name="file"', "--xyz"), ('name="model"', "a")),
        form(('name="file"', "x\n--xyz\n"), ('name="model"', "a")),
        form(('name="file"', "x\r--xyz--\r"), ('name="model"', "a")),
        form(('name="file"', "x\r\n--xyzz"), ('name="model"', "a")),
        form(('name="model"', "a" * 5000)),
        ONE.replace(b"a\r\n", b"\xff\r\n"),
        form(*[("name=x", "")] * MAX_PARTS, ('name="model"', "a")),
        part("X: " + "x" * 9000 + "\r\nContent-Disposition: form-data; name=x", "") + ONE,
    ],
)
def test_a_form_that_could_be_read_otherwise_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        named_models_in_form(TYPE, "", body)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Disposition: form-data; name*=utf-8''model",
        "Content-Disposition: form-data; name=x; name*=utf-8''model",
        "Content-Disposition: form-data; name*0=mod; name*1=el",
        'Content-Disposition: form-data; name=x; name="model"',
        r'Content-Disposition: form-data; name="m\odel"',
        r'Content-Disposition: form-data; filename="a\"; name=\"x"; name="b',
        'Content-Disposition: form-data; name=x; filename="a',
        "Content-Disposition: form-data; name='mo del'",
        "Content-Disposition: form-data; name = model",
        "Content-Disposition: form-data; name=x;",
        "Content-Disposition: form-data name=x",
        "Content-Disposition: attachment; name=x",
        "Content-Disposition: form-data",
        "Content-Disposition : form-data; name=x",
        "Content-Disposition: form-data; name=x\r\nContent-Disposition: form-data; name=model",
        "Content-Disposition: form-data; name=x\r\n ; name=model",
        "Content-Disposition: form-data; name=x\rContent-Disposition: form-data; name=model",
        "Content-Disposition: form-data; name=x\nContent-Disposition: form-data; name=model",
        "Content-Disposition: form-data;\n name=x",
        "Content-Type: audio/wav",
        "Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: quoted-printable",
        "Content-Disposition: form-data; name=x\r\ncontent-transfer-encoding:base64",
        "Content-Disposition: form-data; name=x\r\nno header",
        "",
    ],
)
def test_a_part_whose_name_could_be_read_otherwise_is_refused(head: str) -> None:
    with pytest.raises(BadRequest):
        named_models_in_form(TYPE, "", part(head, "hidden") + ONE)


def test_fields_in_the_query_are_refused() -> None:
    with pytest.raises(BadRequest):
        named_models_in_form(TYPE, "model=hidden", ONE)


def test_a_large_file_is_not_copied_nor_read_twice() -> None:
    body = form(('name="file"', "\r\n--xy" * 1_000_000), ('name="model"', "a"))
    assert named_models_in_form(TYPE, "", body) == ["a"]


# -- nobody sees more than we do ------------------------------------------------------------------

FRAGMENTS = [
    *(b"--xyz", b"--xyz--", b"--xyz--\r\n", b"\r\n--xyz\r\n", b"\n--xyz\n", b"\r--xyz\r"),
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b"\r\n\r\n", b"--", b"\x00", b"\xff"),
    *(b"Content-Disposition: form-data", b"content-disposition:form-data", b"; ", b";"),
    *(b'name="model"', b"name=model", b'name="x"', b"name*=utf-8''model", b'filename="a"'),
    *(b"Content-Transfer-Encoding: quoted-printable", b"=6Dodel", b"a", b"b", b'"', b"\\"),
    part('Content-Disposition: form-data; name="model"', "b"),
    part('Content-Disposition: form-data; name="file"', "x"),
]
NEW_LINES = [rb"\r\n", rb"\r?\n", rb"(?:\r\n|\n|\r)"]


def lenient_models(body: bytes, new_line: bytes) -> set[bytes]:
    """The models that a forgiving reader could find, which takes these line ends."""
    found = set()
    delimiter = rb"(?:\A|" + new_line + rb")--xyz(?:--)?[ \t]*(?=" + new_line + rb"|\Z)"
    for piece in re.split(delimiter, body)[1:]:
        halves = re.split(new_line + rb"[ \t]*" + new_line, piece, maxsplit=1)
        if len(halves) < 2:
            continue
        head = re.sub(new_line + rb"[ \t]+", b" ", halves[0]).replace(b"\\", b"")
        if re.search(rb"name\*?\s*=\s*(?:utf-8'')?\"?model\b", head, re.I):
            encoded = re.search(rb"quoted-printable", head, re.I)
            found.add(quopri.decodestring(halves[1]) if encoded else halves[1])
    return found


def models_by_email(body: bytes) -> set[bytes]:
    """The models that Python's reader of mails finds."""
    mail = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + TYPE.encode() + b"\n\n" + body)
    names = ("model", ("utf-8", "", "model"))
    return {
        payload
        for found in mail.walk()
        if found.get_param("name", header="content-disposition") in names
        and isinstance(payload := found.get_payload(decode=True), bytes)
    }


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12), st.booleans())
@example([b"--xyz\r\n", b'content-disposition:form-data; name="x"', b"\r\n\r\n", b"a"], True)
@example([part("Content-Disposition: form-data; name=x", "\r--xyz\r")], True)
def test_no_other_reader_finds_a_model_that_was_not_seen(pieces: list[bytes], ended: bool) -> None:
    body = b"".join(pieces) + (ONE if ended else b"")
    try:
        seen = {model.encode() for model in named_models_in_form(TYPE, "", body)}
    except BadRequest:
        return
    for new_line in NEW_LINES:
        assert lenient_models(body, new_line) <= seen
    assert models_by_email(body) <= seen


@given(st.lists(st.tuples(st.sampled_from(["model", "x"]), st.binary(max_size=40)), max_size=5))
def test_any_value_passes_as_it_is_or_not_at_all(fields: list[tuple[str, bytes]]) -> None:
    body = b"".join(
        b'--xyz\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in [*fields, ("model", b"last")]
    )
    expected = [value for name, value in fields if name == "model"] + [b"last"]
    try:
        seen = named_models_in_form(TYPE, "", body + b"--xyz--")
    except BadRequest:
        assert any(not _is_text(value) for value in expected)
    else:
        assert [model.encode() for model in seen] == expected


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
