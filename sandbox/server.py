"""The HTTP server round the sandbox: threaded, quiet, able to drop a connection and to stop in order."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, select_address_family

from sandbox.app import Sandbox

BACKLOG = 512
GRACE_SECONDS = 3.0


class Handler(WSGIRequestHandler):
    """No access log (the sandbox records every request itself), and one that counts itself while it works."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        # Nothing was answered, so nothing told the base class that this connection is over.
        self.close_connection = True

    def handle(self) -> None:
        counter: Server = self.server  # type: ignore[assignment]
        with counter.busy():
            super().handle()


class Server(ThreadedWSGIServer):
    """Listens at once; serves after `serve_forever`; `stop` from another thread ends it."""

    daemon_threads = True

    def __init__(self, host: str, port: int, app: Flask) -> None:
        """Raises OSError when the address cannot be had."""
        self._active = 0
        self._idle = threading.Condition()
        with listening_socket(host, port) as sock:
            super().__init__(host, port, app, handler=Handler, fd=sock.fileno())

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def busy(self) -> _Busy:
        return _Busy(self)

    def enter(self, change: int) -> None:
        with self._idle:
            self._active += change
            self._idle.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no request is being answered; False when time ran out."""
        with self._idle:
            return self._idle.wait_for(lambda: self._active == 0, timeout)


class _Busy:
    def __init__(self, server: Server) -> None:
        self._server = server

    def __enter__(self) -> None:
        self._server.enter(1)

    def __exit__(self, *_: object) -> None:
        self._server.enter(-1)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises OSError."""
    sock = socket.socket(select_address_family(host, port), socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def stop(server: Server, sandbox: Sandbox) -> None:
    """Take no more requests, let go of those that wait in a fault, and give the others a moment to end."""
    deadline = time.monotonic() + GRACE_SECONDS
    server.shutdown()
    sandbox.faults.remove()
    server.wait_idle(max(0.0, deadline - time.monotonic()))
