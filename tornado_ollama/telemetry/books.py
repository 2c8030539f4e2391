"""The books of one process: accounts and budgets, which are charged together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ..dispatch.journal import ChargeSink
from .accounts import Accounts
from .budgets import Budget, Budgets
from .registry import Telemetry


class Settings(Protocol):
    """Of `usage`."""

    @property
    def keep_days(self) -> int: ...
    @property
    def trust_user_headers(self) -> tuple[str, ...]: ...
    @property
    def budgets(self) -> Mapping[str, Budget]: ...
    @property
    def warn_at(self) -> float: ...


class Books:
    """`start` them before the first request, `stop` them after the last."""

    def __init__(self, directory: Path, telemetry: Telemetry) -> None:
        """`directory`: of the database."""
        self.accounts = Accounts(directory, telemetry)
        self.budgets = Budgets()
        telemetry.registry.register(self.budgets)

    @property
    def sinks(self) -> tuple[ChargeSink, ...]:
        """For the journal."""
        return self.accounts.charge, self.budgets.charge

    def apply(self, settings: Settings) -> None:
        self.accounts.apply(settings.keep_days, settings.trust_user_headers)
        self.budgets.apply(settings.budgets, settings.warn_at)

    async def start(self) -> None:
        await self.accounts.start()
        if self.budgets.any:
            self.budgets.take_up(await self.accounts.used_this_month())

    async def stop(self) -> None:
        await self.accounts.stop()
