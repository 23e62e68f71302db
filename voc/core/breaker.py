"""Breaker and retry policy: how the system treats a peer that fails.

A breaker is shared by all processes through Redis. While Redis is away, each process keeps one of its own, which has
seen whatever this process saw before.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from django.utils.translation import gettext as _

from voc.core import clock
from voc.core.errors import Transient
from voc.core.redaction import redact
from voc.core.redis import RedisAway, door

FIRST_DELAY = 3.0
FACTOR = 3.0
LONGEST_DELAY = 300.0
PEERS = "voc:breakers"
# Peers that have failed as often in a row as opens their breaker, however long that took.
LAME = "voc:breakers:lame"
OUTAGE_KEPT_SECONDS = 7 * 86400
WHY_LENGTH = 300

log = structlog.get_logger(__name__)


def retry_delay(attempt: int) -> float:
    """Seconds to wait after the failed `attempt` (1, 2, …): 3, 9, 27, … up to 300, each ± 50 % so that nobody marches in step."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * FACTOR ** min(max(attempt, 1) - 1, 10))
    return delay * random.uniform(0.5, 1.5)  # noqa: S311 - nothing secret about it  # nosec B311


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a breaker opens: at `failures` within `window` seconds, no success between them; for `open_seconds`.

    After that one call is let through to probe; others wait until it has ended, or `open_seconds` have passed again.
    `failures` in a row are an outage (see `outages`), within the window or not, unless `told` says that somebody else tells.
    """

    failures: int = 3
    window: float = 60
    open_seconds: float = 30
    told: bool = True


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a call may go out. `wait` is how many seconds it should not; `worried` says that its success is news."""

    wait: float = 0
    worried: bool = False


@dataclass(frozen=True, slots=True)
class Outage:
    """A peer that does not answer: since when, and its last error, without secrets."""

    since: datetime
    why: str


class Breaker:
    """Guards the calls to one `peer` (a name: a vendor, or a vendor and an address)."""

    def __init__(self, peer: str, *, policy: Policy | None = None) -> None:
        self.peer = peer
        self.policy = policy or Policy()
        self._local = local_state(peer)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call. What counts as a failure: Transient without a time (the peer named none), and OSError.

        Everything else is an answer: the peer lives. Raises Transient (spends no attempt, says when to come back)
        instead of calling while the breaker is open; an OSError becomes a Transient, ambiguous because nobody can say.
        """
        permit = self._permit()
        if permit.wait > 0:
            at = clock.now() + timedelta(seconds=permit.wait + random.uniform(0, 1))  # noqa: S311  # nosec B311
            raise Transient(_("%(peer)s is out of order; waiting.") % {"peer": self.peer}, at=at, spend=False)
        try:
            yield
        except Transient as error:
            # With a time it said "not now", which takes a peer that works.
            self._note(failed=error.at is None, permit=permit, why=error.message)
            raise
        except OSError as error:
            self._note(failed=True, permit=permit, why=type(error).__name__)
            raise Transient(f"{self.peer}: {type(error).__name__}", ambiguous=True) from error
        except BaseException:
            self._note(failed=False, permit=permit)
            raise
        self._note(failed=False, permit=permit)

    def _permit(self) -> Permit:
        try:
            wait, worried = shared.ask(self.peer, self.policy)
        except RedisAway:
            return self._local.ask(self.policy)
        return Permit(wait=wait, worried=worried)

    def _note(self, *, failed: bool, permit: Permit, why: str = "") -> None:
        if not failed and not permit.worried:
            return
        opened = self._local.note(failed, self.policy)
        try:
            opened = shared.note(self.peer, self.policy, failed=failed, why=redact(why)[:WHY_LENGTH])
        except RedisAway:
            log.debug("breaker.local", peer=self.peer)
        if opened:
            log.warning("breaker.opened", peer=self.peer, seconds=self.policy.open_seconds)


class _Shared:
    """The state in Redis, by its own clock: `fails` (a list of times), `open` (a hash with `until` and `probe`) and `outage` (a
    hash with `row`, the failures since the last success, `since` and `why`)."""

    CLOCK = "local t = redis.call('TIME') local now = t[1] + t[2] / 1000000 "
    # KEYS: fails, open, outage. ARGV: open_seconds. Answers seconds to wait (as text) and whether there is anything on record.
    ASK = (
        CLOCK
        + """
local until_ = tonumber(redis.call('HGET', KEYS[2], 'until') or '0')
if until_ == 0 then return {'0', redis.call('EXISTS', KEYS[1], KEYS[3])} end
if now < until_ then return {tostring(until_ - now), 1} end
local probe = tonumber(redis.call('HGET', KEYS[2], 'probe') or '0')
if now < probe then return {tostring(math.min(probe - now, 2)), 1} end
redis.call('HSET', KEYS[2], 'probe', tostring(now + ARGV[1]))
redis.call('EXPIRE', KEYS[2], 3600)
return {'0', 1}
"""
    )
    # ARGV: failures, window, open_seconds, peer, told (1 or 0), why. Answers whether this failure opened it.
    FAILED = (
        CLOCK
        + f"""
