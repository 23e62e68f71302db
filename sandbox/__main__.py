"""``python -m sandbox``: the vendors' stand-ins as one process."""

from __future__ import annotations

import argparse
import ctypes
import errno
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from sandbox.app import create_sandbox
from sandbox.keeper import Keeper, KeeperError
from sandbox.server import Server, stop

PR_SET_PDEATHSIG = 1


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.parent and not _follow(options.parent):
        return 0
    sandbox = create_sandbox(keep=options.keep)
    keeper = Keeper(sandbox, options.state_file) if options.state_file else None
    try:
        server = Server(options.host, options.port, sandbox.app)
        if keeper:
            keeper.start()
    except OSError as error:
        return _fail(_explain(error, options.host, options.port))
    except OverflowError:
        return _fail(f"--port {options.port} is not a port; choose one from 0 to 65535")
    except KeeperError as error:
        return _fail(str(error))
    stopped = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    threading.Thread(target=server.serve_forever, name="server", kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(f"sandbox listening on {server.url}", flush=True)
    stopped.wait()
    stop(server, sandbox)
    if keeper:
        keeper.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Stand-ins for the vendors (Slack and others) over HTTP, with a page at / that shows what arrived.",
    )
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--state-file", type=Path, help="keep what arrived in this file, and take it up again")
    parser.add_argument("--keep", type=int, default=10_000, help="requests to remember (default: %(default)s)")
    parser.add_argument("--parent", type=int, help="stop when this parent process dies (Linux)")
    return parser


def _follow(parent: int) -> bool:
    """Have the kernel stop this process when its parent dies; False if the parent is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} is not allowed for this user; choose one above 1023 with --port"
    return f"cannot listen on {host}:{port}: {error.strerror}"


def _fail(message: str) -> int:
    print(f"sandbox: {message}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
