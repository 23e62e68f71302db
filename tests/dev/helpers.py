"""Real processes to look at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from voc.dev.processes import PROC, is_alive, wait_until
from voc.dev.supervise import ROOT, Program


def python(name: str, code: str, **fields: object) -> Program:
    """A program that runs a few lines of Python."""
    return Program(name=name, argv=(sys.executable, "-c", code), **fields)


def running(marker: str) -> list[str]:
    """Processes whose arguments, environment or working folder name the marker (a folder), as "pid arguments"."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid() or not is_alive(int(entry.name)):
            continue
        try:
            arguments = (entry / "cmdline").read_bytes()
            seen = arguments + (entry / "environ").read_bytes() + os.fsencode((entry / "cwd").readlink())
        except OSError:
            continue
        if os.fsencode(marker) in seen:
            found.append(f"{entry.name} {arguments.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def all_gone(marker: str, *, seconds: float = 30) -> list[str]:
    """What still runs after so many seconds; the empty list as soon as nothing does.

    On an idle machine all is gone within five seconds; on one that runs other tests beside, everything takes longer.
    """
    wait_until(lambda: not running(marker), seconds=seconds)
    return running(marker)


def start(arguments: list[str], *, output: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start a program of the project with its output in a file."""
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    with output.open("wb") as file:
        return subprocess.Popen(
            arguments, cwd=ROOT, env=env | environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )


def kill_hard(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
