"""How many messages a target takes: no window of time ever sees more than its rate allows, over all workers.

Counted in Redis, by its clock; while Redis is away each process counts for itself. Nobody waits here: who may not send yet is
told when to come back.
"""

import threading
import time
from collections import deque
from datetime import datetime, timedelta

from notifications.channels.base import Rate
from voc.core import clock
from voc.core.redis import RedisAway, door

LONGEST_HOLD = timedelta(hours=1)

# KEYS: times, hold. ARGV: count, seconds. Answers the seconds to wait, as text.
TAKE = """
local t = redis.call('TIME') local now = t[1] + t[2] / 1000000
local hold = tonumber(redis.call('GET', KEYS[2]) or '0')
if hold > now then return tostring(hold - now) end
local count = tonumber(ARGV[1])
if count < 1 then return '0' end
local oldest = redis.call('LINDEX', KEYS[1], count - 1)
if oldest and tonumber(oldest) + ARGV[2] > now then return tostring(tonumber(oldest) + ARGV[2] - now) end
redis.call('LPUSH', KEYS[1], string.format('%.6f', now))
redis.call('LTRIM', KEYS[1], 0, count - 1)
redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[2]) + 1)
return '0'
"""
HOLD = """
local t = redis.call('TIME') local now = t[1] + t[2] / 1000000
redis.call('SET', KEYS[1], string.format('%.6f', now + ARGV[1]), 'PX', math.ceil(ARGV[1] * 1000))
return '0'
"""


class _Local:
    """The same rules within one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}
        self._holds: dict[str, float] = {}

    def take(self, rate: Rate) -> float:
        now = time.monotonic()
        with self._lock:
            held = self._holds.get(rate.key, 0.0)
            if held > now:
                return held - now
            if rate.count < 1:
                return 0.0
            times = self._times.setdefault(rate.key, deque())
            while times and times[0] + rate.seconds <= now:
                times.popleft()
            if len(times) >= rate.count:
                return times[0] + rate.seconds - now
            times.append(now)
            return 0.0

    def hold(self, key: str, seconds: float) -> None:
        with self._lock:
            self._holds[key] = time.monotonic() + seconds


_local = _Local()


def take(rate: Rate) -> datetime | None:
    """None if a message may go out now, which counts as one; else when to ask again."""
    try:
        wait = float(door().run_script(TAKE, _keys(rate.key), [rate.count, rate.seconds]))
    except RedisAway:
        wait = _local.take(rate)
    return clock.now() + timedelta(seconds=wait) if wait > 0 else None


def hold(rate: Rate, *, until: datetime) -> None:
    """The other side asked to be left alone until then."""
    seconds = min(until - clock.now(), LONGEST_HOLD).total_seconds()
    if seconds <= 0:
        return
    _local.hold(rate.key, seconds)
    try:
        door().run_script(HOLD, _keys(rate.key)[1:], [seconds])
    except RedisAway:
        return


def _keys(key: str) -> list[str]:
    return [f"voc:rate:{{{key}}}:times", f"voc:rate:{{{key}}}:hold"]
