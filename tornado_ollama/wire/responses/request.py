"""`POST /v1/responses`: the request, as a plan of one native chat.

Owns what is sent to Ollama, what the reply must know of the request, and what is kept of it. Rules:
docs/responses.md. Reading bodies, sending them and keeping responses is the handler's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest
from ..chat.conversation import Conversation
from ..chat.images import RemoteImage
from ..chat.options import flags, keep_alive, native_options
from ..chat.plan import Plan
from ..chat.schemas import checked_schema
from ..chat.thinking import Think, wanted
from ..chat.toolbox import Toolbox
from ..checks import (
    Json,
    boolean,
    flag,
    integer,
    items,
    mapping,
    missing,
    name,
    optional_text,
    text,
)
from ..decisions import unwrapped
from ..ignored_fields import shown
from ..policy import Policy
from . import fields
from .echo import echo
from .given_input import GivenInput
from .input_items import PART_KINDS, InputItems
from .past import Past
from .tools import ToolName, Tools, toolbox

_LOGPROBS = "message.output_text.logprobs"
_SEALED = "reasoning.encrypted_content"

_SUMMARIES = ("auto", "concise", "detailed")


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """A parsed request for a response."""

    model: str
    """The name as the client wrote it, which replies repeat."""
    native_model: str
    """The name at Ollama, for which access is checked."""
    plan: Plan
    toolbox: Toolbox
    names: Mapping[str, ToolName]
    """Name of a tool at Ollama -> name for the client."""
    logprobs: bool
    summarised: bool
    """A summary was requested: thoughts are put into `summary`, whole."""
    seals: bool
    """Whether `include` requests `reasoning.encrypted_content`."""
    limited: bool
    """Whether the client or the operator has limited the length of the reply."""
    echo: bytes
    """The members of the response that repeat the request, from `echo.py`."""
    previous: str | None
    """Id of the response that this request continues."""
    input: bytes | None
    """The request's items as a JSON list; None where the response shall not be stored."""
    ignored: tuple[str, ...]
    """Names of the ignored fields, for the header `X-Ignored-Fields`."""
    remote_images: list[RemoteImage]
    """To be fetched and handed to the plan's `place_image` before it is sent."""


def response_request(body: Json, policy: Policy, past: Past, *, may_store: bool) -> ResponseRequest:
    """Parses a request for a response. Raises BadRequest naming a field that is missing, wrong,
    refused or misspelt, or that is unknown where the policy refuses unknown fields. `may_store`:
    whether the configuration allows responses to be stored."""
    body = unwrapped(body)
    unknown = fields.REQUEST.check(body, policy)
    model = name(body.get("model"), "model")
    native_model = policy.resolve(model)
    stream = flag(body.get("stream"), "stream")
    store = may_store and (body.get("store") is None or boolean(body["store"], "store"))
    given = GivenInput(body.get("input"))
    previous = optional_text(body.get("previous_response_id"), "previous_response_id") or None
    tools = Tools()
    talk, referred = _conversation(body, given, previous, tools, policy, past)
    box = toolbox(body, tools)
    include = _include(body)
    top_logprobs = body.get("top_logprobs")
    if top_logprobs is not None:
        top_logprobs = integer(top_logprobs, "top_logprobs", 0, 20)
    logprobs = bool(top_logprobs) or _LOGPROBS in include
    if body.get("metadata") is not None:
        mapping(body["metadata"], "metadata")
    think, summarised = _reasoning(body)
    plan = Plan(
        messages=talk.plan_messages(),
        tools=box.tools or None,
        format=box.call_format() if box.forced else _format(body),
        options=native_options(body, {}, ("max_output_tokens",)) or None,
        think=think,
        keep_alive=keep_alive(body),
        logprobs=logprobs or None,
        top_logprobs=top_logprobs or None,
        stream=stream,
        **_overflow(body),
    ).for_model(native_model, policy.defaults_for(native_model))
    options: Any = plan.options or {}
    return ResponseRequest(
        model=model,
        native_model=native_model,
        plan=plan,
        toolbox=box,
        names=tools.names,
        logprobs=logprobs,
        summarised=summarised,
        seals=_SEALED in include,
        limited=options.get("num_predict", -1) > 0,
        echo=echo(body, store=store),
        previous=previous,
        input=given.stored(referred) if store else None,
        ignored=shown([*unknown, *box.left_out]),
        remote_images=talk.remote_images,
    )


