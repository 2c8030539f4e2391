"""A client that leaves stops the model: its slot is free for the next request."""

from __future__ import annotations

import json
import socket

import pytest

from tornado_ollama.embedded.engine import CONTEXT, SLOTS

from .model_process import MODEL, PATIENCE_S, Ollama

ENDLESS = {"num_predict": CONTEXT, "temperature": 1.5}


def begin(ollama: Ollama, **body: object) -> socket.socket:
    content = json.dumps({"model": MODEL, **body}).encode()
    connection = socket.create_connection((ollama.host, ollama.port), PATIENCE_S)
    head = (
        f"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    connection.sendall(head.encode() + content)
    return connection


@pytest.mark.parametrize("stream", [True, False])
def test_abandoned_answers_free_their_slots(ollama: Ollama, stream: bool) -> None:
    """Twice as many endless answers as there are slots: those that run are ended, those that
    wait never begin. Without that, the next answer would come after minutes."""
    prompt = "Write a very long story without an end."
    held = [begin(ollama, prompt=prompt, options=ENDLESS, stream=stream) for _ in range(2 * SLOTS)]
    if stream:
        assert held[0].recv(1000).startswith(b"HTTP/1.1 200")
    for connection in held:
        connection.close()
    reply = ollama.chat("Hi", options={"num_predict": 3, "seed": 1})
    waited = reply["total_duration"] - reply["prompt_eval_duration"] - reply["eval_duration"]
    # Eight endless answers take minutes on any machine that runs these tests.
    assert waited < 60e9


def test_a_prompt_abandoned_while_it_is_read_frees_its_slot(ollama: Ollama) -> None:
    begin(ollama, prompt="word " * 3500, options=ENDLESS).close()
    assert ollama.chat("Hi", options={"num_predict": 2})["done"]