if ARGV[5] == '1' then
  local row = redis.call('HINCRBY', KEYS[3], 'row', 1)
  redis.call('HSETNX', KEYS[3], 'since', string.format('%.3f', now))
  redis.call('HSET', KEYS[3], 'why', ARGV[6])
  redis.call('EXPIRE', KEYS[3], {OUTAGE_KEPT_SECONDS})
  if row >= tonumber(ARGV[1]) then redis.call('SADD', '{LAME}', ARGV[4]) end
end
local open = redis.call('EXISTS', KEYS[2]) == 1
if not open then
  redis.call('RPUSH', KEYS[1], tostring(now))
  redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[2]))
  while tonumber(redis.call('LINDEX', KEYS[1], 0)) < now - ARGV[2] do redis.call('LPOP', KEYS[1]) end
  if redis.call('LLEN', KEYS[1]) < tonumber(ARGV[1]) then return 0 end
elseif now < tonumber(redis.call('HGET', KEYS[2], 'until')) then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'until', tostring(now + ARGV[3]))
redis.call('EXPIRE', KEYS[2], 3600)
redis.call('SADD', '{PEERS}', ARGV[4])
return 1
"""
    )

    def ask(self, peer: str, policy: Policy) -> tuple[float, bool]:
        wait, worried = door().run_script(self.ASK, self._keys(peer), [policy.open_seconds])
        return float(wait), bool(worried)

    def note(self, peer: str, policy: Policy, *, failed: bool, why: str) -> bool:
        keys = self._keys(peer)
        if not failed:
            door().call(lambda client: client.delete(*keys))
            return False
        told = int(policy.told)
        arguments: list[str | float] = [policy.failures, policy.window, policy.open_seconds, peer, told, why]
        return bool(door().run_script(self.FAILED, keys, arguments))

    def outages(self) -> dict[str, Outage]:
        found = {}
        for peer in door().call(lambda client: sorted(map(str, client.smembers(LAME)))):
            kept = self._outage(peer)
            if kept:
                since = datetime.fromtimestamp(float(kept["since"]), UTC)
                found[peer] = Outage(since=since, why=kept["why"])
            else:
                # It has answered since, or nobody has asked it for a week.
                self._heal(peer)
        return found

    def _heal(self, peer: str) -> None:
        door().call(lambda client: client.srem(LAME, peer))

    def _outage(self, peer: str) -> dict[str, str]:
        kept = door().call(lambda client: client.hgetall(self._keys(peer)[2]))
        return {str(name): str(value) for name, value in kept.items()}

    def states(self) -> dict[str, bool]:
        peers = door().call(lambda client: sorted(map(str, client.smembers(PEERS))))
        now = time.time()

        def is_open(peer: str) -> bool:
            until = door().call(lambda client: client.hget(self._keys(peer)[1], "until"))
            return float(until or 0) > now

        return {peer: is_open(peer) for peer in peers}

    @staticmethod
    def _keys(peer: str) -> list[str]:
        return [f"voc:breaker:{{{peer}}}:{part}" for part in ("fails", "open", "outage")]


@dataclass
class LocalState:
    """The same rules within one process, by its own clock."""

    fails: list[float] = field(default_factory=list)
    until: float = 0
    probe: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, policy: Policy) -> Permit:
        now = time.monotonic()
        with self.lock:
            if not self.until:
                return Permit(worried=bool(self.fails))
            if now < self.until:
                return Permit(wait=self.until - now, worried=True)
            if now < self.probe:
                return Permit(wait=min(self.probe - now, 2), worried=True)
            self.probe = now + policy.open_seconds
            return Permit(worried=True)

    def note(self, failed: bool, policy: Policy) -> bool:
        """Whether this failure opened it."""
        now = time.monotonic()
        with self.lock:
            if not failed:
                self.fails, self.until, self.probe = [], 0, 0
                return False
            if not self.until:
                self.fails = [*(moment for moment in self.fails if moment >= now - policy.window), now]
                if len(self.fails) < policy.failures:
                    return False
            elif now < self.until:
                return False
            self.fails, self.until, self.probe = [], now + policy.open_seconds, 0
            return True

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.until


shared = _Shared()
_states: dict[str, LocalState] = {}
_states_lock = threading.Lock()


def local_state(peer: str) -> LocalState:
    with _states_lock:
        return _states.setdefault(peer, LocalState())


def breaker_states() -> dict[str, bool]:
    """Every breaker that ever opened, and whether it is open now; this process's own while Redis is away."""
    try:
        return shared.states()
    except RedisAway:
        with _states_lock:
            return {peer: state.is_open for peer, state in sorted(_states.items())}


def outages() -> dict[str, Outage]:
    """Every peer that fails and has not answered since. Raises RedisAway: then nobody knows."""
    return shared.outages()
