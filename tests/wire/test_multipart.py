"""`wire.multipart`: a bound credential cannot hide a model's name in a form."""

from __future__ import annotations

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.multipart import named_models_in_form

TYPE = "multipart/form-data; boundary=xyz"


def form(*parts: tuple[str, str]) -> bytes:
    body = b""
    for disposition, value in parts:
        body += (
            f"--xyz\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n".encode()
        )
    return body + b"--xyz--\r\n"


def test_the_model_of_a_form_is_found() -> None:
    body = form(('name="file"; filename="a.wav"', "RIFF"), ('name="model"', "whisper"))
    assert named_models_in_form(TYPE, body) == ["whisper"]


def test_all_models_of_a_form_are_found_in_any_case() -> None:
    body = form(('name="model"', "a"), ('name="MODEL"', "b"), ("name=model", "c"))
    assert named_models_in_form(TYPE, body) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (TYPE, b""),
        (TYPE, b"not a form"),
        (TYPE, form(('name="file"', "x"))),
        ("multipart/form-data", form(('name="model"', "a"))),
        ("multipart/form-data; boundary=other", form(('name="model"', "a"))),
        (TYPE, form(('name="model"', "a"))[:-10]),
    ],
)
def test_a_form_without_a_model_or_end_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadRequest):
        named_models_in_form(content_type, body)
