"""What the supervisor needs to know about processes, from /proc (elsewhere: less exact, never wrong about a death)."""

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.05) -> bool:
    """True as soon as `condition` holds, False when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(step)
    return True


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on ([0] state, [1] parent, [19] start time); empty when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []


def started_at(pid: int) -> str:
    """When the process started (kernel ticks), which together with its number names it for good; "" when it is gone."""
    fields = _fields(pid)
    return fields[19] if fields and fields[0] not in "ZX" else ""


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be collected by its parent does not."""
    if PROC.is_dir():
        return bool(started_at(pid))
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, parents before children; those that have died are left out."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))) and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(0), [])
        found += below
        waiting += below
    return found


def send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_tree(pid: int) -> None:
    """SIGKILL the process, its group and everything below it, in whatever session that is."""
    below = descendants(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for each in (pid, *below):
        send(each, signal.SIGKILL)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """This process gets the signal when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def follow_make() -> Callable[[], bool]:
    """End with the `make` that started this process, which names itself in VOC_DEV_PARENT; without that, with nobody.

    SIGTERM arrives when it has died. Returns a function that tells whether it has.
    """
    parent = os.environ.pop("VOC_DEV_PARENT", "")
    if not parent:
        return lambda: False
    die_with_parent(signal.SIGTERM)
    return lambda: os.getppid() != int(parent)


class Orphanage:
    """Keeps processes that lose their parent below this one from getting lost: they become its children."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._own: set[int] = set()

    def own(self, pid: int) -> None:
        """Somebody else waits for this child; leave its end to him."""
        self._own.add(pid)

    def bury(self) -> None:
        """Collect adopted children that have ended: until then others would take them for alive."""
        me = str(os.getpid())
        for entry in PROC.iterdir() if PROC.is_dir() else ():
            if entry.name.isdigit() and int(entry.name) not in self._own:
                fields = _fields(int(entry.name))
                if fields and fields[0] == "Z" and fields[1] == me:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(int(entry.name), os.WNOHANG)


class Register:
    """A file that says which processes run, so that the next run can end those that a killed run left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pids: Iterable[int]) -> None:
        self.path.write_text(json.dumps({str(pid): started_at(pid) for pid in pids}))

    def _left(self) -> list[int]:
        try:
            noted: dict[str, str] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return []
        return [int(pid) for pid, start in noted.items() if start and started_at(int(pid)) == start]

    def end_leftovers(self, *, patience: float = 6.0) -> list[int]:
        """End what an earlier run noted and left behind: waits first, since it may be on its way out. Returns what it killed."""
        if wait_until(lambda: not self._left(), seconds=patience):
            return []
        left = self._left()
        for pid in left:
            kill_tree(pid)
        wait_until(lambda: not self._left(), seconds=patience)
        return left
