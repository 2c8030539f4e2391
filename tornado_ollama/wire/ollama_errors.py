"""Translates Ollama's errors, which are statuses and messages, into the exceptions of `errors.py`.

Owns the table of docs/openai.md, "Errors"; how an error is formatted for a client is the dialect's
(`dialects.py`). Ollama has no error codes, and its messages change between versions: a rule here
looks for as little of a message as tells the case apart, and an error that no rule knows keeps
status and message. Fields have Ollama's names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import GatewayError, PromptTooLong, UpstreamAnswer, UpstreamBroken

MAX_ERROR_BYTES = 64 * 1024
"""As much of a refusal's body as is read; Ollama's are some hundred bytes."""

_MAX_MESSAGE = 2000
"""Longest sentence handed on, in characters."""

_CODES = {429: "rate_limit_exceeded"}

_ABOUT_THE_GATEWAY = {
    401: "upstream_unauthorized",
    403: "upstream_forbidden",
    405: "upstream_broken",
    407: "upstream_unauthorized",
    408: "upstream_broken",
    415: "upstream_broken",
}
"""Statuses by which Ollama judges the gateway, or itself before its cloud: that it is not signed
in, that a model needs a subscription. Passed on they would speak of the client's credential, or of
its method, its body or its silence, so they become 502 with these codes."""

_CAPABILITY = re.compile(r"does not support (\w+)")
_CAPABILITY_FIELDS = {"tools": "tools", "thinking": "think", "insert": "suffix"}
_CONTEXT = re.compile(r"exceed_context_size|context (?:length|size)|input is too long", re.I)
_OPTION = re.compile(r'option "(\w{1,60})" must be of type')
_FORMAT = re.compile(r"^invalid format\b|failed to parse grammar|json schema conversion", re.I)
_DURATION = re.compile(r"^time: .{1,100}\bduration\b")
"""Go's complaint (time.ParseDuration); the one duration of a request is `keep_alive`."""
_GO_FIELD = re.compile(r"^json: cannot unmarshal .{1,60} into Go struct field \w+\.([\w.]+) of ")
"""Of encoding/json; what stands before the first dot is the name of Ollama's own type."""
_THINK = re.compile(r"^(?:invalid )?think value\b")
_MODEL_NAME = re.compile(r"^model is required|^invalid model name", re.I)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """An error message of Ollama's, and the error code of llama.cpp's server where it comes from
    there."""

    message: str
    kind: str = ""
    status: int | None = None
    tokens: int | None = None
    """Of a prompt that does not fit; `window`: what it does not fit into."""
    window: int | None = None


def native_error(status: int, body: bytes, *, input_field: str = "messages") -> GatewayError:
    """The error for Ollama's answer with `status` (400 and above) and `body`.

    `input_field`: the field of the client's request that holds the prompt."""
    complaint = _complaint(body)
    if complaint is None:
        # Not Ollama's form of an error: another server, another version, a proxy's page.
        return UpstreamBroken(f"Ollama's server answered {status} without an error message.")
    return _classified(status, complaint, input_field)


def reported_error(error: Any, *, input_field: str = "messages") -> GatewayError:
    """The error for the value of an `error` key in a reply that began with status 200."""
    return _classified(500, _unwrap(error), input_field)


def _classified(status: int, complaint: _Complaint, input_field: str) -> GatewayError:
    if complaint.status is not None and status >= 500:
        status = complaint.status
    sentence = complaint.message

    def answer(status: int, param: str | None = None, code: str | None = None) -> UpstreamAnswer:
        busy = 1 if status == 503 else None
        return UpstreamAnswer(sentence, status=status, param=param, code=code, retry_after=busy)

    if status == 404:
        return answer(404, "model", "model_not_found")
    if _CONTEXT.search(complaint.kind) or (status < 500 and _CONTEXT.search(sentence)):
        return PromptTooLong(
            sentence, param=input_field, tokens=complaint.tokens, window=complaint.window
        )
    if found := _CAPABILITY.search(sentence):
        param = _CAPABILITY_FIELDS.get(found[1], "model")
        return answer(400, param, "unsupported_value")
    if found := _OPTION.search(sentence):
        return answer(400, found[1])
    if status == 400 and (found := _GO_FIELD.search(sentence)):
        return answer(400, found[1])
    if status == 400 and _DURATION.search(sentence):
        return answer(400, "keep_alive")
    if status == 400 and _THINK.search(sentence):
        return answer(400, "think")
    if _FORMAT.search(sentence):
        return answer(400, "format")
    if status == 400 and _MODEL_NAME.search(sentence):
        return answer(400, "model")
    if status == 503:
        return answer(503, code="overloaded")
    if code := _ABOUT_THE_GATEWAY.get(status):
        return answer(502, code=code)
    if 400 <= status < 500:
        return answer(status, code=_CODES.get(status))
    return answer(status if 500 <= status < 600 else 502)


def _complaint(body: bytes) -> _Complaint | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(value, dict) or not value.get("error"):
        return None
    complaint = _unwrap(value["error"])
    link = value.get("signin_url")
    if isinstance(link, str):
        return _Complaint(f"{complaint.message}: sign Ollama in at {link[:500]}", complaint.kind)
    return complaint


def _unwrap(error: Any) -> _Complaint:
    """Finds the message in an error's value. Ollama passes llama.cpp's error body on as a string of
    JSON, at times with a second line of plain advice; cloud models answer with an object."""
    hint = ""
    for _ in range(4):
        if isinstance(error, str):
            first, _, rest = error.strip().partition("\n")
            if not first.startswith("{"):
                return _Complaint(_sentence(error, hint))
            try:
                error = msgspec.json.decode(first)
            except (msgspec.DecodeError, RecursionError):
                return _Complaint(_sentence(error, hint))
            hint = rest or hint
        if not isinstance(error, dict):
            break
        if "error" in error:
            error = error["error"]
            continue
        message, kind, code = error.get("message"), error.get("type"), error.get("code")
        return _Complaint(
            _sentence(message if isinstance(message, str) else "", hint),
            kind if isinstance(kind, str) else "",
            code if isinstance(code, int) and 400 <= code < 600 else None,
            _count(error.get("n_prompt_tokens")),
            _count(error.get("n_ctx")),
        )
    return _Complaint(_sentence("", hint))


def _count(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _sentence(message: str, hint: str) -> str:
    whole = "\n".join(part for part in (message.strip(), hint.strip()) if part)
    return whole[:_MAX_MESSAGE] or "Ollama reported an error without a message."
