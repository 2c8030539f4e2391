"""The form of a tool call in the replies of chat completions."""

from __future__ import annotations

from ..chat.calls import Call
from ..checks import Json


def called(call: Call) -> Json:
    """A tool call in OpenAI's form, as in a message; a delta has its index besides."""
    if call.input is not None:
        custom = {"name": call.name, "input": call.input}
        return {"id": call.id, "type": "custom", "custom": custom}
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}
