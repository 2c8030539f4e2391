"""The one place that decides about every field of an OpenAI request.

A field is honoured (some translation reads it), harmless (leaving it out changes nothing in the
reply that a client could rely on; the reason stands beside it), or refused with a sentence that
says what to do. A field in none of the three is unknown and refused as well, so that nothing is
silently dropped. A test walks the request types of the official SDK and fails for a field that
has no decision. `null` is the same as absent, and a refused field that asks for nothing (`false`,
`{}`, `[]`, `""`) is let pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import BadRequest
from ..checks import Json
from .options import FLAT_OPTIONS

_HINT = "a routing, caching or bookkeeping hint of OpenAI's platform"


@dataclass(frozen=True, slots=True)
class Fields:
    """The decisions about one object of a request."""

    honoured: frozenset[str]
    harmless: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def decided(self) -> frozenset[str]:
        return self.honoured | self.harmless.keys() | self.refused.keys()

    def check(self, given: Json, path: str = "") -> None:
        """Raises `BadRequest` naming the first field of `given` that is refused or unknown.

        `path`: where the object stands in the request, dotted, without a final dot."""
        if self.honoured.issuperset(given):
            return  # most are, and there may be very many
        for name, value in given.items():
            if name in self.honoured or name in self.harmless or value is None:
                continue
            sentence = self.refused.get(name)
            if sentence is not None and not value:
                continue
            param = f"{path}.{name}" if path else name
            if sentence is None:
                shown = param if len(param) <= 100 else param[:100] + "..."
                sentence = (
                    f"Unknown field '{shown}'. The gateway refuses fields it would have to ignore."
                )
            raise BadRequest(sentence, param=param[:200])


_PLATFORM = {
    "user": _HINT,
    "safety_identifier": _HINT,
    "metadata": _HINT,
    "store": "the gateway stores no replies",
    "service_tier": _HINT,
    "prompt_cache_key": _HINT,
    "prompt_cache_options": _HINT,
    "prompt_cache_retention": _HINT,
}

_NO_BIAS = "Ollama cannot bias single tokens: leave 'logit_bias' out."

_SAMPLING = frozenset(
    {"temperature", "top_p", "frequency_penalty", "presence_penalty", "seed", "stop"}
)
_NATIVE = frozenset({"options", "keep_alive", "think", "format", "truncate", "shift"})

CHAT = Fields(
    honoured=_SAMPLING
    | _NATIVE
    | FLAT_OPTIONS
    | {
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "response_format",
        "reasoning_effort",
        "reasoning",
        "logprobs",
        "top_logprobs",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "functions",
        "function_call",
        "modalities",
    },
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
)

COMPLETION = Fields(
    honoured=_SAMPLING
    | _NATIVE
    | FLAT_OPTIONS
    | {
        "model",
        "prompt",
        "suffix",
        "stream",
        "stream_options",
        "max_tokens",
        "n",
        "best_of",
        "echo",
        "logprobs",
        "raw",
    },
    harmless=_PLATFORM,
    refused={"logit_bias": _NO_BIAS},
)

EMBEDDING = Fields(
    honoured=frozenset(
        {
            "model",
            "input",
            "encoding_format",
            "dimensions",
            "keep_alive",
            "truncate",
            "options",
        }
    )
    | FLAT_OPTIONS,
    harmless=_PLATFORM,
)

_PARTICIPANT = {"name": "Ollama's templates know no participants"}
_CACHE = {
    "prompt_cache_breakpoint": "a hint about caching",
    "cache_control": "a hint about caching",
}

SYSTEM_MESSAGE = Fields(frozenset({"role", "content"}), _PARTICIPANT | _CACHE)
USER_MESSAGE = Fields(frozenset({"role", "content"}), _PARTICIPANT | _CACHE)
ASSISTANT_MESSAGE = Fields(
    frozenset(
        {
            "role",
            "content",
            "tool_calls",
            "function_call",
            "reasoning",
            "reasoning_content",
            "thinking",
        }
    ),
    _PARTICIPANT
    | _CACHE
    | {
        "refusal": "a reply's own field, sent back as history",
        "audio": "a reply's own field, sent back as history",
        "annotations": "a reply's own field, sent back as history",
        "id": "a reply's own field, sent back as history",
    },
)
TOOL_MESSAGE = Fields(frozenset({"role", "content", "tool_call_id", "name", "tool_name"}), _CACHE)
FUNCTION_MESSAGE = Fields(frozenset({"role", "content", "name"}))

TEXT_PART = Fields(frozenset({"type", "text"}), _CACHE | {"annotations": "part of a reply"})
REFUSAL_PART = Fields(frozenset({"type", "refusal"}))
IMAGE_PART = Fields(frozenset({"type", "image_url"}), _CACHE)
IMAGE_URL = Fields(frozenset({"url"}), {"detail": "Ollama sees every image at full detail"})
AUDIO_PART = Fields(frozenset({"type", "input_audio"}), _CACHE)
INPUT_AUDIO = Fields(frozenset({"data", "format"}))

TOOL = Fields(frozenset({"type", "function"}), _CACHE)
FUNCTION = Fields(
    frozenset({"name", "description", "parameters"}),
    {"strict": "no switch of Ollama's; tools are described to the model as they are"},
)
TOOL_CALL = Fields(
    frozenset({"id", "type", "function"}), {"index": "a delta's own field, sent back as history"}
)
CALLED_FUNCTION = Fields(frozenset({"name", "arguments"}))
NAMED_CHOICE = Fields(frozenset({"type", "function"}))
ALLOWED_CHOICE = Fields(frozenset({"type", "allowed_tools"}))
ALLOWED_TOOLS = Fields(frozenset({"mode", "tools"}))

RESPONSE_FORMAT = Fields(frozenset({"type", "json_schema"}))
JSON_SCHEMA = Fields(
    frozenset({"schema"}),
    {
        "name": "a label of the schema",
        "description": "a label of the schema",
        "strict": "Ollama always enforces the schema",
    },
)
STREAM_OPTIONS = Fields(
    frozenset({"include_usage"}), {"include_obfuscation": "padding against traffic analysis"}
)
REASONING = Fields(
    frozenset({"effort", "enabled"}),
    {"summary": "the reasoning itself is sent, not a summary"},
    {
        "exclude": "Reasoning cannot be left out of the reply: use 'reasoning_effort': 'none'.",
        "max_tokens": "Ollama has no budget for reasoning: leave 'reasoning.max_tokens' out.",
    },
)
