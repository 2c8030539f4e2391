"""The jobs in flight on one socket: which may start, and how they are cancelled."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ..dispatch.journal import CLIENT_LEFT
from ..errors import GatewayError, ShuttingDown, TooManyJobs
from ..wire.socket import commands as protocol
from ..wire.socket import frames
from . import resumable
from .job import Job
from .watch_job import WatchJob

MAX_JOBS = 32
"""Chats and requests in flight on one socket; more are refused, not queued."""


class Owner(resumable.Socket, Protocol):
    """The socket that owns the jobs, as they use it."""

    def went_idle(self) -> None:
        """Called when the last job has ended."""


class SocketJobs:
    """The jobs of one socket by their ids, and the chats that may outlive it."""

    def __init__(self, socket: Owner) -> None:
        self._socket = socket
        self._jobs: dict[str | None, Job | WatchJob] = {}
        self._resumables: dict[str | None, resumable.ResumableChat] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._jobs) + len(self._resumables)

    def start(self, job: Job | WatchJob) -> None:
        if not self._has_room(job.id):
            return
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def start_resumable(self, command: protocol.Chat) -> None:
        if self._has_room(command.id):
            grace_s = self._socket.deps.resume_grace_s
            self._resumables[command.id] = resumable.begin(self._socket, command, grace_s)

    def resume(self, command: protocol.Resume) -> None:
        if not self._has_room(command.id):
            return
        try:
            chat = resumable.find(self._socket.deps.process.resumables, command)
            self._resumables[command.id] = chat
            chat.attach(self._socket, command.after)
        except GatewayError as error:
            self._resumables.pop(command.id, None)
            self._refuse(command.id, error)

    def resumable_ended(self, id: str | None) -> None:
        self._resumables.pop(id, None)
        self._look_if_idle()

    def cancel(self, id: str | None) -> None:
        """Cancels the job of this id. Raises BadFrame where there is none."""
        job = self._jobs.get(id) or self._resumables.get(id)
        if job is None:
            raise protocol.BadFrame("There is nothing of this id to cancel.", id)
        job.cancel()

    def cancel_bound(self, why: str) -> None:
        """Cancels the jobs that cannot outlive the socket; `why` as in `Job.cancel`."""
        for job in tuple(self._jobs.values()):
            job.cancel(why)

    def cancel_all(self, why: str) -> None:
        self.cancel_bound(why)
        for chat in tuple(self._resumables.values()):
            chat.cancel(why)

    def stop_watching(self) -> None:
        """Cancels what would never end by itself."""
        for job in tuple(self._jobs.values()):
            if isinstance(job, WatchJob):
                job.cancel()

    def leave(self) -> None:
        """Called when the socket has closed: cancels the jobs bound to it and detaches the
        resumable chats."""
        self.cancel_bound(CLIENT_LEFT)
        for chat in tuple(self._resumables.values()):
            chat.detach(self._socket)

    def _has_room(self, id: str | None) -> bool:
        """Whether another job may start; where not, the client is sent the reason. Raises BadFrame
        for an id in use."""
        if id in self._jobs or id in self._resumables:
            what = "This id" if id is not None else "The conversation's turn"
            raise protocol.BadFrame(f"{what} is still under way; wait, or cancel it.", id)
        if self._socket.deps.in_flight.draining:
            self._refuse(id, ShuttingDown())
        elif len(self) >= MAX_JOBS:
            self._refuse(id, TooManyJobs(f"{MAX_JOBS} requests are under way here."))
        else:
            return True
        return False

    def _refuse(self, id: str | None, error: GatewayError) -> None:
        self._socket.emit(frames.error_frame(id, error))

    async def _run(self, job: Job | WatchJob) -> None:
        try:
            await job.run()
        finally:
            del self._jobs[job.id]
            self._look_if_idle()

    def _look_if_idle(self) -> None:
        if not len(self):
            self._socket.went_idle()
