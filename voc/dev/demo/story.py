"""What happens in the demo, in order."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from voc.dev.demo.api import Api
from voc.dev.demo.options import Kept, Options, keep
from voc.dev.demo.outcomes import Outcomes
from voc.dev.demo.programs import connect_jira, environment, programs, sandbox_port
from voc.dev.demo.table import Table
from voc.dev.demo.workspace import channels, open_workspace
from voc.dev.embedded import check_answers, check_wheels, start_servers
from voc.dev.errors import CannotRun
from voc.dev.places import Lock, make_folder
from voc.dev.ports import is_free
from voc.dev.postgres import as_role
from voc.dev.processes import Register, kill_tree
from voc.dev.supervise import Program, Supervisor, spawn

APP_ROLE = "voc_app"
ROLES = ("admin", "manager", "viewer", "submitter")
STEP = 0.1
LOOK_EVERY = 0.4
# With no complaint coming to rest for so long, the rest is given up.
PATIENCE = 120.0


def say(line: str) -> None:
    print(line, flush=True)


class Demo:
    """Holds the lock on its folder and owns all processes. `end` or `halt` must be called, whatever happened.

    `told` is True once the table is complete and nothing is left but to stay up.
    """

    def __init__(self, options: Options, *, orphaned: Callable[[], bool]) -> None:
        self.options = options
        self.told = False
        self._orphaned = orphaned
        check_wheels(os.environ)
        self.folder = make_folder(options.folder)
        self._lock = Lock(self.folder)
        if not self._lock.take(f"process {os.getpid()}, {options.url}"):
            other = self._lock.read()
            raise CannotRun(
                f"A demo is running here already ({other}): stop it first, or set VOC_VAR_DIR to another folder."
            )
        if not is_free(options.port):
            other = f"make demo PORT={options.port + 100}"
            raise CannotRun(f"Port {options.port} is taken: stop what listens there, or run `{other}`.")
        register = Register(self.folder / "processes.json")
        for pid in register.end_leftovers():
            say(f"Ended process {pid}, left behind by a demo that was killed.")
        self.supervisor = Supervisor(logs=make_folder(self.folder / "log"), say=say, register=register)
        self.kept: Kept = keep(self.folder / "kept.json", password=options.password)
        self.env: dict[str, str] = {}

    def run(self) -> int:
        """Tell the whole story; returns the exit code. Raises CannotRun."""
        since = time.monotonic()
        sandbox = self._start()
        say(f"Ready after {time.monotonic() - since:.0f} s. Importing {self.options.input} …")
        code = self._import()
        self._print_addresses(sandbox)
        if self.options.exit_after:
            return code
        self.told = True
        say("Stays up until Ctrl-C.")
        while True:
            self.pause()

    def end(self) -> None:
        self.supervisor.stop()
        self._lock.release()

    def halt(self) -> None:
        self.supervisor.halt()
        self._lock.release()

    def pause(self) -> None:
        """A moment in which the supervisor looks after its programs."""
        self.supervisor.tick()
        if self._orphaned():
            raise SystemExit(128 + signal.SIGTERM)
        time.sleep(STEP)

    def _start(self) -> int:
        say("Starting PostgreSQL and Redis …")
        servers = start_servers(self.supervisor, self.folder, durable=True, given=os.environ, say=say)
        check_answers(servers)
        sandbox = sandbox_port(self.options)
        env = environment(self.options, self.kept, servers, sandbox=sandbox)
        self.env = env | channels(self.kept, sandbox=sandbox)
        say("Bringing the database up to date …")
        self._manage("migrate", "--no-input")
        self._manage("create_demo_users")
        if not os.environ.get("DATABASE_URL"):
            self._leave_the_owners_role()
        say("Starting sandbox, beat, worker and web …")
        for program in programs(self.options, self.env, sandbox=sandbox, folder=self.folder):
            self.supervisor.start(program)
        api = Api(self.options.url, username="manager", password=self.kept.password)
        self.supervisor.wait_for("web", api.is_healthy, seconds=180)
        api.close()
        if self.options.jira:
            connected = partial(connect_jira, self.env, sandbox=sandbox)
            self.supervisor.wait_for("sandbox", connected, seconds=90)
        open_workspace(self.kept, sandbox=sandbox, url=self.options.url)
        return sandbox

    def _leave_the_owners_role(self) -> None:
        """From here on the programs run as in production: as a role that cannot change the audit trail."""
        password = hashlib.sha256(f"database {self.kept.secret_key}".encode()).hexdigest()
        owner = self.env
        self.env = owner | {"DATABASE_APP_PASSWORD": password}
        self._manage("setup_database_roles", "--role", APP_ROLE)
        self.env = owner | {"DATABASE_URL": as_role(owner["DATABASE_URL"], role=APP_ROLE, password=password)}

    def _manage(self, *arguments: str) -> None:
        """Run a management command to its end."""
        process = self._command(*arguments)
        try:
            code = process.wait()
        finally:
            kill_tree(process.pid)
        if code:
            raise CannotRun(f"`manage.py {arguments[0]}` failed: {self.supervisor.last_words(arguments[0])}")

    def _command(self, *arguments: str) -> "subprocess.Popen[bytes]":
        # What a command says is shown among our own lines, which are English.
        env = self.env | {"LANGUAGE_CODE": "en"}
        argv = (sys.executable, "manage.py", *arguments)
        program = Program(name=arguments[0], argv=argv, env=env, death_signal=signal.SIGKILL)
        with self.supervisor.log_of(program.name).open("wb") as log:
            return spawn(program, log.fileno())

    def _import(self) -> int:
        """Import the complaints and show each outcome as it comes; 0 when all have come to rest."""
        report = self.folder / "import.jsonl"
        report.unlink(missing_ok=True)
        table = Table(shutil.get_terminal_size((160, 24)).columns)
        api = Api(self.options.url, username="manager", password=self.kept.password)
        api.log_in()
        outcomes = Outcomes(api, report, table, say)
        say(f"\n{table.head()}")
        process = self._command("import_vocs", str(self.options.input), "--report", str(report))
        try:
            self._follow(process, outcomes)
        finally:
            kill_tree(process.pid)
            api.close()
        nothing = not (outcomes.total or outcomes.refused)
        if process.returncode not in (0, 1) or (process.returncode and nothing):
            why = self.supervisor.last_words("import_vocs").removeprefix("CommandError: ")
            raise CannotRun(f"Nothing was imported: {why}")
        say(f"\n{outcomes.summary()}")
        for ticket_id in outcomes.pending:
            say(f"{ticket_id} did not come to rest: see {self.supervisor.log_of('worker')}")
        return 1 if outcomes.pending or outcomes.refused or process.returncode else 0

    def _follow(self, process: "subprocess.Popen[bytes]", outcomes: Outcomes) -> None:
        looked = 0.0
        while True:
            imported = process.poll() is not None
            if time.monotonic() - looked > LOOK_EVERY:
                outcomes.look()
                looked = time.monotonic()
                if imported and (not outcomes.pending or looked - outcomes.last_arrival > PATIENCE):
                    return
            self.pause()

    def _print_addresses(self, sandbox: int) -> None:
        rows = (
            ("Portal", f"{self.options.url}/"),
            ("API", f"{self.options.url}/api/docs"),
            ("Admin", f"{self.options.url}/admin/"),
            *(
                [("Jira", f"http://127.0.0.1:{sandbox}/_sandbox/jira/ (approve a ticket; move its issue there)")]
                if self.options.jira
                else []
            ),
            ("Sandbox", f"http://127.0.0.1:{sandbox}/ (what Slack, Teams and PagerDuty would have received)"),
            ("Messages", f"{self.options.url}/messages/ (what was sent, and what became of it)"),
            *([("Models", "the sandbox's stand-ins, no real ones (DEMO_MODELS=1)")] if self.options.models else []),
            ("Logs", _short(self.supervisor.logs)),
            ("Log in as", f"{', '.join(ROLES)} with the password {self.kept.password}"),
        )
        say("")
        for name, value in rows:
            say(f"  {name:<10} {value}")
        say("")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
