"""Restricts what may be done with the scope `manage` (the topic `manage`): registries, insecure
connections, protected models, sources of new models. Off by default. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from ..errors import Forbidden
from ..wire.json_members import members
from ..wire.model_names import DEFAULT_HOST, canonical, matches

GUARDED = frozenset(("/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete"))
"""The paths at Ollama that change models."""

_NAMES = ("model", "name")

_DESCRIPTIONS = frozenset(
    {
        *("model", "name", "from", "stream"),
        *("template", "license", "system", "parameters", "messages", "info", "requires"),
        *("quantize", "quantization", "draft_quantize", "renderer", "parser"),
    }
)
"""The keys of `/api/create` that bring nothing from elsewhere into a model, or nothing but what
`from` names; every other one may, those that Ollama does not have yet included."""


class ManagementRules(Protocol):
    """The settings of `manage`."""

    @property
    def registries(self) -> tuple[str, ...]: ...
    @property
    def insecure(self) -> bool: ...
    @property
    def protected(self) -> tuple[str, ...]: ...
    @property
    def create_from(self) -> tuple[str, ...] | None: ...
    @property
    def max_pull_bytes(self) -> int: ...


def refuse_management(path: str, body: bytes, rules: ManagementRules) -> None:
    """Raises Forbidden for a request that the rules do not allow. `path`: at Ollama. A body that
    cannot be read names nothing: it is for Ollama to refuse, unless there are rules."""
    if path not in GUARDED or not _any(rules):
        return
    try:
        found = [(key.casefold(), value) for key, value in members(body)] if body else []
    except msgspec.DecodeError:
        raise Forbidden("The request cannot be read, and models are guarded here.") from None
    if not rules.insecure and any(_true(value) for key, value in found if key == "insecure"):
        raise Forbidden("insecure is not allowed here (manage.insecure).", param="insecure")
    if rules.registries and path in ("/api/pull", "/api/push", "/api/create"):
        for name in _texts(found, (*_NAMES, "from")):
            if (host := registry(name)) not in rules.registries:
                raise Forbidden(f"The registry {host!a} is not allowed here (manage.registries).")
        for url in _texts(found, ("remote_host",)):
            if (host := _host(url)) not in rules.registries:
                raise Forbidden(f"The host {host!a} is not allowed here (manage.registries).")
    if path != "/api/push":
        for name in _texts(found, ("destination",) if path == "/api/copy" else _NAMES):
            if any(matches(glob, name) for glob in rules.protected):
                raise Forbidden("This model is protected here (manage.protected).", param="model")
    if path == "/api/create" and rules.create_from is not None:
        _refuse_source(found, rules.create_from)


def registry(name: str) -> str:
    """The host from which Ollama would fetch a model of this name."""
    places = canonical(name).split("/")
    return places[0] if len(places) > 2 else DEFAULT_HOST


def _host(url: str) -> str:
    """The host of a `remote_host`, which is a URL or a host."""
    return url.lower().partition("://")[2].partition("/")[0] or url.lower()


def _refuse_source(found: list[tuple[str, msgspec.Raw]], allowed: tuple[str, ...]) -> None:
    sources = list(_texts(found, ("from",)))
    unset = (b"null", b"{}", b'""')
    given = any(key not in _DESCRIPTIONS and bytes(value) not in unset for key, value in found)
    if given or not sources or not all(any(matches(g, s) for g in allowed) for s in sources):
        raise Forbidden(
            "A model may be created only from some others here (manage.create_from).", param="from"
        )


def _any(rules: ManagementRules) -> bool:
    restricted = rules.registries or rules.protected or rules.create_from is not None
    return bool(restricted or rules.max_pull_bytes) or not rules.insecure


def _true(value: msgspec.Raw) -> bool:
    return bytes(value) == b"true"


def _texts(found: list[tuple[str, msgspec.Raw]], keys: tuple[str, ...]) -> Iterator[str]:
    """All texts under these keys, duplicates included: Ollama takes the last, and may take another
    key where that is empty."""
    for key, value in found:
        if key in keys and bytes(memoryview(value)[:1]) == b'"':
            text = msgspec.json.decode(value)
            if text:
                yield text
