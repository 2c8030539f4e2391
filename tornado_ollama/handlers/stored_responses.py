"""Stores responses in memory, so that later requests can continue them with `previous_response_id`.

Owns access and removal: a response is found only by its id and the principal that made it, and the
store is limited in number, bytes and age. A stored response keeps a reference to the one it
continues, so a conversation is either complete or not available at all.

Responses are stored as JSON text, which takes a fifth of the memory of decoded objects.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import BadRequest
from ..wire.checks import Json
from ..wire.responses.input_items import INPUT, Item

ENTRY_BYTES = 1000
"""Bytes counted for a stored response besides its JSON text: ids and table entries."""

Key = tuple[str, str]
"""The principal's key, and an id."""


class _Output(msgspec.Struct, gc=False):
    output: list[Json] = []


_OUTPUT = msgspec.json.Decoder(_Output)
_INPUT = msgspec.json.Decoder(list[Json])


@dataclass(slots=True, eq=False)
class StoredResponse:
    """A stored response with the input of its request and the response that it continues."""

    id: str
    response: bytes
    """The response object as JSON text."""
    input: bytes
    """The items of its own request, as a JSON list: as the client wrote them."""
    before: StoredResponse | None
    used_at: float = 0.0
    holders: int = 0
    """Number of references: from the store's table, and from responses that continue this one."""

    @property
    def size(self) -> int:
        return len(self.response) + len(self.input) + ENTRY_BYTES

    def output(self) -> list[Json]:
        return _OUTPUT.decode(self.response).output

    def conversation(self) -> list[Item]:
        """All items of the conversation, from its first input to the output of this response, as
        structs. Raises BadRequest as `all_input` does."""
        found: list[Item] = []
        for one in self._chain():
            found += _decoded(INPUT.decode, one.input)
            found += [INPUT.element(item, "output") for item in one.output()]
        return found

    def all_input(self) -> list[Json]:
        """All items that the model was given for this response, those of earlier responses
        included. Raises BadRequest where the items cannot be decoded: Python's recursion limit may
        allow less here than when the request was read, and what nobody reads of an item was not
        decoded then."""
        found: list[Json] = []
        for one in self._chain():
            found += _decoded(_INPUT.decode, one.input)
            if one is not self:
                found += one.output()
        return found

    def _chain(self) -> Sequence[StoredResponse]:
        """The responses that this one continues, the first one first, and this one."""
        chain: list[StoredResponse] = []
        node: StoredResponse | None = self
        while node is not None:
            chain.append(node)
            node = node.before
        return chain[::-1]


def _decoded(decode: Callable[[bytes], list[Any]], text: bytes) -> list[Any]:
    try:
        return decode(text)
    except RecursionError:
        raise BadRequest("The stored conversation is nested too deeply.") from None
    except msgspec.DecodeError:
        raise BadRequest("The stored conversation has numbers that are out of range.") from None


class ResponseStore:
    """All stored responses. Every `now` is in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.max_responses = 0
        self.max_bytes = 0
        self.keep_for_s = 0.0
        """Age limit in seconds. A reload may change these three limits."""
        self.held = 0
        """Bytes in use, including deleted responses that a stored one continues."""
        self._stored: OrderedDict[Key, StoredResponse] = OrderedDict()
        self._by_item: dict[Key, StoredResponse] = {}

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def keeps(self) -> bool:
        """Whether the configuration allows any response to be stored."""
        return self.max_responses > 0 and self.max_bytes > 0

    def put(self, owner: str, stored: StoredResponse, now: float) -> None:
        """Stores a response, unless it alone is larger than `max_bytes`. The response that it
        continues, even if deleted, stays in memory as long as the new one. Then deletes what
        exceeds the limits."""
        if stored.size > self.max_bytes:
            return
        stored.used_at = now
        self._hold(stored)
        self._stored[owner, stored.id] = stored
        for item in stored.output():
            self._by_item[owner, item["id"]] = stored
        self.expire(now)

    def get(self, owner: str, id: str, now: float) -> StoredResponse | None:
        """The stored response, or None. Counts as a use, from which the response's age is
        measured."""
        self.expire(now)
        found = self._stored.get((owner, id))
        if found is not None:
            found.used_at = now
            self._stored.move_to_end((owner, id))
        return found

    def holder(self, owner: str, item_id: str, now: float) -> StoredResponse | None:
        """The stored response whose output contains the item, or None. Counts as a use of it."""
        found = self._by_item.get((owner, item_id))
        return None if found is None else self.get(owner, found.id, now)

    def delete(self, owner: str, id: str) -> bool:
        """Deletes a response; returns whether it existed. Responses that continue it keep their
        whole conversation."""
        found = self._stored.pop((owner, id), None)
        if found is None:
            return False
        for item in found.output():
            self._by_item.pop((owner, item["id"]), None)
        self._let_go(found)
        return True

    def expire(self, now: float) -> None:
        """Deletes the responses unused for more than `keep_for_s` seconds, and the least recently
        used ones while there are too many responses or bytes."""
        for owner, id in self._surplus(now):
            self.delete(owner, id)

    def _surplus(self, now: float) -> Iterator[Key]:
        while self._stored:
            key, oldest = next(iter(self._stored.items()))
            crowded = len(self._stored) > self.max_responses or self.held > self.max_bytes
            if not crowded and now - oldest.used_at <= self.keep_for_s:
                return
            yield key

    def _hold(self, stored: StoredResponse | None) -> None:
        """One more holder; the first holds what it went on from as well, which may have been let go
        in the meantime."""
        while stored is not None:
            stored.holders += 1
            if stored.holders > 1:
                return
            self.held += stored.size
            stored = stored.before

    def _let_go(self, stored: StoredResponse | None) -> None:
        while stored is not None:
            stored.holders -= 1
            if stored.holders:
                return
            self.held -= stored.size
            stored = stored.before


class OwnResponses:
    """The stored responses of one principal, read during one request. Implements
    `wire.responses.past.Past`."""

    def __init__(self, store: ResponseStore, owner: str, now: float) -> None:
        self._store = store
        self._owner = owner
        self._now = now
        self._items: dict[str, dict[str, Json]] = {}
        """By response and id: many may be asked for, and each response is read once."""

    def get(self, id: str) -> StoredResponse | None:
        return self._store.get(self._owner, id, self._now)

    def conversation(self, response_id: str) -> list[Item] | None:
        found = self.get(response_id)
        return None if found is None else found.conversation()

    def item(self, item_id: str) -> Json | None:
        holder = self._store.holder(self._owner, item_id, self._now)
        if holder is None:
            return None
        if holder.id not in self._items:
            self._items[holder.id] = {item["id"]: item for item in holder.output()}
        return self._items[holder.id].get(item_id)
