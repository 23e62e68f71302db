"""The one door to Redis for everything but Celery: answers within 0.1 s or not at all.

Redis only speeds things up here. After a failure the door stays shut for five seconds, so that a Redis that hangs costs
a request 0.1 s once, not at every call.
"""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

TIMEOUT_SECONDS = 0.1
OFF_SECONDS = 5.0

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class RedisAway(Exception):
    """Redis refused, did not answer in time, or did so within the last five seconds."""


class Door:
    """Calls to one Redis, shared by the threads of this process."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._scripts: dict[str, Script] = {}
        self._off_until = 0.0
        self._lock = threading.Lock()

    def call(self, command: Callable[[redis.Redis], Answer]) -> Answer:
        """What `command` returns, given the client. Raises RedisAway."""
        if time.monotonic() < self._off_until:
            raise RedisAway("Redis did not answer a moment ago")
        try:
            return command(self.client)
        except (redis.RedisError, OSError) as error:
            self.shut(error)
            raise RedisAway(str(error)) from error

    def run_script(self, source: str, keys: list[str], arguments: list[str | float]) -> Any:
        """What the Lua script answers. Raises RedisAway."""
        script = self._scripts.setdefault(source, self.client.register_script(source))
        return self.call(lambda client: script(keys=keys, args=arguments, client=client))

    def shut(self, error: Exception) -> None:
        """Ask nothing of Redis for a while."""
        with self._lock:
            first = time.monotonic() >= self._off_until
            self._off_until = time.monotonic() + OFF_SECONDS
        if first:
            log.warning("redis.away", error=type(error).__name__, off_seconds=OFF_SECONDS)

    def reopen(self) -> None:
        """Forget the last failure."""
        self._off_until = 0.0


@cache
def _door(url: str) -> Door:
    return Door(url)


def door() -> Door:
    return _door(settings.REDIS_URL)
