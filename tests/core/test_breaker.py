"""The breaker: shared through Redis, alone without it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.core.peers import hung_port, refused_port
from tests.core.tools import wait_until
from voc.core import breaker
from voc.core.breaker import Breaker, Policy, breaker_states, retry_delay
from voc.core.errors import Permanent, Transient
from voc.core.redis import door

# Long enough to be seen open, on a machine that does not stand still; the rest has a policy that no test sees close.
QUICK = Policy(failures=3, window=60, open_seconds=1.5)
LONG = Policy(failures=3, window=600, open_seconds=600)


@pytest.fixture
def peer() -> str:
    return f"peer-{uuid4().hex[:8]}"


def fail(guard: Breaker, error: Exception | None = None) -> None:
    with pytest.raises((Transient, Permanent)), guard.guard():
        raise error or Transient("down")


def is_open(guard: Breaker) -> bool:
    try:
        with guard.guard():
            return False
    except Transient as error:
        return not error.spend


def after(seconds: float) -> None:
    started = time.monotonic()
    wait_until(lambda: time.monotonic() - started > seconds)


def too_late(began: float) -> bool:
    """Whether one that opened after `began` may have closed by now, on a machine that stood still for a moment."""
    return time.monotonic() - began >= QUICK.open_seconds


def opened(peer: str, policy: Policy = QUICK) -> Breaker:
    guard = Breaker(peer, policy=policy)
    for _ in range(policy.failures):
        fail(guard)
    return guard


class Everywhere:
    """What holds with Redis and without."""

    def test_opens_after_three_failures(self, peer: str) -> None:
        guard = Breaker(peer, policy=Policy())
        fail(guard)
        fail(guard)
        with guard.guard():
            pass
        opened(peer, Policy())
        assert is_open(guard)

    def test_a_success_between_starts_the_count_anew(self, peer: str) -> None:
        guard = Breaker(peer, policy=Policy())
        for _ in range(4):
            fail(guard)
            fail(guard)
            assert not is_open(guard)

    def test_failures_outside_the_window_do_not_count(self, peer: str) -> None:
        guard = Breaker(peer, policy=Policy(failures=3, window=0.2, open_seconds=30))
        fail(guard)
        fail(guard)
        after(0.3)
        fail(guard)
        assert not is_open(guard)

    def test_one_call_probes_and_closes_it_when_it_succeeds(self, peer: str) -> None:
        began = time.monotonic()
        guard = opened(peer)
        assert is_open(guard) or too_late(began)
        wait_until(lambda: not is_open(guard))
        for _ in range(5):
            assert not is_open(guard)
        fail(guard)
        assert not is_open(guard)

    def test_while_one_call_probes_the_others_wait(self, peer: str) -> None:
        opened(peer)
        after(QUICK.open_seconds + 0.05)
        # The probe may take as long as its own policy says.
        guard = Breaker(peer, policy=LONG)
        with guard.guard():
            assert is_open(Breaker(peer, policy=LONG))
        assert not is_open(guard)

    def test_a_failed_probe_opens_it_again_at_once(self, peer: str) -> None:
        opened(peer)
        after(QUICK.open_seconds + 0.05)
        guard = Breaker(peer, policy=LONG)
        fail(guard)
        assert is_open(guard)

    def test_a_dropped_connection_of_a_vendors_client_counts_and_is_made_transient(self, peer: str) -> None:
        guard = Breaker(peer)
        for _ in range(3):
            with pytest.raises(Transient) as raised, guard.guard():
                raise ConnectionResetError("gone")
            assert raised.value.ambiguous is True
        assert is_open(guard)

    def test_answers_are_no_failures(self, peer: str) -> None:
        guard = Breaker(peer)
        for _ in range(5):
            fail(guard, Permanent("no such thing"))
            fail(guard, Transient("slow down", at=breaker.clock.now()))
        assert not is_open(guard)


class TestWithRedis(Everywhere):
    def test_its_state_is_listed(self, peer: str) -> None:
        began = time.monotonic()
        guard = opened(peer)
        assert breaker_states()[peer] or too_late(began)
        wait_until(lambda: not is_open(guard))
        assert breaker_states()[peer] is False

    def test_another_process_shares_it(self, peer: str) -> None:
        script = f"""
import django; django.setup()
import voc.core.redis
voc.core.redis.TIMEOUT_SECONDS = 10.0
from voc.core.breaker import Breaker
from voc.core.errors import Transient
for _ in range(3):
    try:
        with Breaker({peer!r}).guard():
            raise Transient("down")
    except Transient:
        pass
"""
        assert not is_open(Breaker(peer))
        subprocess.run(
            [sys.executable, "-c", script], check=True, env=os.environ | {"SECRET_KEY": "x" * 50}, timeout=120
        )
        assert is_open(Breaker(peer))


class TestWithRedisRefusing(Everywhere):
    @pytest.fixture(autouse=True)
    def _refused(self, settings) -> None:
        settings.REDIS_URL = f"redis://127.0.0.1:{refused_port()}/0"

    def test_its_state_is_listed(self, peer: str) -> None:
        opened(peer, LONG)
        assert breaker_states()[peer] is True


class TestWithRedisHanging(Everywhere):
    @pytest.fixture(autouse=True)
    def _hung(self, settings, products_patience: list[float]) -> Iterator[None]:
        with hung_port() as port:
            settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
            yield

    def test_it_costs_a_tenth_of_a_second_once(self, peer: str, products_patience: list[float]) -> None:
        for _ in range(20):
            with Breaker(peer).guard():
                pass
        assert len(products_patience) == 1
        assert door().client.connection_pool.connection_kwargs["socket_timeout"] == 0.1


def test_redis_that_comes_back_is_used_again(settings, peer: str) -> None:
    opened(peer, Policy(open_seconds=30))
    url = settings.REDIS_URL
    settings.REDIS_URL = f"redis://127.0.0.1:{refused_port()}/0"
    assert is_open(Breaker(peer))  # this process saw it open
    settings.REDIS_URL = url
    door().reopen()
    assert is_open(Breaker(peer))


def test_delays_grow_up_to_a_limit_and_differ() -> None:
    for attempt, middle in ((1, 3), (2, 9), (3, 27), (4, 81), (5, 243), (6, 300), (60, 300)):
        delays = {retry_delay(attempt) for _ in range(50)}
        assert len(delays) > 40
        assert all(0.5 * middle <= delay <= 1.5 * middle for delay in delays)
