"""What a running gateway says of itself to a client: whether a token is accepted, and what a model
can do. For the command `launch`.

Asks as any client would, with the token; no setting of the gateway is read.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import GatewayError
from ..upstream.client import UpstreamClient
from ..upstream.ollama import Backend, Ollama, Timeouts
from ..wire.model_names import canonical

TIMEOUT_S = 15.0
LOAD_S = 600.0
"""How long a model may load."""

MAX_QUOTED_CHARS = 300
MAX_NAMED_MODELS = 12
DEFAULT_WINDOW = 4096
"""Of an Ollama that says nothing of a model's context."""


class NotReady(Exception):
    """An agent cannot be served; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model as the gateway serves it to the caller."""

    name: str
    native_name: str
    """As Ollama knows it."""
    window: int
    """Tokens that prompt and reply may have together."""
    window_is_known: bool
    """Otherwise it is only what the model was made for."""
    capabilities: frozenset[str]
    """In Ollama's words; empty where it does not say."""


async def find_model(url: str, token: str, model: str | None) -> FoundModel:
    """Asks the gateway at `url` for its models, and for what `model` can do; without a name the
    first one with tools is taken, or the first. Raises NotReady.

    Where nothing but Ollama decides on the window, the model is loaded first: then it is known.
    """
    client = UpstreamClient(force_instance=True)
    try:
        gateway = Ollama(client, Backend(url), Timeouts(TIMEOUT_S, LOAD_S, LOAD_S))
        ask = _Questions(gateway, url, token)
        found = _found(await ask.models(), model)
        if not found.window_is_known and "completion" in found.capabilities:
            await ask.for_one_token(found.name)
            window = await ask.loaded_window(found.native_name)
            if window is not None:
                found = replace(found, window=window, window_is_known=True)
        return found
    finally:
        client.close()


class _Questions:
    def __init__(self, gateway: Ollama, url: str, token: str) -> None:
        self._gateway = gateway
        self._url = url
        self._headers = [("Authorization", f"Bearer {token}")]

    async def models(self) -> list[dict[str, Any]]:
        """The models that the token may use."""
        try:
            reply = await self._gateway.fetch(
                "GET", "/v1/models", headers=self._headers, timeout=TIMEOUT_S
            )
        except GatewayError:
            raise NotReady(
                f"{self._url}: no gateway answers there; start it with `tornado-ollama serve`, or "
                "say where it is with --url"
            ) from None
        said = _table(reply.body)
        if reply.code != 200:
            raise NotReady(f"{self._url}: {_sentence(said, reply.code)}{_remedy(reply.code)}")
        models = said.get("data")
        if not isinstance(models, list):
            raise NotReady(f"{self._url}: what answers there is no tornado-ollama")
        return [entry for entry in models if isinstance(entry, dict) and entry.get("id")]

    async def for_one_token(self, model: str) -> None:
        """Has the model loaded, with the operator's defaults. What fails here will be said to the
        agent."""
        asked = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
        headers = [*self._headers, ("Content-Type", "application/json")]
        with contextlib.suppress(GatewayError):
            await self._gateway.fetch(
                "POST", "/v1/chat/completions", headers=headers, body=json.dumps(asked).encode()
            )

    async def loaded_window(self, native_name: str) -> int | None:
        """The window of a model in memory; None where it is not there or Ollama does not say."""
        try:
            reply = await self._gateway.fetch(
                "GET", "/api/ps", headers=self._headers, timeout=TIMEOUT_S
            )
        except GatewayError:
            return None
        models = _table(reply.body).get("models")
        for entry in models if isinstance(models, list) else ():
            if canonical(str(entry.get("name"))) == canonical(native_name):
                return _window(entry)
        return None


def _found(listed: Sequence[dict[str, Any]], model: str | None) -> FoundModel:
    if not listed:
        raise NotReady("there is no model that this token may use; `ollama pull` brings one")
    if model is None:
        able = (entry for entry in listed if "tools" in _capabilities(entry))
        entry = next(able, listed[0])
    else:
        named = (entry for entry in listed if canonical(entry["id"]) == canonical(model))
        entry = next(named, {})
        if not entry:
            names = [entry["id"] for entry in listed]
            more = f" and {len(names) - MAX_NAMED_MODELS} more" * (len(names) > MAX_NAMED_MODELS)
            known = ", ".join(names[:MAX_NAMED_MODELS]) + more
            raise NotReady(f"there is no model {model!a} for this token; there is {known}")
    return FoundModel(
        model or entry["id"],
        entry.get("root") or entry["id"],
        _window(entry) or DEFAULT_WINDOW,
        entry.get("context_length_from") != "model",
        _capabilities(entry),
    )


def _window(entry: dict[str, Any]) -> int | None:
    said = entry.get("context_length")
    return said if isinstance(said, int) and said > 0 else None


def _capabilities(entry: dict[str, Any]) -> frozenset[str]:
    said = entry.get("capabilities")
    return frozenset(map(str, said)) if isinstance(said, list) else frozenset()


def _sentence(said: dict[str, Any], status: int) -> str:
    error = said.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return str(message or f"an odd answer, status {status}")[:MAX_QUOTED_CHARS]


def _remedy(status: int) -> str:
    return " (--token TOKEN; `tornado-ollama token create` makes one)" if status == 401 else ""


def _table(body: bytes) -> dict[str, Any]:
    try:
        table = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}
