"""Decides how each field of a request to Anthropic's API is treated.

As in `openai/fields.py`, a top-level field is honoured, harmless (with the reason beside it) or
refused; a field in none of these tables is ignored, and the reply names it. Unknown fields inside
messages, blocks and tools are ignored silently. A test checks that every field of the official
SDK's stable and beta types has a decision, as well as a list of fields that clients still send
although no type has them any more.
"""

from __future__ import annotations

from ..chat.options import FLAT_OPTIONS, SPELLINGS
from ..decisions import Fields


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _harmless(text: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), reason)


_CACHE = _harmless("cache_control", "Ollama keeps the beginning of a prompt by itself")

_PLATFORM = _CACHE | _harmless(
    "metadata service_tier speed diagnostics inference_geo user_profile_id workspace_id betas "
    "fallbacks fallback_credit_token billing_policy thread container",
    "a routing, billing or bookkeeping hint of Anthropic's platform",
)

_CONTEXT = _harmless(
    "context_management compaction", "a wish to shorten what is sent: the client may do so itself"
)  # fmt: skip

THINKING = Fields(
    _names("type display"),
    {
        "budget_tokens": "Ollama has no budget for thoughts alone",
        "block_binding": "thoughts are not bound to what was before them",
    },
)
OUTPUT_CONFIG = Fields(_names("effort format"), {"task_budget": "a hint for the model's planning"})
OUTPUT_FORMAT = Fields(_names("type schema"))
TOOL_CHOICE = Fields(_names("type name disable_parallel_tool_use"))

_INSIDE = {
    "thinking": THINKING,
    "output_config": OUTPUT_CONFIG,
    "output_format": OUTPUT_FORMAT,
    "tool_choice": TOOL_CHOICE,
}

_ASKED = _names(
    "model messages system tools tool_choice thinking output_config output_format mcp_servers"
)

_OPTIONS = FLAT_OPTIONS | SPELLINGS.keys() | _names(
    "options keep_alive temperature top_p frequency_penalty presence_penalty seed stop"
)  # fmt: skip

MESSAGE = Fields(
    _ASKED | _OPTIONS | _names("max_tokens stream"), _PLATFORM | _CONTEXT, inside=_INSIDE
)

# Below here nothing is refused, and what is not read is ignored.

MESSAGE_PARAM = Fields(_names("role content"))
SYSTEM_MESSAGE = Fields(
    _names("role content"),
    {
        "clear_at": "a note stays where it is, or Ollama would read the prompt again",
        "output_config": "an effort for one turn; the request's own counts",
    },
)
TOOL_CHANGE_BLOCK = Fields(_names("type tool"), _CACHE)
TOOL_REFERENCE = Fields(_names("name"), _harmless("type server_name", "the name tells the tool"))
TOOL_DEFINITION = Fields(_names("definition"), {"type": "told by the definition itself"})
COMPACTION_BLOCK = Fields(
    _names("type content"),
    _CACHE
    | _harmless("encrypted_content signature tool_changes", "for the platform that wrote it"),
)
TEXT_BLOCK = Fields(_names("type text"), _CACHE | {"citations": "part of a reply"})
IMAGE_BLOCK = Fields(
    _names("type source"), _CACHE | {"transformations": "Ollama sees every image as it is"}
)
DOCUMENT_BLOCK = Fields(
    _names("type source title context"), _CACHE | {"citations": "no model here cites"}
)
SEARCH_RESULT_BLOCK = Fields(
    _names("type source title content"), _CACHE | {"citations": "no model here cites"}
)
SOURCE = Fields(_names("type data url content"), {"media_type": "Ollama looks at the bytes"})
TOOL_USE_BLOCK = Fields(
    _names("type id name input"),
    _CACHE | _harmless("caller toolset_name", "who called, and out of which set, on the platform"),
)
TOOL_RESULT_BLOCK = Fields(
    _names("type tool_use_id content is_error"),
    _CACHE | {"toolset_name": "out of which set the tool was"},
)
TOOL_REFERENCE_BLOCK = Fields(_names("type tool_name"), _CACHE)
THINKING_BLOCK = Fields(_names("type thinking signature"))
REDACTED_THINKING_BLOCK = Fields(_names("type data"))

FIXED_TOOL = Fields(
    _names("type name defer_loading"),
    _CACHE
    | _harmless("strict input_examples allowed_callers", "as of other tools")
    | {"max_characters": "the client's own limit"},
)
TOOL = Fields(
    _names("type name description input_schema defer_loading"),
    _CACHE
    | {
        "strict": "no switch of Ollama's; tools are described to the model as they are",
        "eager_input_streaming": "Ollama gives a call in one piece",
        "input_examples": "no template has a place for them",
        "allowed_callers": "there is no other caller than the model",
    },
)
