"""How often somebody may ask: per user, per API key, and per address for who has not signed in. Counted by the minute.

Redis counts for all processes together. While it is away each process counts for itself: the limit is then higher by the number
of processes, and never open.
"""

import math
import threading
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey, User
from accounts.throttle import client_address, place_of
from voc.core import clock
from voc.core.redis import RedisAway, door

WINDOW = 60
# So many identities are counted in a process at once; more than that within a minute means that somebody rotates them.
MOST_LOCAL = 50_000

_lock = threading.Lock()
_local: dict[str, int] = {}
_local_window = [0]


def hit(kind: str, identity: object, most: int) -> int:
    """Count one request. 0 if it is within `most` a minute (0 for no limit), else the seconds until the next minute."""
    if not most:
        return 0
    now = clock.now().timestamp()
    window = int(now // WINDOW)
    counted = _count(f"rate:{kind}:{identity}", window)
    return 0 if counted <= most else max(1, math.ceil((window + 1) * WINDOW - now))


def who(user: Any, auth: Any, request: HttpRequest) -> tuple[str, object, int]:
    """(kind, identity, limit) of a caller."""
    if isinstance(auth, ApiKey):
        return "key", auth.pk, auth.per_minute or settings.RATE_LIMIT_KEY
    if isinstance(user, User):
        return "user", user.pk, settings.RATE_LIMIT_USER
    return "address", place_of(client_address(request)), settings.RATE_LIMIT_ADDRESS


class RateLimit(BaseThrottle):
    """REST framework's side: counts after it is known who calls."""

    _wait = 0

    def allow_request(self, request: Request, _view: Any) -> bool:
        self._wait = hit(*who(request.user, request.auth, request._request))
        return not self._wait

    def wait(self) -> float:
        return self._wait


def _count(key: str, window: int) -> int:
    def increment(client: "Redis") -> int:
        with client.pipeline(transaction=True) as pipe:
            pipe.incr(f"{key}:{window}")
            pipe.expire(f"{key}:{window}", 2 * WINDOW)
            return int(pipe.execute()[0])

    try:
        return door().call(increment)
    except RedisAway:
        return _count_here(key, window)


def _count_here(key: str, window: int) -> int:
    with _lock:
        if _local_window[0] != window or len(_local) > MOST_LOCAL:
            _local.clear()
            _local_window[0] = window
        _local[key] = _local.get(key, 0) + 1
        return _local[key]
