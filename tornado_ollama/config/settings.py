"""All settings: frozen dataclasses by topic, one row a key.

The fields are the keys of `config.yaml`; `topics/` has one module a topic, and `rows.py` says what
a row is. After a change `make docs` brings `config.yaml`, `config.schema.json` and
`docs/configuration.md` up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..access.principal import Scope
from .rows import Setting, Topic, settings_of
from .topics.auth import Auth, WrittenAuth
from .topics.capture import Capture
from .topics.chat import Chat
from .topics.cors import Cors
from .topics.limits import Limits
from .topics.listen import Listen
from .topics.log import Log
from .topics.manage import Manage
from .topics.models import Models
from .topics.openai import OpenAI
from .topics.otel import Otel
from .topics.responses import Responses
from .topics.service import Service
from .topics.state import State
from .topics.usage import Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class Written(Topic):
    """All settings as the configuration has them: the root of `config.yaml`."""

    listen: Listen = Listen()
    service: Service = Service()
    auth: WrittenAuth = WrittenAuth()
    cors: Cors = Cors()
    models: Models = Models()
    manage: Manage = Manage()
    chat: Chat = Chat()
    openai: OpenAI = OpenAI()
    responses: Responses = Responses()
    limits: Limits = Limits()
    state: State = State()
    usage: Usage = Usage()
    capture: Capture = Capture()
    log: Log = Log()
    otel: Otel = Otel()


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings(Written):
    """All settings as the program uses them: checked, with credentials hashed."""

    auth: Auth = Auth()
    warnings: tuple[str, ...] = ()
    """Sentences for the log at start: possible, but hardly meant."""

    def with_stored_tokens(self) -> Settings:
        """The settings while the token store has tokens, or had some: they count as configured."""
        return replace(self, auth=replace(self.auth, stored_tokens=True))

    def anonymous_scopes(self) -> frozenset[Scope]:
        """The scopes of a caller without a valid credential. Both where no credential is configured
        and only this machine can connect; with `auth.anonymous: true` elsewhere, generating only.
        """
        if self.auth.anonymous is False:
            return frozenset()
        if self.listen.loopback and not self.auth.configured:
            return frozenset(Scope)
        return frozenset((Scope.GENERATE,)) if self.auth.anonymous is True else frozenset()


SETTINGS: Mapping[str, Setting] = {found.key: found for found in settings_of(Written)}
"""Every setting by its dotted key, in the order of the file."""
