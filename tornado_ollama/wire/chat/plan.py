"""A plan: the native request of a chat, whichever dialect the client speaks.

Owns the body of `/api/chat` and the operator's defaults for fields that the client omits. The
parsers of the dialects make plans, and keep for themselves what only the reply needs. Source:
Ollama 0.32.15 `api/types.go` (`ChatRequest`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ...errors import GatewayError
from ..json_members import members
from ..policy import Defaults
from .images import RemoteImage

PATH = "/api/chat"

_RANDOM = -1
"""The seed that asks Ollama for a new one every time; also its default."""

_MAX_SEED = 2**63 - 1

Options = Mapping[str, Any] | msgspec.Raw | None


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of `/api/chat`, with the fields in the order in which they are sent; None leaves a
    field out.

    Values are what a parser has made, or `msgspec.Raw`: the client's own text, which is passed
    on unchanged, so that no tree of objects is built of a long conversation.
    """

    model: str | None = None
    """As Ollama knows it, once it is decided."""
    messages: Any
    tools: Any = None
    format: Any = None
    options: Options = None
    think: Any = None
    keep_alive: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    truncate: Any = None
    shift: Any = None
    stream: bool

    def for_model(self, model: str, defaults: Defaults) -> Plan:
        """The plan with this model, and with the operator's defaults for the fields that the client
        omits. Raises BadRequest for options of too many keys."""
        whole = defaults.whole
        return msgspec.structs.replace(
            self,
            model=model,
            options=_beneath(self.options, defaults.options),
            think=defaults.think if self.think is None else self.think,
            keep_alive=defaults.keep_alive if self.keep_alive is None else self.keep_alive,
            truncate=whole.get("truncate") if self.truncate is None else self.truncate,
            shift=whole.get("shift") if self.shift is None else self.shift,
        )

    def place_image(self, image: RemoteImage, base64: str) -> None:
        """Puts a fetched image into its place in the conversation."""
        self.messages[image.message].images[image.slot] = base64

    def without_stops(self) -> Plan:
        """The plan without stop sequences, the operator's included; those of the Modelfile stay."""
        options = self.options
        if not isinstance(options, Mapping):
            return self
        options = {key: value for key, value in options.items() if key != "stop"}
        return msgspec.structs.replace(self, options=options)

    def body(self, choice: int = 0) -> bytes:
        """The native request for one of several choices, which differ by their seeds."""
        options = self.options
        if choice and isinstance(options, dict):
            return _encode(msgspec.structs.replace(self, options=seeded(options, choice)))
        return _encode(self)

    def bodies(self, choices: int) -> Iterator[bytes]:
        """The native requests for all choices, made one at a time."""
        return (self.body(choice) for choice in range(choices))


def without_thinking(body: bytes, error: GatewayError) -> bytes | None:
    """A native request without its `think`, to try after Ollama refused it because the model cannot
    think; None where the error is another one, or the request has none."""
    if (error.param, error.code) != ("think", "unsupported_value"):
        return None
    fields = dict(members(body))
    return None if fields.pop("think", None) is None else _encode(fields)


_encode = msgspec.json.Encoder().encode


def seeded(options: dict[str, Any], choice: int) -> dict[str, Any]:
    """The options of a choice: its seed is the request's plus the choice's index, so that choices
    differ and the result can be repeated."""
    seed = options.get("seed", _RANDOM)
    if choice == 0 or seed == _RANDOM:
        return options
    return options | {"seed": seed + choice if seed + choice <= _MAX_SEED else choice}


def _beneath(options: Options, defaults: Mapping[str, Any]) -> Options:
    if not defaults:
        return options
    if isinstance(options, msgspec.Raw):
        try:
            options = dict(members(bytes(options)))
        except msgspec.DecodeError:
            return options  # not an object: Ollama's to refuse
    return {**defaults, **(options or {})}
