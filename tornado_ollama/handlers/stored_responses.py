"""The responses that are kept for their principals: what `previous_response_id` goes on from.

Owns who may see which, and what leaves when: each is found by the principal that made it and its
id, and all are bounded in number, bytes and time. A response keeps what it went on from, so that a
conversation is whole or is not there.

Kept as JSON text, which takes a fifth of the memory of objects.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from ..errors import BadRequest
from ..wire.checks import Json

ENTRY_BYTES = 1000
"""What one takes besides its texts: ids, and their places in the tables."""

Key = tuple[str, str]
"""The principal's key, and an id."""


class _Output(msgspec.Struct, gc=False):
    output: list[Json] = []


_OUTPUT = msgspec.json.Decoder(_Output)
_INPUT = msgspec.json.Decoder(list[Json])


@dataclass(slots=True, eq=False)
class StoredResponse:
    """One that was kept."""

    id: str
    response: bytes
    """The object as JSON text."""
    input: bytes
    """The items of its own request, as a JSON list."""
    before: StoredResponse | None
    used_at: float = 0.0
    holders: int = 0
    """The table, and the responses that went on from this one."""

    @property
    def size(self) -> int:
        return len(self.response) + len(self.input) + ENTRY_BYTES

    def output(self) -> list[Json]:
        return _OUTPUT.decode(self.response).output

    def conversation(self) -> list[Json]:
        """All items up to its end."""
        return [*self.all_input(), *self.output()]

    def all_input(self) -> list[Json]:
        """All items that it was made of. Raises BadRequest for those that could be read once, where
        the stack was not so high."""
        chain: list[StoredResponse] = []
        node: StoredResponse | None = self
        while node is not None:
            chain.append(node)
            node = node.before
        found: list[Json] = []
        for one in reversed(chain):
            try:
                found += _INPUT.decode(one.input)
            except RecursionError:
                raise BadRequest("The stored conversation is nested too deeply.") from None
            if one is not self:
                found += one.output()
        return found


class ResponseStore:
    """All that are kept now. Times are seconds of one clock, which only goes forward."""

    def __init__(self) -> None:
        self.max_responses = 0
        self.max_bytes = 0
        self.keep_for_s = 0.0
        """These three may be changed by a reload."""
        self.held = 0
        """Bytes of all that is kept, also for the sake of what went on from it."""
        self._stored: OrderedDict[Key, StoredResponse] = OrderedDict()
        self._by_item: dict[Key, StoredResponse] = {}

    def __len__(self) -> int:
        return len(self._stored)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all."""
        return self.max_responses > 0 and self.max_bytes > 0

    def put(self, owner: str, stored: StoredResponse, now: float) -> None:
        """Keeps one, unless it alone is too large. What it went on from is held by it from now
        on."""
        if stored.size > self.max_bytes:
            return
        stored.used_at = now
        self._hold(stored)
        self._stored[owner, stored.id] = stored
        for item in stored.output():
            self._by_item[owner, item["id"]] = stored
        self.expire(now)

    def get(self, owner: str, id: str, now: float) -> StoredResponse | None:
        """The response, which counts as used now."""
        self.expire(now)
        found = self._stored.get((owner, id))
        if found is not None:
            found.used_at = now
            self._stored.move_to_end((owner, id))
        return found

    def holder(self, owner: str, item_id: str, now: float) -> StoredResponse | None:
        """The response whose output has an item."""
        found = self._by_item.get((owner, item_id))
        return None if found is None else self.get(owner, found.id, now)

    def delete(self, owner: str, id: str) -> bool:
        """Whether there was such a response. What has gone on from it keeps its conversation."""
        found = self._stored.pop((owner, id), None)
        if found is None:
            return False
        for item in found.output():
            self._by_item.pop((owner, item["id"]), None)
        self._let_go(found)
        return True

    def expire(self, now: float) -> None:
        """Lets go of what is too old, and of the oldest while there is too much."""
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
    """Those of one principal, at one time: a `wire.responses.request.Past`."""

    def __init__(self, store: ResponseStore, owner: str, now: float) -> None:
        self._store = store
        self._owner = owner
        self._now = now
        self._items: dict[str, dict[str, Json]] = {}
        """By response and id: many may be asked for, and each response is read once."""

    def get(self, id: str) -> StoredResponse | None:
        return self._store.get(self._owner, id, self._now)

    def conversation(self, response_id: str) -> list[Json] | None:
        found = self.get(response_id)
        return None if found is None else found.conversation()

    def item(self, item_id: str) -> Json | None:
        holder = self._store.holder(self._owner, item_id, self._now)
        if holder is None:
            return None
        if holder.id not in self._items:
            self._items[holder.id] = {item["id"]: item for item in holder.output()}
        return self._items[holder.id].get(item_id)
