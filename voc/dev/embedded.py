"""Embedded PostgreSQL and Redis, as far as DATABASE_URL and REDIS_URL do not name others."""

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from voc.dev.errors import CannotRun
from voc.dev.places import home_for, throwaway_folder, unprivileged
from voc.dev.postgres import Postgres, find_installs
from voc.dev.redis_server import Redis, find_binary
from voc.dev.supervise import Supervisor


def check_wheels(given: Mapping[str, str]) -> None:
    """Raises CannotRun when a server is wanted whose wheel is missing."""
    if not given.get("REDIS_URL"):
        find_binary()
    if not given.get("DATABASE_URL"):
        find_installs()


def check_answers(urls: Mapping[str, str]) -> None:
    """Raises CannotRun when a server that the environment names does not answer, with its reason."""
    # Django's settings know more names for the scheme than libpq does.
    database = "postgresql://" + urls["DATABASE_URL"].partition("://")[2]
    try:
        psycopg.connect(database, connect_timeout=5).close()
    except psycopg.Error as error:
        raise CannotRun(f"DATABASE_URL does not answer: {' '.join(str(error).split())}") from error
    try:
        client = redis.Redis.from_url(urls["REDIS_URL"], socket_timeout=5, socket_connect_timeout=5)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError) as error:
        raise CannotRun(f"REDIS_URL does not answer: {' '.join(str(error).split())}") from error


def start_servers(
    supervisor: Supervisor, folder: Path, *, durable: bool, given: Mapping[str, str], say: Callable[[str], None]
) -> dict[str, str]:
    """Start what `given` (an environment) does not name, with the data in `folder`, and wait until it answers.

    Returns DATABASE_URL and REDIS_URL. The caller holds the lock on `folder`.
    """
    urls = {name: given[name] for name in ("DATABASE_URL", "REDIS_URL") if given.get(name)}
    database = broker = None
    if "REDIS_URL" not in urls:
        broker = Redis(folder, durable=durable)
        broker.prepare()
        supervisor.start(broker.program())
    if "DATABASE_URL" not in urls:
        home = home_for(unprivileged(), folder)
        if home != folder:
            say(f"PostgreSQL, which runs as nobody, cannot enter {folder}: its data is in {home}.")
        database = Postgres(home, durable=durable)
        database.prepare()
        supervisor.start(database.program())
        supervisor.wait_for("postgres", database.is_ready, seconds=60)
        database.make_database()
        urls["DATABASE_URL"] = database.url
    if broker:
        supervisor.wait_for("redis", broker.is_ready, seconds=60)
        urls["REDIS_URL"] = broker.url
    return urls


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


@contextmanager
def throwaway(given: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Servers for one run, empty at first and gone afterwards. Yields DATABASE_URL, REDIS_URL and the keys production needs.

    For tests: nothing is forced to the disk. What the environment (`given`, else the process's own) names is used as it is.
    """
    environment = os.environ if given is None else given
    secret = {
        "SECRET_KEY": environment.get("SECRET_KEY") or secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": environment.get("ENCRYPTION_KEYS") or secrets.token_urlsafe(32),
    }
    if environment.get("DATABASE_URL") and environment.get("REDIS_URL"):
        yield {name: environment[name] for name in ("DATABASE_URL", "REDIS_URL")} | secret
        return
    folder, lock = throwaway_folder()
    supervisor = Supervisor(logs=folder / "log", say=_to_stderr)
    try:
        yield start_servers(supervisor, folder, durable=False, given=environment, say=_to_stderr) | secret
    finally:
        # The data is thrown away: nothing has to be brought to rest first.
        supervisor.halt()
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
