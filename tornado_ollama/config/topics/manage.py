"""The topic `manage`: what the scope `manage` may not do."""

from __future__ import annotations

from dataclasses import dataclass

from ..rows import Topic, setting
from ..rules import SWITCH, texts, whole


def _lower(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Manage(Topic):
    registries: tuple[str, ...] = setting(
        (),
        texts("a list of host names", _lower),
        "registries that models may come from and go to, as `registry.ollama.ai`; empty: all",
    )
    insecure: bool = setting(
        True, SWITCH, "`false`: pull and push refuse `insecure`, which skips TLS"
    )
    protected: tuple[str, ...] = setting(
        (),
        texts("a list of model names, with * as wildcard"),
        "models that may not be deleted or replaced, with `*` as wildcard",
        more="Pulling, creating or copying over one is refused too.",
    )
    create_from: tuple[str, ...] | None = setting(
        None,
        texts("a list of model names, with * as wildcard"),
        "models that new ones may be created from, with `*` as wildcard; unset: anything",
        more="With a list, files and adapters that were uploaded may not be used; "
        "an empty list forbids `create`.",
    )
    max_pull_bytes: int = setting(
        0,
        whole("bytes", 0),
        "largest model that may be pulled; `0`: no limit",
        more="The pull ends when Ollama begins a layer that makes the model larger.",
    )
