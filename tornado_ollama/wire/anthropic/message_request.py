"""`POST /v1/messages`: the request, as a plan of a native chat.

Owns what is sent to Ollama and what the reply must know of the request. Rules: docs/messages.md,
"The request". Reading bodies and sending them is the handler's.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..chat.images import RemoteImage
from ..chat.options import keep_alive, native_options
from ..chat.plan import Plan
from ..chat.stop_sequences import StopSequences
from ..chat.thinking import Think
from ..chat.toolbox import Toolbox
from ..checks import Json, flag, integer, name
from ..decisions import unwrapped
from ..ignored_fields import shown
from ..policy import Defaults, Policy
from . import fields
from .formats import reply_format
from .messages import native_messages
from .thinking import shows_thoughts, think
from .tools import toolbox

_MAX_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A parsed request for a message."""

    model: str
    """The name as the client wrote it, which replies repeat."""
    native_model: str
    """The name at Ollama, for which access is checked."""
    plan: Plan
    stream: bool
    """Whether the client gets a stream. The plan's reply is one, too, where there are `stops`."""
    stops: StopSequences | None
    """What ends the reply's text; None where nothing does."""
    max_tokens: int
    toolbox: Toolbox
    shows_thoughts: bool
    """False: the reply holds thoughts only in encoded form."""
    ignored: tuple[str, ...]
    """Names of the ignored fields, for the header `X-Ignored-Fields`."""
    remote_images: list[RemoteImage]
    """To be fetched and put into the plan before it is sent."""


def message_request(body: Json, policy: Policy) -> MessageRequest:
    """Parses a request for a message. Raises BadRequest naming a field that is missing, wrong,
    refused or misspelt, or that is unknown where the policy refuses unknown fields."""
    body = unwrapped(body)
    max_tokens = integer(body.get("max_tokens"), "max_tokens", 1, _MAX_TOKENS)
    unknown = fields.MESSAGE.check(body, policy)
    model = name(body.get("model"), "model")
    native_model = policy.resolve(model)
    stream = flag(body.get("stream"), "stream")
    talk = native_messages(body, fetch_images=policy.fetch_images)
    box = toolbox(body, talk.tools)
    defaults = policy.defaults_for(native_model)
    options = native_options(body, {}, token_limits=("max_tokens",))
    stop = options.get("stop")
    # A forced call is a text to Ollama, in which nothing is searched.
    stops = StopSequences(stop, "stop_sequences") if stop and not box.forced else None
    plan = Plan(
        messages=talk.conversation.plan_messages(),
        tools=box.tools or None,
        format=box.call_format() if box.forced else reply_format(body),
        options=options,
        think=_think(body, defaults),
        keep_alive=keep_alive(body),
        # What does not fit is the client's to make shorter: agents do, once they are told.
        truncate=False,
        shift=False,
        stream=stream or stops is not None,
    ).for_model(native_model, defaults)
    if stop:  # searched here: Ollama does not say which one ended a reply
        plan = plan.without_stops()
    return MessageRequest(
        model=model,
        native_model=native_model,
        plan=plan,
        stream=stream,
        stops=stops,
        max_tokens=max_tokens,
        toolbox=box,
        shows_thoughts=shows_thoughts(body),
        ignored=shown([*unknown, *box.left_out, *talk.left_out]),
        remote_images=talk.conversation.remote_images,
    )


def count_request(body: Json, policy: Policy) -> MessageRequest:
    """Parses a request to `POST /v1/messages/count_tokens`: as `message_request`, but `max_tokens`
    may be absent."""
    body = unwrapped(body)
    return message_request({**body, "max_tokens": body.get("max_tokens") or 1}, policy)


def _think(body: Json, defaults: Defaults) -> Think | None:
    """Without a word about it, a model of Anthropic's does not think."""
    said = think(body)
    return False if said is None and defaults.think is None else said
