"""The listening sockets: binding with a clear error, and accepting when file descriptors run out.

Every connection costs two file descriptors here, one to the client and one to Ollama. When they run
out, `accept` fails while the connection stays pending, so a server that only reports it spins: a
whole core, thousands of tracebacks a second. Here one descriptor is kept in reserve; with it the
pending connection is accepted and closed, so that its client gets an error and the event loop goes
on.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from typing import Any

from tornado.netutil import bind_sockets

from .errors import ConfigError
from .keepalive import keep_alive

log = logging.getLogger(__name__)

REPORT_EVERY_S = 10.0


def listen(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """Binds the address; port 0 picks a free one. `reuse_port`: other processes may bind it too,
    and the kernel shares the connections out. Raises ConfigError when it cannot be bound."""
    try:
        bound = bind_sockets(port, host, reuse_port=reuse_port)
    except OSError as error:
        raise ConfigError(
            f"listen: cannot listen on {host} port {port}: {error.strerror}; "
            "choose another with --port, PORT or listen.port (`make run PORT=9000`)."
        ) from error
    return [Listener.of(sock) for sock in bound]


def raise_descriptor_limit() -> None:
    """Raises the process's limit of file descriptors to the highest that needs no administrator."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Listener(socket.socket):
    """A listening socket whose `accept` never fails because file descriptors have run out."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.setblocking(False)
        self._spare = os.open(os.devnull, os.O_RDONLY)
        self._reported = 0.0

    @classmethod
    def of(cls, sock: socket.socket) -> Listener:
        """Takes over a listening socket, whose connections will be kept alive."""
        keep_alive(sock)
        return cls(sock.family, sock.type, sock.proto, sock.detach())

    def accept(self) -> tuple[socket.socket, Any]:
        while True:
            try:
                return super().accept()
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):
                    raise
                self._refuse_one()

    def close(self) -> None:
        super().close()
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    def _refuse_one(self) -> None:
        if time.monotonic() - self._reported > REPORT_EVERY_S:
            self._reported = time.monotonic()
            log.error("No file descriptors left: connections are refused. Raise LimitNOFILE.")
        os.close(self._spare)
        try:
            refused, _ = super().accept()
            refused.close()
        finally:
            self._spare = os.open(os.devnull, os.O_RDONLY)
