"""The whole system as real processes, for tests: web, worker, beat and sandbox on a database and a Redis of their own.

Nothing is faked: complaints go in through the API over HTTP, Celery workers drain the outbox, messages reach the sandbox.
Members can be killed, frozen and started again one by one.
"""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from sandbox.client import SandboxClient
from voc.dev.demo.options import Kept, Options
from voc.dev.demo.programs import connect_jira, environment, programs
from voc.dev.ports import free_port
from voc.dev.postgres import as_role
from voc.dev.processes import send, wait_until
from voc.dev.redis_server import Redis
from voc.dev.supervise import ROOT, Program, Supervisor

PASSWORD = "stack-password-1"
# Roles are the whole server's: each worker of a test run has its own.
APP_ROLE = f"voc_stack_app_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
MEMBERS = ("sandbox", "beat", "worker", "web")


@dataclass(frozen=True)
class Database:
    """A database of its own on the server that the tests run on."""

    url: str

    @property
    def app_url(self) -> str:
        """As web, worker and beat reach it: by a role that cannot change the audit trail."""
        return as_role(self.url, role=APP_ROLE, password=PASSWORD)

    @classmethod
    def create(cls, *, server: str, template: "Database | None" = None) -> "Database":
        name = f"voc_stack_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as connection:
            command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            if template:
                command += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template.name))
            connection.execute(command)
        return cls(urlunsplit(urlsplit(server)._replace(path=f"/{name}")))

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.lstrip("/")

    def drop(self, *, server: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]  # written by the tests

    def value(self, query: str, *values: Any) -> Any:
        return next(iter(self.rows(query, *values)[0].values()))


class Stack:
    """Use as a context manager, from the main thread: what it starts dies with the thread that started it.

    "{sandbox}" in a setting stands for the sandbox's address.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database: Database,
        settings: Mapping[str, str] | None = None,
        models: bool = False,
        jira: bool = False,
    ) -> None:
        self.folder = folder
        self.database = database
        self.redis = Redis(folder, durable=False)
        self.supervisor = Supervisor(logs=folder / "log", say=lambda _line: None)
        self.jira = jira
        self._sandbox_port = free_port()
        self.url = f"http://127.0.0.1:{free_port()}"
        self.sandbox_url = f"http://127.0.0.1:{self._sandbox_port}"
        self.sandbox = SandboxClient(self.sandbox_url)
        options = Options(
            port=int(self.url.rsplit(":", 1)[1]),
            input=folder,
            exit_after=True,
            var=folder / "var",
            password=PASSWORD,
            models=models,
            jira=jira,
        )
        kept = Kept(secret_key="stack-" + uuid.uuid4().hex * 2, password=PASSWORD)
        servers = {"DATABASE_URL": database.app_url, "REDIS_URL": self.redis.url}
        self.env = environment(options, kept, servers, sandbox=self._sandbox_port) | {
            "ENV_FILE": os.devnull,
            **{name: value.replace("{sandbox}", self.sandbox_url) for name, value in (settings or {}).items()},
        }
        self._programs: dict[str, Program] = {
            program.name: program for program in programs(options, self.env, sandbox=self._sandbox_port, folder=folder)
        }

    def __enter__(self) -> "Stack":
        try:
            self.redis.prepare()
            self.start_redis()
            for name in MEMBERS:
                self.start(name)
            self.supervisor.wait_for("web", self.is_up, seconds=180)
            self.until(self.worker_is_up, seconds=180, what="a worker")
            if self.jira:
                self.until(self.connect_jira, seconds=120, what="the sandbox's Jira")
        except BaseException:
            self.supervisor.halt()
            raise
        return self

    def __exit__(self, *_raised: object) -> None:
        self.sandbox.close()
        self.thaw("redis")
        self.supervisor.halt()

    # --- members ---------------------------------------------------------------------------------------------------
    def start_redis(self) -> None:
        self.supervisor.start(self.redis.program())
        self.supervisor.wait_for("redis", self.redis.is_ready, seconds=90)

    def start(self, name: str) -> None:
        self.supervisor.start(self._programs[name])

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Signal a member's first process and wait until that one is gone."""
        pid = self.supervisor.pid(name)
        if pid is not None:
            send(pid, number)
            self.until(lambda: self.supervisor.pid(name) is None, seconds=90, what=f"the end of {name}")

    def freeze(self, name: str) -> None:
        """The process stops in its tracks: its socket still accepts, and never answers."""
        if (pid := self.supervisor.pid(name)) is not None:
            send(pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        if (pid := self.supervisor.pid(name)) is not None:
            send(pid, signal.SIGCONT)

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=20, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def connect_jira(self) -> bool:
        return connect_jira(self.env, sandbox=self._sandbox_port)

    def worker_is_up(self) -> bool:
        return " ready." in self.supervisor.log_of("worker").read_text(errors="replace")

    def until(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        if not wait_until(condition, seconds=seconds):
            raise TimeoutError(f"waited {seconds:g} s for {what}; logs are in {self.supervisor.logs}")

    def until_healed(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """As `until`, with the supervisor restarting what dies, as it does in the demo."""

        def look() -> bool:
            self.supervisor.tick()
            return condition()

        self.until(look, seconds=seconds, what=what)

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return manage(self.env, *arguments)

    # --- the API ---------------------------------------------------------------------------------------------------
    def api(self, username: str) -> httpx.Client:
        """A client logged in as one of the demo users."""
        client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        answer = client.post("/api/v1/auth/token", json={"username": username, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access']}"
        return client

    def resting(self) -> int:
        return int(self.database.value("SELECT count(*) FROM tickets_ticket WHERE status NOT IN ('OPEN', 'ANALYZING')"))

    def open_jobs(self) -> int:
        return int(self.database.value("SELECT count(*) FROM outbox_job WHERE state IN ('pending', 'running')"))


def manage(env: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a management command to its end, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False
    )


def prepared_database(server: str) -> Database:
    """A migrated database with the demo users, from which others are cloned in a fraction of the time."""
    database = Database.create(server=server)
    env = os.environ | {
        "DATABASE_URL": database.url,
        "ENV_FILE": os.devnull,
        "DEMO": "1",
        "DEMO_PASSWORD": PASSWORD,
        "DATABASE_APP_PASSWORD": PASSWORD,
    }
    roles = ["setup_database_roles", "--role", APP_ROLE]
    for command in (["migrate", "--no-input"], ["create_demo_users"], roles):
        done = manage(env, *command)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return database
