"""Draining: the share of threads per queue, the time a drain takes, and many at once."""

import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
from django.db import transaction

from tests.core import handlers
from tests.core.handlers import effects
from tests.core.tools import in_thread, together, wait_until
from voc.core.outbox import drain as draining
from voc.core.outbox.api import RunningJob, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.drain import Slots, drain
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


def emit_many(number: int, event: str = "thing.made") -> None:
    with transaction.atomic():
        for index in range(number):
            emit(event, subject=f"S{index}", payload={"n": index})


def test_a_drain_runs_what_is_there_and_returns() -> None:
    emit_many(10)
    assert drain("analysis") == 10
    assert drain("analysis") == 0
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


def test_a_queue_takes_no_more_threads_than_its_share(settings) -> None:
    settings.VOC_QUEUES = {"analysis": 2, "notify": 1}
    go, busy, most = threading.Event(), [], []

    def held(job: RunningJob) -> None:
        busy.append(job.id)
        most.append(len(busy))
        go.wait(120)
        busy.remove(job.id)

    for index in range(5):
        handlers.scripts[f"S{index}"] = held
    emit_many(5, "thing.scripted")
    threads = [threading.Thread(target=in_thread(lambda: drain("analysis")), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(busy) == 2)
    # The other two found no place; another queue is not affected.
    wait_until(lambda: sum(thread.is_alive() for thread in threads) == 2)
    with transaction.atomic():
        emit("thing.told", subject="A")
    assert drain("notify") == 1
    go.set()
    for thread in threads:
        thread.join(120)
    assert max(most) == 2
    assert Job.objects.filter(state=JobState.DONE).count() == 6


def test_a_slot_is_given_back_after_an_error() -> None:
    slots = Slots()
    for _ in range(20):
        with suppress(ZeroDivisionError), slots.take("mail") as free:
            assert free
            raise ZeroDivisionError


def test_a_drain_ends_after_its_time_and_wakes_another(monkeypatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(draining.wake, "wake", lambda queue, **_: woken.append(queue))
    monkeypatch.setattr(draining, "DRAIN_SECONDS", 0.0)
    emit_many(3)
    woken.clear()
    assert drain("analysis") == 1
    assert woken == ["analysis", "analysis"]  # one at the first job, for a second thread; one for what is left


def test_a_drain_ends_when_the_worker_is_told_to_stop() -> None:
    emit_many(3)
    draining.stopping.set()
    assert drain("analysis") == 1
    assert Job.objects.filter(state=JobState.PENDING).count() == 2


def test_twenty_threads_run_each_of_500_jobs_once() -> None:
    emit_many(500)

    def work() -> None:
        while claimed := claim("analysis"):
            run(claimed)

    together([work] * 20)
    assert Counter(effects()) == {f"S{index}:{index}": 1 for index in range(500)}
    assert set(Job.objects.values_list("attempts", "interruptions")) == {(1, 0)}


def test_threads_keep_the_order_within_each_lane() -> None:
    with transaction.atomic():
        for number in range(60):
            emit("thing.made", subject=f"lane{number % 3}", payload={"n": f"{number:03}"})

    def work() -> None:
        deadline = time.monotonic() + 240
        while Job.objects.filter(state__in=["pending", "running"]).exists():
            assert time.monotonic() < deadline
            if claimed := claim("analysis"):
                run(claimed)

    together([work] * 6)
    for lane in range(3):
        seen = effects(f"lane{lane}")
        assert seen == sorted(seen)
        assert len(seen) == 20
