"""Check everything (`make test`): lint, format, types, templates, import contracts, migrations, tests.

On throw-away servers, unless DATABASE_URL and REDIS_URL name others. All steps run, whichever fail; the exit code is 0 only
if none did. pytest's own closing line is the last line printed.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from voc.dev.embedded import throwaway
from voc.dev.errors import CannotRun
from voc.dev.processes import PROC, Orphanage, descendants, follow_make, kill_tree, wait_until
from voc.dev.supervise import ROOT, shimmed

BIN = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True)
class Step:
    """`env` is what this step alone is told."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Result:
    name: str
    ok: bool
    seconds: float

    def __str__(self) -> str:
        return f"  {self.name:<20} {'ok' if self.ok else 'FAILED':<7} {self.seconds:7.1f} s"


def _tool(name: str) -> str:
    return str(BIN / name)


PRODUCT = ("accounts", "integrations", "llm", "notifications", "tickets", "voc", "deploy")
CHECK = (sys.executable, "manage.py", "check", "--fail-level", "WARNING")
# A site as it should be.
DEPLOYED = {
    "SITE_URL": "https://voc.example.com",
    "ALLOWED_HOSTS": "voc.example.com",
    "TRUST_PROXY": "true",
    "DATABASE_URL": "postgres://voc_app:of-this-check-alone@db.example.com:5432/voc",
    "REDIS_URL": "redis://:of-this-check-alone@redis.example.com:6379/0",
    "EMAIL_URL": "smtp+tls://voc:of-this-check-alone@mail.example.com:587",
    "LOG_MOCK_FALLBACK": "never",
    "MFA_REQUIRED_ROLES": "admin",
}
# The slowest, and of one process: beside the others, whose processes wait now and then.
TYPES = Step(name="types", command=(_tool("mypy"), "."))
STATIC = (
    Step(name="lint", command=(_tool("ruff"), "check", ".")),
    Step(name="format", command=(_tool("ruff"), "format", "--check", ".")),
    Step(name="import contracts", command=(_tool("lint-imports"), "--no-cache")),
    Step(name="templates", command=(_tool("djlint"), "templates", "--lint", "--quiet")),
    Step(name="missing migrations", command=(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")),
    Step(name="system check", command=CHECK),
    Step(name="deployment check", command=(*CHECK, "--deploy"), env=DEPLOYED),
    Step(
        name="security lint",
        command=(_tool("bandit"), "--quiet", "--recursive", "--configfile", "pyproject.toml", *PRODUCT),
    ),
)
SLOWEST = ("--durations", "10", "--durations-min", "5")
# Three workers on two cores: much of the time tests wait for processes.
TESTS = Step(name="tests", command=(sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadgroup", *SLOWEST))


@dataclass
class _Started:
    step: Step
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    since: float
    seconds: float = 0.0

    def wait(self) -> None:
        self.process.wait()
        self.seconds = time.monotonic() - self.since


class Checks:
    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.orphanage = Orphanage()
        self.results: list[Result] = []

    def _start(self, step: Step, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        # In our own process group: Ctrl-C reaches the tools as well.
        process = subprocess.Popen(
            shimmed(step.command, death=signal.SIGKILL),
            cwd=ROOT,
            env={**self.environment, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        self.orphanage.own(process.pid)
        return process

    def _finish(self, step: Step, code: int, seconds: float) -> Result:
        result = Result(name=step.name, ok=code == 0, seconds=seconds)
        self.results.append(result)
        return result

    def static(self, steps: tuple[Step, ...]) -> None:
        """Run the steps, one after the other, and print the output of those that fail."""
        for step in steps:
            with self.beside(step):
                pass

    @contextmanager
    def beside(self, step: Step) -> Iterator[None]:
        """Run the step while the block runs; its result is printed after both, with its output if it failed."""
        with tempfile.TemporaryFile() as output:
            started = _Started(step, self._start(step, output), output, time.monotonic())
            # Its seconds are its own, whatever the block still does when it ends.
            watcher = threading.Thread(target=started.wait, daemon=True)
            watcher.start()
            yield
            watcher.join()
            self._show(started)

    def _show(self, ended: _Started) -> None:
        result = self._finish(ended.step, ended.process.returncode, ended.seconds)
        print(result, flush=True)
        if not result.ok:
            ended.output.seek(0)
            print(ended.output.read().decode(errors="replace").rstrip(), flush=True)

    def tests(self, step: Step) -> str:
        """Run pytest with its output shown as it comes, but for the last line, which is returned."""
        since = time.monotonic()
        held = ""
        process = self._start(step, subprocess.PIPE)
        assert process.stdout
        for line in process.stdout:
            if held:
                print(held, flush=True)
                self.orphanage.bury()
            held = line.decode(errors="replace").rstrip("\n")
        self._finish(step, process.wait(), time.monotonic() - since)
        return held

    def nothing_left(self) -> None:
        """Whatever the steps started has to be gone by now."""
        since = time.monotonic()
        left: list[int] = []

        def gone() -> bool:
            self.orphanage.bury()
            left[:] = descendants(os.getpid())
            return not left

        ok = wait_until(gone, seconds=30)
        for pid in left:
            print(f"left running: {pid} {_command_of(pid)}", flush=True)
            kill_tree(pid)
        self.results.append(Result(name="nothing left running", ok=ok, seconds=time.monotonic() - since))


def _command_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def main() -> int:
    follow_make()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    since = time.monotonic()
    try:
        with throwaway() as servers:
            checks = Checks(os.environ | servers | {"ENV_FILE": os.devnull})
            with checks.beside(TYPES):
                checks.static(STATIC)
                last_line = checks.tests(TESTS)
        checks.nothing_left()
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    ok = all(result.ok for result in checks.results)
    print("\nSummary")
    for result in checks.results:
        print(result)
    print(Result(name="all", ok=ok, seconds=time.monotonic() - since))
    print(last_line, flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
