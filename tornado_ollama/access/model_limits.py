"""Bounds what a request asks of a model (`models.limits`): clamps its fields, or refuses it.

Works on the native body, which every dialect's request becomes, at the one place where bodies leave
for Ollama. Keys are read as Go reads them: the outermost in any case, of two equal ones the last
wins, but two `options` are one table. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from ..errors import BadRequest, Forbidden
from ..wire.json_members import members
from ..wire.model_names import matches

_UNIT_S = {
    **{"ns": 1e-9, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0},
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs"), 1e-6),  # a micro sign, or the Greek letter
}
_PART = re.compile(rf"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)({'|'.join(_UNIT_S)})")
_DURATION = re.compile(rf"([-+]?)((?:{_PART.pattern})+|0)")
"""The grammar of Go's `time.ParseDuration`, whole: what only Go reads would be no time here, and
pass."""

FOREVER = float("inf")


class ModelLimits(Protocol):
    """The limits of a model; None: none."""

    @property
    def num_ctx(self) -> int | None: ...
    @property
    def num_predict(self) -> int | None: ...
    @property
    def num_gpu(self) -> int | None: ...
    @property
    def keep_alive(self) -> str | int | float | None: ...
    @property
    def forbid(self) -> bool: ...


def bounded(
    body: bytes, model: str, limits: Mapping[str, ModelLimits]
) -> tuple[bytes, tuple[str, ...]]:
    """The body within the limits of every glob that matches the model, and the names of the fields
    that had to be changed. Raises Forbidden where a limit says so, and BadRequest for a body that
    cannot be read."""
    matching = [found for glob, found in limits.items() if matches(glob, model)]
    if not matching:
        return body, ()
    try:
        found = members(body)
        options = _options(found)
        alive = next((v for k, v in reversed(found) if k.casefold() == "keep_alive"), None)
        keep_alive = None if alive is None else msgspec.json.decode(alive)
    except msgspec.DecodeError:
        raise BadRequest("The request body is not a JSON object.") from None
    changed: dict[str, bool] = {}
    for limit in matching:
        for name in ("num_ctx", "num_gpu", "num_predict"):
            most = getattr(limit, name)
            if most is not None and _exceeds(name, options.get(name), most):
                _refuse_where_told(limit, name, most, given=name in options)
                options[name] = most
                changed[name] = True
        most = limit.keep_alive
        if most is not None and keep_alive is not None and seconds(keep_alive) > seconds(most):
            _refuse_where_told(limit, "keep_alive", most, given=True)
            keep_alive = most
            changed["keep_alive"] = True
    if not changed:
        return body, ()
    kept = [(k, v) for k, v in found if k.casefold() not in ("options", "keep_alive")]
    if options:
        kept.append(("options", msgspec.Raw(msgspec.json.encode(options))))
    if keep_alive is not None:
        kept.append(("keep_alive", msgspec.Raw(msgspec.json.encode(keep_alive))))
    whole = b",".join(msgspec.json.encode(key) + b":" + bytes(value) for key, value in kept)
    return b"{" + whole + b"}", tuple(changed)


def seconds(value: object) -> float:
    """A `keep_alive` in seconds, as Ollama reads it: a number, or a time of Go's; a negative one is
    for ever. What Ollama will refuse counts as 0."""
    if isinstance(value, bool):
        return 0.0
    if isinstance(value, int | float):
        return FOREVER if value < 0 else float(value)
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return 0.0
    total = sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(found[2]))
    return FOREVER if found[1] == "-" and total else total


def _options(found: list[tuple[str, msgspec.Raw]]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in found:
        if key.casefold() == "options":
            table = msgspec.json.decode(value)
            if isinstance(table, dict):
                options.update(table)
            elif table is not None:
                raise BadRequest("'options' must be an object.", param="options")
    return options


def _exceeds(name: str, value: object, most: int) -> bool:
    """Whether an option is beyond its limit. A reply without `num_predict`, or with a negative one,
    has no end."""
    if name == "num_predict" and value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False  # the default, or what Ollama refuses
    return value > most or (name == "num_predict" and value < 0)


def _refuse_where_told(limit: ModelLimits, name: str, most: object, *, given: bool) -> None:
    if limit.forbid and given:
        raise Forbidden(f"{name} may be at most {most} for this model.", param=name)
