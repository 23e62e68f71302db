"""One owner of all processes of a run: starts them, restarts what dies, stops them in order, and takes them along when it dies.

Every program runs in a session of its own, so that Ctrl-C in the terminal reaches only the supervisor, and with a
parent-death signal (see child.py), so that `kill -9` of the supervisor leaves nothing behind. The kernel ties that signal to
the *thread* that started the program: start programs from the main thread only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voc.dev.errors import CannotRun
from voc.dev.places import Identity
from voc.dev.processes import Register, is_alive, kill_tree, send, wait_until

SHIM = Path(__file__).with_name("child.py")
ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_AFTER = 30.0
LOG_LIMIT = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run and how to end it.

    `stop_signal` asks for an orderly end within `stop_seconds`. `death_signal` is what the kernel sends when the
    supervisor has died: nobody is left to enforce a deadline then, so it must be one that the program obeys at once.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = ROOT
    identity: Identity | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 5.0
    death_signal: int = signal.SIGTERM


def shimmed(argv: Sequence[str], *, death: int, identity: Identity | None = None) -> list[str]:
    """The command that runs `argv` as a program that gets the signal `death` when this process ends."""
    user = ["--user", str(identity)] if identity else []
    options = ["--parent", str(os.getpid()), "--death", str(int(death)), *user]
    return [sys.executable, "-I", "-S", str(SHIM), *options, "--", *argv]


def spawn(program: Program, output: int) -> subprocess.Popen[bytes]:
    """Start the program through the shim, its output going to the file descriptor `output`."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("programs die with the thread that started them: start them from the main thread")
    return subprocess.Popen(
        shimmed(program.argv, death=program.death_signal, identity=program.identity),
        cwd=program.cwd,
        env=dict(program.env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def describe_exit(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    since: float
    failures: int = 0
    again_at: float | None = None


class Supervisor:
    """Owns the programs it was given, in the order of their start; stops them in the opposite order."""

    def __init__(self, *, logs: Path, say: Callable[[str], None] = print, register: Register | None = None) -> None:
        self.logs = logs
        self._say = say
        self._register = register
        self._running: dict[str, _Running] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def start(self, program: Program) -> None:
        log = self.log_of(program.name)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        self._running[program.name] = _Running(program, self._spawn(program), time.monotonic())
        self._note()

    def pid(self, name: str) -> int | None:
        """The process number of a program that runs, None while it does not."""
        running = self._running.get(name)
        return running.process.pid if running and running.process.poll() is None else None

    def tick(self) -> None:
        """Look at every program once and restart what has died. Call it several times a second."""
        for running in self._running.values():
            if running.again_at is None:
                self._notice_death(running)
            elif time.monotonic() >= running.again_at:
                running.process = self._spawn(running.program)
                running.since, running.again_at = time.monotonic(), None
                self._note()

    def wait_for(self, name: str, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until a program that was just started is ready; a program that ends instead is not restarted.

        Raises CannotRun with the last line of its log.
        """
        running = self._running[name]
        wait_until(lambda: running.process.poll() is not None or ready(), seconds=seconds)
        if running.process.poll() is not None:
            raise CannotRun(
                f"{name} ended while starting ({describe_exit(running.process.returncode)}): {self.last_words(name)}"
            )
        if not ready():
            raise CannotRun(f"{name} was not ready within {seconds:.0f} s: see {self.log_of(name)}")

    def stop(self) -> None:
        """End all programs in order, each within its time, then by force."""
        for running in reversed(self._running.values()):
            self._stop_one(running)
        self._running.clear()
        self._note()

    def halt(self, *, seconds: float = 1.5) -> None:
        """End all programs at once: for when nobody waits any more, or somebody is tired of waiting."""
        running = [each for each in self._running.values() if each.process.poll() is None]
        for each in running:
            send(each.process.pid, each.program.death_signal)
        wait_until(lambda: all(each.process.poll() is not None for each in running), seconds=seconds)
        for each in running:
            kill_tree(each.process.pid)
            each.process.wait()
        self._running.clear()
        self._note()

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self.log_of(program.name).open("ab") as log:
            return spawn(program, log.fileno())

    def _note(self) -> None:
        if self._register:
            self._register.write(each.process.pid for each in self._running.values() if is_alive(each.process.pid))

    def _notice_death(self, running: _Running) -> None:
        code = running.process.poll()
        if code is None:
            return
        kill_tree(running.process.pid)
        if time.monotonic() - running.since > STEADY_AFTER:
            running.failures = 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**running.failures)
        running.failures += 1
        running.again_at = time.monotonic() + delay
        name = running.program.name
        self._say(
            f"{name} died ({describe_exit(code)}); starting it again in {delay:g} s. Its log: {self.log_of(name)}"
        )

    def _stop_one(self, running: _Running) -> None:
        process, program = running.process, running.program
        if process.poll() is None:
            send(process.pid, program.stop_signal)
            try:
                process.wait(program.stop_seconds)
            except subprocess.TimeoutExpired:
                self._say(f"{program.name} did not stop within {program.stop_seconds:g} s: killed.")
        kill_tree(process.pid)
        process.wait()

    def last_words(self, name: str) -> str:
        """The line of its log that says most about why it ended."""
        lines = self.log_of(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-30:]
        telling = [line for line in lines if "Error" in line or "FATAL" in line or "error:" in line] or lines
        return telling[-1].strip() if telling else f"its log {self.log_of(name)} is empty"
