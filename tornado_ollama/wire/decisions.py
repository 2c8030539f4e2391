"""Applies the decisions about fields to a request: which are ignored and which refused. Reads the
tables of all translated dialects (`fields.py` of each)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from ..errors import BadRequest
from .checks import Json, mapping
from .policy import Policy

MIN_SLIP = 8
"""Letters of the shortest name that may be refused as a slip: shorter ones are near too many. Of
other servers' fields none is one letter from ours; a test has their names."""

MAX_SLIPS = 100
"""Of so many unknown fields each is held against the known ones. Nobody misspells more."""

WRAPPER = "extra_body"
"""What OpenAI's SDK lays out at the top level, and other libraries send as it is."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The decisions about the fields of one object of a request."""

    honoured: frozenset[str]
    harmless: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, Fields] = field(default_factory=dict)
    """Of honoured fields: those that are objects of settings themselves."""

    @property
    def decided(self) -> frozenset[str]:
        return self.honoured | self.harmless.keys() | self.refused.keys()

    def check(self, given: Json, policy: Policy) -> list[str]:
        """Returns the fields that are ignored, as dotted names. Raises `BadRequest` naming the
        first field that is refused, misspelt, or unknown where the policy refuses that."""
        unknown = list(self._unknown(given, ""))
        if unknown and policy.refuse_unknown:
            raise _refused(unknown[0], "The gateway refuses fields it would have to ignore.")
        for name in islice(unknown, MAX_SLIPS):
            slip = self._meant(name)
            if slip is not None:
                raise _refused(name, f"Did you mean '{slip}'?")
        return unknown

    def _unknown(self, given: Json, path: str) -> Iterator[str]:
        for name, value in given.items():
            if value is None or name in self.harmless:
                continue
            if name in self.honoured:
                if name in self.inside and isinstance(value, dict):
                    yield from self.inside[name]._unknown(value, f"{path}{name}.")
            elif name not in self.refused:
                yield path + name
            elif value:
                raise BadRequest(self.refused[name], param=path + name)

    def _meant(self, name: str) -> str | None:
        """The known field that differs from an unknown one by one letter, None where there is
        none."""
        first, dot, rest = name.partition(".")
        if dot and first in self.inside:
            found = self.inside[first]._meant(rest)
            return found and f"{first}.{found}"
        return meant(name, self.decided)


def meant(name: str, known: Collection[str]) -> str | None:
    """The known name that differs from an unknown one of `MIN_SLIP` letters or more by one letter;
    None where there is none."""
    if len(name) < MIN_SLIP:
        return None
    return min((other for other in known if _is_slip(name, other)), default=None)


def unwrapped(body: Json) -> Json:
    """The request with the fields of its `extra_body` added; of two with the same name, the one
    outside wins."""
    wrapped = body.get(WRAPPER)
    if wrapped is None:
        return body
    given = {name: value for name, value in body.items() if value is not None and name != WRAPPER}
    return mapping(wrapped, WRAPPER) | given


def _is_slip(name: str, known: str) -> bool:
    """Whether two names differ by one letter: wrong, missing or too many."""
    longer, shorter = (name, known) if len(name) >= len(known) else (known, name)
    if len(longer) - len(shorter) > 1:
        return False
    pairs = enumerate(zip(longer, shorter, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), len(shorter))
    return longer[at + 1 :] == shorter[at + (len(longer) == len(shorter)) :]


def _refused(name: str, why: str) -> BadRequest:
    shown = name if len(name) <= 100 else name[:100] + "..."
    return BadRequest(f"Unknown field '{shown}'. {why}", param=name[:200])
