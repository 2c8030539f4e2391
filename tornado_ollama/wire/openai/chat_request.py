"""Parses `POST /v1/chat/completions` into a plan of native chats.

Owns what is sent to Ollama and what the reply must know of the request. Rules: docs/openai.md,
"Chat completions". Reading bodies and sending them is the handler's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import BadRequest
from ..chat.images import RemoteImage
from ..chat.options import flags, keep_alive, native_options
from ..chat.plan import Plan
from ..chat.toolbox import Toolbox
from ..checks import Json, flag, integer, items, mapping, name
from ..decisions import unwrapped
from ..ignored_fields import shown
from ..policy import Policy
from . import fields
from .formats import reply_format
from .messages import native_messages
from .reasoning import hides_thoughts, think, unmet_budgets
from .tools import toolbox


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A parsed chat request: the plan for Ollama, and what the reply needs."""

    model: str
    """As the client wrote it; replies repeat it."""
    native_model: str
    """As Ollama knows it: what access is decided on."""
    plan: Plan
    choices: int
    """How many native requests to make, one a choice."""
    include_usage: bool
    logprobs: bool
    toolbox: Toolbox
    thinking_field: str | None
    """The field that says whether to think."""
    reasoning_fields: tuple[str, ...]
    """Where the thoughts stand in the reply; empty: nowhere."""
    ignored: tuple[str, ...]
    """The fields that nothing came of, as the client is told of them."""
    remote_images: list[RemoteImage]
    """To be fetched and handed to the plan's `place_image` before `bodies` is called."""

    def bodies(self) -> Iterator[bytes]:
        """Yields the bodies of the native requests in the order of the choices, made one at a
        time."""
        return self.plan.bodies(self.choices)


def chat_request(body: Json, policy: Policy) -> ChatRequest:
    """Parses a request. Raises `BadRequest` naming the field that is missing, wrong, unsupported or
    unknown."""
    body = unwrapped(body)
    unknown = fields.CHAT.check(body, policy)
    model = name(body.get("model"), "model")
    native_model = policy.resolve(model)
    stream = flag(body.get("stream"), "stream")
    _check_modalities(body)
    talk = native_messages(body.get("messages"), fetch_images=policy.fetch_images)
    box = toolbox(body)
    thinking, thinking_field = think(body)
    plan = Plan(
        messages=talk.plan_messages(),
        tools=box.tools or None,
        format=box.call_format() if box.forced else reply_format(body),
        options=native_options(body, {}) or None,
        think=thinking,
        keep_alive=keep_alive(body),
        logprobs=_logprobs(body) or None,
        top_logprobs=_top_logprobs(body) or None,
        stream=stream,
        **flags(body, "truncate", "shift"),
    )
    return ChatRequest(
        model=model,
        native_model=native_model,
        plan=plan.for_model(native_model, policy.defaults_for(native_model)),
        choices=choice_count(body, policy),
        include_usage=include_usage(body),
        logprobs=_logprobs(body),
        toolbox=box,
        thinking_field=thinking_field,
        reasoning_fields=() if hides_thoughts(body) else policy.reasoning_fields,
        ignored=shown([*unknown, *unmet_budgets(body), *box.left_out]),
        remote_images=talk.remote_images,
    )


def choice_count(body: Json, policy: Policy) -> int:
    """Reads `n`, the number of choices; one when absent. Raises BadRequest."""
    return 1 if body.get("n") is None else integer(body["n"], "n", 1, policy.max_choices)


def include_usage(body: Json) -> bool:
    """Whether a stream shall end with a chunk of counts."""
    if body.get("stream_options") is None:
        return False
    options = mapping(body["stream_options"], "stream_options")
    return flag(options.get("include_usage"), "stream_options.include_usage")


def _logprobs(body: Json) -> bool:
    """`top_logprobs` alone asks for logprobs as well."""
    return flag(body.get("logprobs"), "logprobs") or _top_logprobs(body) > 0


def _top_logprobs(body: Json) -> int:
    wanted = body.get("top_logprobs")
    return 0 if wanted is None else integer(wanted, "top_logprobs", 0, 20)


def _check_modalities(body: Json) -> None:
    if body.get("modalities") is None:
        return
    for kind in items(body["modalities"], "modalities"):
        if kind != "text":
            raise BadRequest("Ollama can answer in text only.", param="modalities")