def _conversation(
    body: Json,
    given: GivenInput,
    previous: str | None,
    tools: Tools,
    policy: Policy,
    past: Past,
) -> tuple[Conversation, dict[int, Json]]:
    """The native conversation, and the items for the references among those given, by index."""
    if body.get("tools"):
        tools.read(body["tools"], "tools")
    talk = Conversation(policy.fetch_images, part_kinds=PART_KINDS)
    instructions = optional_text(body.get("instructions"), "instructions")
    if instructions:
        talk.add("system", instructions, "instructions")
    reader = InputItems(talk, tools, past)
    reader.read(_past_items(previous, past), "previous_response_id")
    reader.read(given.items, "input")
    if not talk.messages:
        raise missing("input")
    return talk, reader.referred


def _past_items(previous: str | None, past: Past) -> Sequence[Any]:
    if previous is None:
        return []
    found = past.conversation(previous)
    if found is None:
        raise BadRequest(
            "There is no such response here: it was not stored, or not for so long. Send the "
            "whole history in 'input'.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return found


def _include(body: Json) -> frozenset[str]:
    """The values of the request's `include`: names of optional parts of the response. Unknown names
    are accepted and have no effect. Raises BadRequest where `include` is not an array of
    strings."""
    wanted_parts = body.get("include")
    if wanted_parts is None:
        return frozenset()
    given = items(wanted_parts, "include")
    return frozenset(text(part, f"include[{index}]") for index, part in enumerate(given))


def _reasoning(body: Json) -> tuple[Think | None, bool]:
    """Ollama's `think`, and whether the thoughts stand in a summary."""
    given = body.get("reasoning")
    if given is None:
        return wanted(body.get("think"), "think"), False
    given = mapping(given, "reasoning")
    think = wanted(body.get("think"), "think")
    if think is None:
        think = wanted(given.get("effort"), "reasoning.effort")
    for key in ("summary", "generate_summary"):
        summary = given.get(key)
        if summary is not None:
            if text(summary, f"reasoning.{key}") not in (*_SUMMARIES, "none"):
                known = ", ".join(_SUMMARIES)
                raise BadRequest(
                    f"'reasoning.{key}' must be one of: {known}.", param=f"reasoning.{key}"
                )
            return think, summary != "none"
    return think, False


def _format(body: Json) -> str | Json | None:
    """Ollama's `format`, of `text.format`."""
    settings = body.get("text")
    given = None if settings is None else mapping(settings, "text").get("format")
    if given is None:
        return None
    given = mapping(given, "text.format")
    match given.get("type"):
        case "text" | None:
            return None
        case "json_object":
            return "json"
        case "json_schema":
            nested = given.get("json_schema")  # as chat completions have it
            if isinstance(nested, dict) and "schema" not in given:
                return checked_schema(nested.get("schema"), "text.format.json_schema.schema")
            return checked_schema(given.get("schema"), "text.format.schema")
    raise BadRequest(
        "'text.format.type' must be one of: text, json_object, json_schema.",
        param="text.format.type",
    )


def _overflow(body: Json) -> Json:
    """What happens to a conversation that does not fit into the model's window: an error, since
    agents make it shorter themselves, and never a silent cut, unless the client asks for it."""
    truncation = body.get("truncation")
    if truncation is not None and truncation not in ("auto", "disabled"):
        raise BadRequest("'truncation' must be auto or disabled.", param="truncation")
    may_cut = truncation == "auto"
    return {"truncate": may_cut, "shift": may_cut} | flags(body, "truncate", "shift")
