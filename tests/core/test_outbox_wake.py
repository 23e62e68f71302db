"""Waking workers: one message for many wake-ups, and a Redis that is away neither fails nor delays anybody."""

import time
from collections.abc import Iterator
from datetime import timedelta

import celery
import pytest
import redis
from django.db import transaction

from tests.core.peers import hung_port, refused_port
from tests.core.tools import rolled_back, together
from voc.core import clock
from voc.core.outbox import sweeping, wake
from voc.core.outbox.api import emit
from voc.core.outbox.drain import drain
from voc.core.outbox.models import Job, Pulse
from voc.core.redis import door

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


@pytest.fixture
def broker(redis_of_its_own: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    monkeypatch.setattr(wake, "KEY_SECONDS", 60)  # so that no key lapses between two steps of a test
    with redis.Redis.from_url(redis_of_its_own) as client:
        yield client


def messages(client: redis.Redis) -> int:
    return client.llen(celery.current_app.conf.task_default_queue)


def emit_some(number: int = 1, event: str = "thing.made", **options: float) -> None:
    with transaction.atomic():
        for index in range(number):
            emit(event, subject=f"S{index}", **options)  # type: ignore[arg-type]


def test_many_jobs_send_one_message(broker: redis.Redis) -> None:
    emit_some(30)
    assert messages(broker) == 1


def test_a_thread_sends_to_the_same_place(broker: redis.Redis) -> None:
    together([emit_some])
    assert messages(broker) == 1


def test_each_queue_is_woken(broker: redis.Redis) -> None:
    emit_some(5, "thing.both")
    assert messages(broker) == 2


def test_a_rolled_back_transaction_wakes_nobody(broker: redis.Redis) -> None:
    with rolled_back():
        emit("thing.made", subject="A")
    assert messages(broker) == 0


def test_a_drain_lets_the_next_wake_up_through(broker: redis.Redis) -> None:
    emit_some()
    wake.woken("analysis")
    wake.wake("analysis")
    assert messages(broker) == 2


def test_the_key_of_a_lost_message_lapses(broker: redis.Redis) -> None:
    wake.wake("analysis")
    assert 0 < broker.ttl("voc:wake:analysis") <= wake.KEY_SECONDS


def test_delayed_jobs_send_one_message_a_second_for_their_time(broker: redis.Redis, monkeypatch) -> None:
    now = clock.now()
    for second in range(2):
        monkeypatch.setattr(clock, "now", lambda second=second: now + timedelta(seconds=second))
        emit_some(20, delay=10)
        assert messages(broker) == 1 + second


def test_what_is_far_off_is_left_to_the_sweep(broker: redis.Redis) -> None:
    emit_some(delay=600)
    assert messages(broker) == 0


class TestSweep:
    def test_wakes_queues_that_have_due_or_lapsed_jobs_and_no_others(self, broker: redis.Redis) -> None:
        emit_some(delay=600)
        assert sweeping.sweep() == set()
        Job.objects.update(due_at=clock.now())
        assert sweeping.sweep() == {"analysis"}
        assert messages(broker) == 1
        assert Pulse.objects.get(name="sweep").seen_at > clock.now() - timedelta(minutes=1)

    def test_prune_deletes_what_is_done_for_long_and_nothing_else(self, broker: redis.Redis, settings) -> None:
        emit_some(6)
        old, new = clock.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS + 1), clock.now()
        states = [("done", old), ("cancelled", old), ("done", new), ("dead", old), ("blocked", old)]
        for job, (state, at) in zip(Job.objects.order_by("pk"), states, strict=False):
            Job.objects.filter(pk=job.pk).update(state=state, finished_at=at)
        assert sweeping.prune() == 2
        assert sorted(Job.objects.values_list("state", flat=True)) == ["blocked", "dead", "done", "pending"]

    def test_jobs_of_a_queue_that_nobody_works_on_raise_an_alert(self, broker: redis.Redis, settings) -> None:
        from voc.core.models import Alert

        emit_some()
        settings.VOC_QUEUES = {"notify": 1}
        sweeping.sweep()
        assert Alert.objects.filter(key=sweeping.UNKNOWN_QUEUES, cleared_at=None).count() == 1
        settings.VOC_QUEUES = {"analysis": 1}
        sweeping.sweep()
        assert not Alert.objects.filter(cleared_at=None).exists()


class TestRedisAway:
    @pytest.fixture(params=["refused", "hung"])
    def away(self, request, settings, products_patience: list[float]) -> Iterator[None]:
        with hung_port() as hung:
            port = hung if request.param == "hung" else refused_port()
            settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
            yield

    def test_emitting_neither_fails_nor_waits(self, away: None, products_patience: list[float]) -> None:
        started = time.monotonic()
        emit_some(50, "thing.both")
        assert time.monotonic() - started < 20  # each of them would have waited; that they have not is counted below
        assert Job.objects.count() == 100

        # Once it is known to be away, it is not even asked.
        emit_some()
        assert len(products_patience) == 1
        assert door().client.connection_pool.connection_kwargs["socket_timeout"] == 0.1

    def test_draining_goes_on(self, away: None) -> None:
        emit_some(5)
        assert drain("analysis") == 5

    def test_a_broker_that_hangs_while_the_rest_answers_costs_half_a_second_once(
        self, settings, products_patience: list[float]
    ) -> None:
        with hung_port() as port:
            settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
            started = time.monotonic()
            wake.wake("analysis")
            for _ in range(20):
                wake.wake("notify")
            assert len(products_patience) == 1
            assert 0.4 < products_patience[0] - started < 8  # each of them would have taken as long


def test_after_redis_has_come_back_it_is_woken_again(broker: redis.Redis, settings) -> None:
    url = settings.REDIS_URL
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{refused_port()}/9"
    emit_some()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    door().reopen()
    assert sweeping.sweep() == {"analysis"}
    assert messages(broker) == 1
