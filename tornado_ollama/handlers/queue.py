"""`/queue`: the requests that run inference or wait for a slot. Everybody sees their own, and with
the scope `manage` those of all; `DELETE /queue/ID` stops one of them."""

from __future__ import annotations

from ..access.principal import Scope
from ..dispatch.ask import Caller
from ..dispatch.dispatcher import Dispatcher
from ..dispatch.submission import QueueRow
from ..errors import NotFound
from .auth_mixin import AuthMixin
from .base import BaseHandler


class QueueHandler(AuthMixin, BaseHandler):
    async def respond(self) -> None:
        dispatcher, own = self.deps.dispatcher, self.caller().key
        if self.request.method == "DELETE":
            sees_all = may_manage(self.caller())
            id = self.url_path.rpartition("/")[2]
            number = int(id) if id.isascii() and id.isdecimal() and len(id) < 20 else 0
            if not dispatcher.stop(number, lambda caller: sees_all or caller.key == own):
                raise NotFound("There is no such request, or it is not yours; /queue lists yours.")
            self.answer(204)
            return
        self.set_header("Cache-Control", "no-store")
        self.answer_json(200, queue_state(dispatcher, self.caller()))


def queue_state(dispatcher: Dispatcher, caller: Caller) -> dict[str, object]:
    """What a caller may know of the requests that run inference or wait for a slot: all of them
    with the scope `manage`, otherwise its own."""
    sees_all = may_manage(caller)
    return {
        "running": dispatcher.queue.running,
        "waiting": dispatcher.queue.waiting,
        "max_parallel": dispatcher.max_parallel,
        "requests": [
            _shown(row, sees_all)
            for row in dispatcher.rows()
            if sees_all or row.caller.key == caller.key
        ],
    }


def may_manage(caller: Caller) -> bool:
    return caller.principal is not None and caller.principal.may(Scope.MANAGE)


def _shown(row: QueueRow, with_address: bool) -> dict[str, object]:
    principal = row.caller.principal
    shown: dict[str, object] = {
        "credential": None if principal is None else principal.name,
        "id": row.id,
        "model": row.model,
        "position": row.position,
        "waited_s": round(row.waited_s, 1),
        "running_s": None if row.running_s is None else round(row.running_s, 1),
        "output_tokens": row.output_tokens,
    }
    return shown | {"client": row.caller.address} if with_address else shown
