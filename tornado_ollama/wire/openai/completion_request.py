"""Parses `POST /v1/completions` into a plan of native `/api/generate` requests.

Owns prompts, `echo`, `suffix`, `n` and the old form of `logprobs`. Rules: docs/openai.md, "Text
completions".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ...errors import BadRequest
from ..chat.options import flags, keep_alive, native_options
from ..chat.plan import seeded
from ..checks import Json, flag, integer, name, text
from ..decisions import unwrapped
from ..ignored_fields import shown
from ..policy import Policy
from . import fields
from .chat_request import choice_count, include_usage
from .formats import reply_format
from .reasoning import think, unmet_budgets

PATH = "/api/generate"


@dataclass(frozen=True, slots=True)
class CompletionPlan:
    """A parsed text completion request. Choice `i` answers prompt `i // n`."""

    model: str
    """As the client wrote it; replies repeat it."""
    native_model: str
    """As Ollama knows it: what access is decided on."""
    request: Json
    """The native request without its prompt."""
    prompts: list[str]
    n: int
    """Choices a prompt."""
    stream: bool
    include_usage: bool
    logprobs: bool
    top_logprobs: int
    echo: bool
    thinking_field: str | None
    """The field that says whether to think."""
    ignored: tuple[str, ...]
    """The fields that nothing came of, as the client is told of them."""

    @property
    def choices(self) -> int:
        return len(self.prompts) * self.n

    def echoed(self, choice: int) -> str:
        """The text that is sent before the reply of a choice (`echo`)."""
        return self.prompts[choice // self.n] if self.echo else ""

    def bodies(self) -> Iterator[bytes]:
        """Yields the bodies of the native requests in the order of the choices, made one at a
        time."""
        for prompt in self.prompts:
            for index in range(self.n):
                request = self.request | {"prompt": prompt}
                if "options" in request:
                    request["options"] = seeded(request["options"], index)
                yield msgspec.json.encode(request)


def completion_request(body: Json, policy: Policy) -> CompletionPlan:
    """Parses a request. Raises `BadRequest` naming the field that is missing, wrong, unsupported or
    unknown."""
    body = unwrapped(body)
    unknown = fields.COMPLETION.check(body, policy)
    model = name(body.get("model"), "model")
    native_model = policy.resolve(model)
    defaults = policy.defaults_for(native_model)
    prompts = _prompts(body.get("prompt"))
    n = choice_count(body, policy)
    if len(prompts) * n > policy.max_choices:
        raise BadRequest(
            f"'prompt' and 'n' ask for more than {policy.max_choices} choices.", param="prompt"
        )
    if body.get("best_of") is not None and integer(body["best_of"], "best_of", 1, 20) != n:
        raise BadRequest("'best_of' must equal 'n': choices are not ranked.", param="best_of")
    stream = flag(body.get("stream"), "stream")
    top_logprobs = _logprobs(body)
    thinking, thinking_field = think(body)
    optional = {
        "suffix": text(body["suffix"], "suffix") if body.get("suffix") is not None else None,
        "format": reply_format(body),
        "options": native_options(body, defaults.options) or None,
        "keep_alive": defaults.keep_alive if (kept := keep_alive(body)) is None else kept,
        "logprobs": True if top_logprobs is not None else None,
        "top_logprobs": top_logprobs or None,
    }
    request: Json = {"model": native_model}
    request |= {key: value for key, value in optional.items() if value is not None}
    # A text completion has no place for thoughts: unasked, a thinking model would spend the
    # token limit on them.
    request["think"] = False if thinking is None else thinking
    request |= defaults.whole | flags(body, "truncate", "shift", "raw") | {"stream": stream}
    return CompletionPlan(
        model=model,
        native_model=native_model,
        request=request,
        prompts=prompts,
        n=n,
        stream=stream,
        include_usage=include_usage(body),
        logprobs=top_logprobs is not None,
        top_logprobs=top_logprobs or 0,
        echo=flag(body.get("echo"), "echo"),
        thinking_field=thinking_field,
        ignored=shown([*unknown, *unmet_budgets(body)]),
    )


def _prompts(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    for prompt in given:
        if isinstance(prompt, (int, list)) and not isinstance(prompt, bool):
            raise BadRequest("Token array prompts are not supported: send text.", param="prompt")
    if not given:
        raise BadRequest("'prompt' must hold at least one prompt.", param="prompt")
    # An empty prompt only loads the model, as at Ollama.
    if given is not value:
        return [text(value, "prompt")]
    return [text(prompt, f"prompt[{index}]") for index, prompt in enumerate(given)]


def _logprobs(body: Json) -> int | None:
    """Reads `logprobs`, the number of alternatives for each token; 0: the chosen tokens only, None:
    no logprobs."""
    wanted = body.get("logprobs")
    return None if wanted is None or wanted is False else integer(wanted, "logprobs", 0, 5)
