"""`/admin/tokens` and `/admin/revocations`: the administration of stored tokens over HTTP.

    GET    /admin/tokens              all tokens, without their texts
    POST   /admin/tokens              a new one: name, scopes, and the fields of a token entry
    POST   /admin/tokens/NAME         a new text for NAME; `grace`: seconds the old one stays valid
    DELETE /admin/tokens/NAME         revokes it
    GET    /admin/revocations         the JWTs and keys that are revoked
    POST   /admin/revocations         revokes one `jti`, `sub` or `key`; DELETE takes it back

All of them need `manage`. Who changes something must be somebody: an anonymous caller, for whom all
is open, could leave a token behind that outlives this. Nor may a credential that is bound to some
models: it could make one that is not.
"""

from __future__ import annotations

import json
from typing import Literal

from ..access.principal import Scope
from ..errors import BadRequest, Forbidden, NotFound
from ..wire import checks
from ..wire.checks import Json
from .auth_mixin import AuthMixin
from .deps import TokenAdmin
from .json_body import JsonBodyHandler

MAX_GRACE_S = 30 * 24 * 3600
"""How long an old token may stay valid beside the new one."""

KINDS: tuple[Literal["jti", "sub", "key"], ...] = ("jti", "sub", "key")

OFF = "Tokens are not kept here (auth.token_store)."
ANONYMOUS = (
    "Send a credential: while everything is open to everybody, tokens are made and revoked on the "
    "command line alone (tornado-ollama token create)."
)
BOUND = "A credential that is bound to some models may not administer tokens."


class TokensHandler(AuthMixin, JsonBodyHandler):
    async def respond(self) -> None:
        admin = self._admin()
        self.set_header("Cache-Control", "no-store")  # a reply may hold a token
        _, _, collection, *rest = self.url_path.split("/")
        if collection == "revocations":
            await self._revocations(admin)
        elif rest:
            await self._one(admin, rest[0])
        elif self.request.method == "GET":
            self._answer(200, {"tokens": await admin.listed()})
        else:
            await self._create(admin)

    def _admin(self) -> TokenAdmin:
        """Raises NotFound and Forbidden."""
        admin, principal = self.deps.process.token_admin, self.principal
        if admin is None:
            raise NotFound(OFF)
        assert principal is not None
        if principal.models is not None:
            raise Forbidden(BOUND)
        if principal.is_anonymous and self.request.method != "GET":
            raise Forbidden(ANONYMOUS)
        return admin

    async def _create(self, admin: TokenAdmin) -> None:
        form = self.read_body()
        scopes = _scopes(form.pop("scopes", None))
        name = checks.name(form.pop("name", None), "name")
        made = await admin.create(name, scopes, form)
        self._answer(201, {"name": name, "token": made.text})

    async def _one(self, admin: TokenAdmin, name: str) -> None:
        if self.request.method == "DELETE":
            await admin.revoke(name)
            self._answer(200, {"name": name, "status": "revoked"})
            return
        body = self.read_body() if self.received else {}
        if unknown := next((key for key in body if key != "grace"), None):
            raise BadRequest(f"{unknown[:40]!a} is not known here; grace is.")
        grace_s = checks.number(body.get("grace", 0), "grace", 0, MAX_GRACE_S)
        made = await admin.rotate(name, grace_s)
        self._answer(201, {"name": name, "token": made.text})

    async def _revocations(self, admin: TokenAdmin) -> None:
        if self.request.method == "GET":
            self._answer(200, {"revocations": await admin.revocations()})
            return
        body = self.read_body()
        given = [kind for kind in KINDS if kind in body]
        if len(given) != 1 or len(body) != 1:
            raise BadRequest("The body names one thing to revoke: jti, sub or key.")
        [kind] = given
        value = checks.name(body[kind], kind)
        if self.request.method == "POST":
            await admin.add_revocation(kind, value)
            self._answer(201, {kind: value, "status": "revoked"})
        elif await admin.remove_revocation(kind, value):
            self._answer(200, {kind: value, "status": "valid again"})
        else:
            raise NotFound(f"This {kind} is not revoked.")

    def _answer(self, status: int, value: Json) -> None:
        self.answer(status, json.dumps(value, default=str).encode())


def _scopes(value: object) -> list[Scope]:
    words = checks.items(value, "scopes")
    known = {scope.value: scope for scope in Scope}
    if not all(isinstance(word, str) and word in known for word in words):
        raise BadRequest("'scopes' is a list of generate and manage.", param="scopes")
    return [known[word] for word in words]
