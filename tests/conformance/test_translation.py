"""Every conformance case against the pure translation: request to plan, native bytes to reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import pytest

from tests.responses.past import NoPast
from tests.wire.feeding import feed_every_way
from tornado_ollama.errors import BadRequest, GatewayError
from tornado_ollama.wire.anthropic import message_reply, message_request
from tornado_ollama.wire.anthropic import replies as anthropic_replies
from tornado_ollama.wire.anthropic.message_stream import message_stream
from tornado_ollama.wire.chat.reply_stream import ReplyStream
from tornado_ollama.wire.checks import read_json
from tornado_ollama.wire.dialects import ANTHROPIC, OPENAI
from tornado_ollama.wire.model_listing import listed_models, shown_model
from tornado_ollama.wire.native import show_body
from tornado_ollama.wire.ollama_errors import native_error
from tornado_ollama.wire.openai import (
    chat_reply,
    chat_request,
    completion_reply,
    completion_request,
    embeddings,
    models,
)
from tornado_ollama.wire.openai.chat_stream import chat_stream
from tornado_ollama.wire.openai.replies import Identity
from tornado_ollama.wire.policy import Policy
from tornado_ollama.wire.responses.head import Head
from tornado_ollama.wire.responses.request import response_request
from tornado_ollama.wire.responses.response_reply import response_reply
from tornado_ollama.wire.responses.response_stream import response_stream

from .cases import HTTP_ONLY, Case, events, load, mismatches, present

WHO = Identity("chatcmpl-0123456789abcdef01234567", 1767323045, "owl3:8b")
ITS_ID = anthropic_replies.Identity("msg_0123456789abcdef01234567", "owl3:8b")
CASES = [case for case in load() if case.id not in HTTP_ONLY]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    if case.expect_upstream is None:
        with pytest.raises(BadRequest) as refusal:
            planned(case)
        assert refusal.value.status == case.expect_status
        check(case, [], error_object(case, refusal.value))
        return
    sent, answer = planned(case)
    for wanted, body in zip(case.upstream_requests, sent, strict=True):
        assert not mismatches(wanted["body"], body, "up")
    if case.upstream_status >= 400:
        error = native_error(case.upstream_status, case.upstream_bodies[0])
        assert error.status == case.expect_status
        check(case, sent, error_object(case, error))
    else:
        check(case, sent, answer())


def planned(case: Case) -> tuple[list[Any], Any]:
    """The native requests' bodies, and a function that translates Ollama's answers."""
    policy = Policy(aliases=case.aliases)
    replies = case.upstream_bodies
    if case.method == "GET":
        return planned_models(case, policy)
    body = read_json(json.dumps(case.request).encode())
    if case.path == "/v1/embeddings":
        embed = embeddings.embedding_request(body, policy)
        sent = [json.loads(embed.body)]
        return sent, lambda: json.loads(embeddings.embedding_reply(replies[0], embed))
    if case.path == "/v1/completions":
        text = completion_request.completion_request(body, policy)
        sent = [json.loads(native) for native in text.bodies()]
        if text.stream:
            return sent, lambda: streamed(
                case, lambda: completion_reply.completion_stream(text, WHO)
            )
        return sent, lambda: json.loads(completion_reply.completion_reply(replies, text, WHO))
    if case.path == "/v1/responses":
        return planned_response(case, body, policy)
    if case.path == "/v1/messages":
        message = message_request.message_request(body, policy)
        sent = [json.loads(message.plan.body())]
        if message.plan.stream:
            return sent, lambda: streamed(case, lambda: message_stream(message, ITS_ID, 7))
        return sent, lambda: json.loads(message_reply.message_reply(replies[0], message, ITS_ID))
    assert case.path == "/v1/chat/completions"
    chat = chat_request.chat_request(body, policy)
    sent = [json.loads(native) for native in chat.bodies()]
    if chat.plan.stream:
        return sent, lambda: streamed(case, lambda: chat_stream(chat, WHO))
    return sent, lambda: json.loads(chat_reply.chat_reply(replies, chat, WHO))


def planned_response(case: Case, body: Any, policy: Policy) -> tuple[list[Any], Any]:
    request = response_request(body, policy, NoPast(), may_store=True)
    head = Head("resp_0123456789abcdef", 1767323045, request.model, request.echo)
    sent = [json.loads(request.plan.body())]
    if request.plan.stream:

        def make() -> Any:
            return response_stream(request, head, lambda: 1767323046.5, lambda response: None)

        return sent, lambda: streamed(case, make)
    [reply] = case.upstream_bodies
    return sent, lambda: json.loads(response_reply(reply, request, head, 1767323046))


def planned_models(case: Case, policy: Policy) -> tuple[list[Any], Any]:
    replies = case.upstream_bodies
    if case.path == "/v1/models":
        return [{}], lambda: json.loads(
            models.model_list(listed_models(replies[0], policy, lambda _: True))
        )
    model = unquote(case.path.removeprefix("/v1/models/"))
    known = policy.resolve(model)
    sent = [json.loads(show_body(known))]
    return sent, lambda: json.loads(
        models.model_reply(shown_model(replies[0], model, known, policy))
    )


def streamed(case: Case, make: Any) -> Any:
    """All choices' streams through one machine, each cut in every way."""
    failures: list[GatewayError] = []

    def run(pieces: Sequence[bytes]) -> bytes:
        machine: ReplyStream[Any] = make()
        out = b"".join(machine.feed(piece) for piece in pieces) + machine.close()
        if machine.error is not None and not machine.started:
            failures.append(machine.error)
        assert machine.finished is (machine.error is None)
        return out

    out = feed_every_way(run, case.upstream_bodies[0])
    if case.expect_status != 200:
        assert failures and {failure.status for failure in failures} == {case.expect_status}
        return error_object(case, failures[0])
    return events(case.path, out)


def error_object(case: Case, error: GatewayError) -> Any:
    dialect = ANTHROPIC if case.path == "/v1/messages" else OPENAI
    return json.loads(dialect.errors.body(error))


def check(case: Case, sent: list[Any], reply: Any) -> None:
    assert not mismatches(case.expect_reply, reply)
    assert not present(case.expect_absent, sent[0] if sent else {}, reply)
