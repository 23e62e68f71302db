"""Log systems that asked to be left alone for a while (`Retry-After`): all processes keep to it."""

import threading
from datetime import datetime, timedelta

from voc.core import clock
from voc.core.redis import RedisAway, door

LONGEST_SECONDS = 3600

_own: dict[str, datetime] = {}
_lock = threading.Lock()


def rest_until(peer: str) -> datetime | None:
    """Until when `peer` does not want to be asked; None when it may be."""
    with _lock:
        until = _own.get(peer)
    try:
        told = door().call(lambda client: client.get(_key(peer)))
    except RedisAway:
        told = None
    if told:
        shared = datetime.fromisoformat(str(told))
        until = max(until, shared) if until else shared
    return until if until and until > clock.now() else None


def let_rest(peer: str, until: datetime) -> None:
    """Remember that `peer` asked to wait, an hour at most: nobody shall be left alone for good by a broken header."""
    now = clock.now()
    until = min(until, now + timedelta(seconds=LONGEST_SECONDS))
    if until <= now:
        return
    with _lock:
        _own[peer] = until
    lasting = max(1, round((until - now).total_seconds() * 1000))
    try:
        door().call(lambda client: client.set(_key(peer), until.isoformat(), px=lasting))
    except RedisAway:
        # This process remembers; the others will be told by the system itself.
        return


def forget() -> None:
    """Forget what this process remembers."""
    with _lock:
        _own.clear()


def _key(peer: str) -> str:
    return f"voc:logs:rest:{peer}"
