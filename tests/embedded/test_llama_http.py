"""`embedded.llama_http`: what llama.cpp complains of is told without its words, which quote."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backend import Backend, json_reply
from tornado_ollama.embedded.llama_http import LlamaClient
from tornado_ollama.embedded.refusal import Refusal

pytestmark = pytest.mark.gen_test

QUOTING = (
    "[json.exception.parse_error.101] parse error at line 1, column 32: invalid string; "
    "last read: '\"<|im_start|>user\\ncanary prompt"
)
OF_A_FIELD = "Field 'temperature': [json.exception.type_error.302] type must be number: canary"
OF_NONE = "Field 'canary prompt': is not known"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (QUOTING, "llama.cpp answered with status {}"),
        (OF_A_FIELD, "llama.cpp does not take this value of 'temperature'"),
        (OF_NONE, "llama.cpp answered with status {}"),
        (["canary"], "llama.cpp answered with status {}"),
    ],
)
async def test_no_error_quotes_a_prompt(
    backend: Backend, streamed: bool, status: int, message: Any, expected: str
) -> None:
    backend.on("/completion", json_reply({"error": {"message": message}}, status))
    client = LlamaClient(backend.url, "key")
    with pytest.raises(Refusal) as refusal:
        if streamed:
            async for _ in client.stream("/completion", {}):
                pass
        else:
            await client.post("/completion", {})
    assert (refusal.value.status, refusal.value.message) == (status, expected.format(status))
