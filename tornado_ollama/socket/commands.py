"""Carries out the commands of an authenticated client on a socket."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import GatewayError
from ..wire.chat.plan import Plan
from ..wire.socket import commands as protocol
from ..wire.socket import frames
from ..wire.socket.chat_writers import PlainTextWriter
from .chat_job import ChatJob, PlainJob
from .conversation import Conversation
from .jobs import Owner, SocketJobs
from .request_job import RequestJob
from .watch_job import WatchJob


class Commands:
    """Starts and cancels the jobs of one socket, and keeps its conversation."""

    def __init__(self, socket: Owner, jobs: SocketJobs, end_plain: Callable[[], None]) -> None:
        """`end_plain` is called when the one reply of a plain text socket is complete."""
        self._socket = socket
        self._jobs = jobs
        self._end_plain = end_plain
        self._conversation = Conversation()

    def obey(self, command: protocol.Command) -> None:
        """Carries out a command. Raises BadFrame where it cannot be started or cancelled now."""
        match command:
            case protocol.Ping():
                self._socket.emit(frames.frame("pong"))
            case protocol.Cancel(id):
                self._jobs.cancel(id)
            case protocol.Auth():
                pass  # let in already, by a header or because everybody is
            case protocol.PlainText(text):
                self._jobs.start(PlainJob(self._socket, text, self._end_plain))
            case protocol.Turn(text, model):
                self._jobs.start(self._turn(text, model))
            case protocol.Chat(resumable=True):
                self._jobs.start_resumable(command)
            case protocol.Chat(id, plan):
                start = {"ignored": command.ignored or None}
                self._jobs.start(ChatJob(self._socket, id, plan, start=start))
            case protocol.Resume():
                self._jobs.resume(command)
            case protocol.Request():
                self._jobs.start(RequestJob(self._socket, command))
            case protocol.Watch(id):
                self._jobs.start(WatchJob(self._socket, id))

    def refuse(self, command: protocol.Command, refusal: GatewayError) -> None:
        """Tells why a command is not carried out, in its own form."""
        if isinstance(command, protocol.PlainText):
            self._socket.emit(PlainTextWriter().fail(refusal))
            self._end_plain()
        else:
            self._socket.emit(frames.error_frame(getattr(command, "id", None), refusal))

    def _turn(self, text: str, model: str | None) -> ChatJob:
        """Starts a turn of the conversation that the socket keeps, which remembers the turns that
        ended well."""

        def remember(reply: str) -> None:
            self._conversation.remember(text, reply)

        plan = Plan(model=model, messages=self._conversation.asking(text), stream=True)
        return ChatJob(self._socket, None, plan, reply=remember)
