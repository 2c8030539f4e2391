"""The decision about every field of an OpenAI request: honoured, harmless or refused. The one place
of these decisions.

A field is honoured (some translation reads it), harmless (leaving it out changes nothing in the
reply that a client could rely on; the reason stands beside it), or refused with a message that says
what to do. A field at the top level that is in none of the three is unknown: it is ignored, as
every other local server does, and the reply names it. So nothing is silently dropped. A name that
is one letter from a known one is a misspelling, and refused. Unknown fields inside of messages,
tools, calls and content parts are ignored without being named: the tables about them list only the
fields that are read, and why. A test walks the request types of the official SDK and fails for a
field that has no decision. `null` is the same as absent, and a refused field that asks for nothing
(`false`, `{}`, `[]`, `""`) is accepted.
"""

from __future__ import annotations

from ..chat.options import FLAT_OPTIONS, SPELLINGS
from ..decisions import Fields


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _harmless(text: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), reason)


_PLATFORM = _harmless(
    "user safety_identifier metadata service_tier prompt_cache_key prompt_cache_options "
    "prompt_cache_retention",
    "a routing, caching or bookkeeping hint of OpenAI's platform",
) | {"store": "the gateway stores no replies"}

_NO_BIAS = "Ollama cannot bias single tokens: leave 'logit_bias' out."

_OPTIONS = FLAT_OPTIONS | SPELLINGS.keys() | {"options"}
_SAMPLING = _names("temperature top_p frequency_penalty presence_penalty seed stop")
_NATIVE = _names("keep_alive think format truncate shift")
_FORMATS = _names("response_format json_schema guided_json structured_outputs")
_THINKING = _names(
    "reasoning reasoning_effort thinking enable_thinking disable_reasoning chat_template_kwargs "
    "chat_template_args thinking_budget reasoning_budget"
)
_STREAM = _names("stream stream_options")

JSON_SCHEMA = Fields(
    _names("schema"),
    _harmless("name description", "a label of the schema")
    | {"strict": "Ollama always enforces the schema"},
)
RESPONSE_FORMAT = Fields(_names("type json_schema schema"), inside={"json_schema": JSON_SCHEMA})
STREAM_OPTIONS = Fields(
    _names("include_usage"), {"include_obfuscation": "padding against traffic analysis"}
)
REASONING = Fields(
    _names("effort enabled exclude max_tokens"),
    _harmless("summary generate_summary", "the reasoning itself is sent, not a summary"),
)
_TEMPLATE = Fields(_names("enable_thinking thinking reasoning_effort"))
_INSIDE = {
    "reasoning": REASONING,
    "reasoning_effort": Fields(_names("effort")),
    "thinking": Fields(_names("type enabled budget_tokens")),
    "chat_template_kwargs": _TEMPLATE,
    "chat_template_args": _TEMPLATE,
    "response_format": RESPONSE_FORMAT,
    "structured_outputs": Fields(_names("json")),
    "stream_options": STREAM_OPTIONS,
}

CHAT = Fields(
    honoured=_OPTIONS | _SAMPLING | _NATIVE | _FORMATS | _THINKING | _STREAM
    | _names(
        "model messages max_tokens max_completion_tokens n include_reasoning logprobs top_logprobs "
        "tools tool_choice parallel_tool_calls functions function_call modalities"
    ),
    harmless=_PLATFORM
    | {
        "verbosity": "a wish about style that no local model knows",
        "moderation": "a filter of OpenAI's platform",
        "prediction": "only makes a reply faster",
        "_debug_render_only": "a switch of Ollama's developers; never sent on",
    },
    refused={
        "logit_bias": _NO_BIAS,
        "audio": "Ollama cannot answer in audio: leave 'audio' out.",
        "web_search_options": "There is no web search here: leave 'web_search_options' out.",
    },
    inside=_INSIDE,
)  # fmt: skip

COMPLETION = Fields(
    honoured=_OPTIONS | _SAMPLING | _NATIVE | _FORMATS | _THINKING | _STREAM
    | _names("model prompt suffix max_tokens max_completion_tokens n best_of echo logprobs raw"),
    harmless=_PLATFORM,
    refused={"logit_bias": _NO_BIAS},
    inside=_INSIDE,
)  # fmt: skip

EMBEDDING = Fields(
    honoured=_OPTIONS | _names("model input encoding_format dimensions keep_alive truncate"),
    harmless=_PLATFORM,
)

# Below here nothing is refused, and what is not read is ignored.

_CACHE = _harmless("prompt_cache_breakpoint cache_control", "a hint about caching")
_PARTICIPANT = {"name": "Ollama's templates know no participants"}

SYSTEM_MESSAGE = Fields(_names("role content"), _PARTICIPANT | _CACHE)
USER_MESSAGE = Fields(_names("role content"), _PARTICIPANT | _CACHE)
ASSISTANT_MESSAGE = Fields(
    _names("role content tool_calls function_call reasoning reasoning_content reasoning_text "
           "thinking"),
    _PARTICIPANT | _CACHE
    | _harmless("refusal audio annotations id", "a reply's own field, sent back as history"),
)  # fmt: skip
TOOL_MESSAGE = Fields(_names("role content tool_call_id name tool_name"), _CACHE)
FUNCTION_MESSAGE = Fields(_names("role content name"))

TEXT_PART = Fields(_names("type text"), _CACHE | {"annotations": "part of a reply"})
REFUSAL_PART = Fields(_names("type refusal"))
IMAGE_PART = Fields(_names("type image_url"), _CACHE)
IMAGE_URL = Fields(_names("url"), {"detail": "Ollama sees every image at full detail"})
AUDIO_PART = Fields(_names("type input_audio"), _CACHE)
INPUT_AUDIO = Fields(_names("data format"))

TOOL = Fields(_names("type function custom"), _CACHE)
FUNCTION = Fields(
    _names("name description parameters"),
    {"strict": "no switch of Ollama's; tools are described to the model as they are"},
)
CUSTOM_TOOL = Fields(_names("name description format"))
CUSTOM_FORMAT = Fields(_names("type grammar"))
GRAMMAR = Fields(_names("definition"), {"syntax": "told by the definition itself"})
TOOL_CALL = Fields(
    _names("id type function custom"), {"index": "a delta's own field, sent back as history"}
)
CALLED_FUNCTION = Fields(_names("name arguments"))
CALLED_CUSTOM = Fields(_names("name input"))
NAMED_CHOICE = Fields(_names("type function custom"))
ALLOWED_CHOICE = Fields(_names("type allowed_tools"))
ALLOWED_TOOLS = Fields(_names("mode tools"))
