"""Decides how each field of a request to `/v1/responses` is treated.

As for chats (`wire/openai/fields.py`), a field is honoured, harmless or refused; a field in none of
these tables is ignored, and the reply names it. Unknown fields inside items, parts and tools are
ignored silently. A test checks the request types of the official SDK, and the fields that agents
send although no type has them.
"""

from __future__ import annotations

from ..chat.options import FLAT_OPTIONS, SPELLINGS
from ..decisions import Fields


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _harmless(text: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), reason)


_PLATFORM = _harmless(
    "user safety_identifier service_tier prompt_cache_key prompt_cache_options "
    "prompt_cache_retention access_programs moderation client_metadata image background_options",
    "a routing, caching or bookkeeping hint of OpenAI's platform",
)

REASONING = Fields(
    _names("effort summary generate_summary"),
    _harmless("context mode", "which thoughts a platform keeps; here all come back as they are"),
)
FORMAT = Fields(
    _names("type schema"),
    _harmless("name description", "a label of the schema")
    | {"strict": "Ollama always enforces the schema"},
)
TEXT = Fields(
    _names("format"),
    {"verbosity": "a wish about style that no local model knows"},
    inside={"format": FORMAT},
)
STREAM_OPTIONS = Fields(
    _names(""), {"include_obfuscation": "padding against traffic analysis; none is sent"}
)

REQUEST = Fields(
    honoured=FLAT_OPTIONS | SPELLINGS.keys()
    | _names(
        "model input instructions stream stream_options tools tool_choice parallel_tool_calls "
        "max_output_tokens temperature top_p top_logprobs text reasoning include truncation "
        "store previous_response_id metadata "
        "frequency_penalty presence_penalty seed stop options keep_alive think truncate shift"
    ),
    harmless=_PLATFORM
    | {
        "max_tool_calls": "a limit for tools that OpenAI runs",
        "context_management": "the client's own compaction works as before",
        "generate": "false would only warm a WebSocket up",
        "_debug_render_only": "a switch of Ollama's developers; never sent on",
    },
    refused={
        "background": "There are no background responses here: leave 'background' out.",
        "conversation": "No conversations are kept here: send 'previous_response_id', or the "
        "whole history in 'input'.",
        "prompt": "There are no stored prompts here: send the text in 'instructions' or 'input'.",
    },
    inside={"reasoning": REASONING, "text": TEXT, "stream_options": STREAM_OPTIONS},
)  # fmt: skip

# Below here nothing is refused, and what is not read is ignored.

_OWN = _harmless(
    "id status phase caller async internal_chat_message_metadata_passthrough",
    "an item's own field, sent back as history",
)
_CACHE = _harmless("prompt_cache_breakpoint", "a hint about caching")

MESSAGE = Fields(_names("type role content"), _OWN)
REASONING_ITEM = Fields(_names("type summary content encrypted_content"), _OWN)
CALL = Fields(_names("type call_id name namespace arguments"), _OWN)
CUSTOM_CALL = Fields(_names("type call_id name namespace input"), _OWN)
OUTPUT = Fields(_names("type call_id name output"), _OWN | {"namespace": "the call has it"})
TOOLS_ITEM = Fields(_names("type tools"), _OWN | _harmless("role call_id execution", "told to "
                    "nobody"))  # fmt: skip
REFERENCE = Fields(_names("type id"))

TEXT_PART = Fields(_names("type text"), _CACHE | _harmless("annotations logprobs", "of a reply"))
REFUSAL_PART = Fields(_names("type refusal"))
IMAGE_PART = Fields(
    _names("type image_url"),
    _CACHE | {"detail": "Ollama sees every image at full detail"},
    {"file_id": "There are no uploaded files here: send the image as a data URI."},
)

_LOADING = _harmless(
    "defer_loading allowed_callers output_schema async", "how a platform would use the tool"
)
FUNCTION = Fields(
    _names("type name description parameters"),
    _LOADING | _CACHE
    | {"strict": "no switch of Ollama's; tools are described to the model as they are"},
)  # fmt: skip
CUSTOM_TOOL = Fields(_names("type name description format"), _LOADING | _CACHE)
GRAMMAR = Fields(_names("type definition"), {"syntax": "told by the definition itself"})
NAMESPACE = Fields(_names("type name tools"), {"description": "every member has its own"})
NAMED_CHOICE = Fields(_names("type name"))
ALLOWED_CHOICE = Fields(_names("type mode tools"))
