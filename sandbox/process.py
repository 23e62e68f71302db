"""The sandbox as a process of its own on a free port, for tests: it ends with the ``with`` block or with its parent."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.client import SandboxClient

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class StartError(RuntimeError):
    """The process did not come up; its reason is on stderr."""


@contextmanager
def running(*, state_file: Path | None = None) -> Iterator[SandboxClient]:
    """A sandbox that listens; ``client.base_url`` is its address.

    The process follows the *thread* that started it (that is how Linux counts parents): enter it from the main thread.
    """
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--parent", str(os.getpid())]
    if state_file is not None:
        command += ["--state-file", str(state_file)]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C for the tests is theirs to handle: they stop it in order
    ) as process:
        try:
            with SandboxClient(_address(process)) as client:
                yield client
        finally:
            _stop(process)


def _address(process: subprocess.Popen[str]) -> str:
    """Wait for the line that says where it listens; raises StartError with what it said instead."""
    said = ""
    deadline = time.monotonic() + START_SECONDS
    output = process.stdout
    if output is None:
        raise StartError("the sandbox's output is not connected")
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            line: str = output.readline()
            if not line:
                break
            said += line
            if " listening on " in line:
                return line.rsplit(" ", 1)[1].strip()
    raise StartError(f"the sandbox did not start within {START_SECONDS:g} s (stderr has its reason): {said.strip()}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
