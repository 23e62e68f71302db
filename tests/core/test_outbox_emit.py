"""Emitting and cancelling: jobs belong to the transaction that decided them."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
import structlog
from django.db import transaction

from tests.core.handlers import effects
from tests.core.tools import rolled_back, together
from voc.core.outbox.api import cancel, drain_all, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.flow import UnknownEvent
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


def test_one_job_is_written_per_handler_of_the_event() -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-1"), transaction.atomic():
        jobs = emit("thing.both", subject="A", payload={"n": 1})
    assert [(job.queue, job.handler.rpartition(".")[2]) for job in jobs] == [
        ("analysis", "write"),
        ("notify", "nothing"),
    ]
    stored = Job.objects.get(pk=jobs[0].pk)
    assert (stored.event, stored.subject, stored.payload, stored.state) == ("thing.both", "A", {"n": 1}, "pending")
    assert stored.request_id == "req-1"
    assert stored.due_at == stored.created_at


def test_an_event_without_handlers_writes_nothing() -> None:
    with transaction.atomic():
        assert emit("thing.quiet", subject="A") == []


def test_an_unknown_event_is_an_error() -> None:
    with transaction.atomic(), pytest.raises(UnknownEvent, match=r"thing\.unheard"):
        emit("thing.unheard", subject="A")


def test_emitting_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        emit("thing.made", subject="A")
    with pytest.raises(RuntimeError, match="transaction"):
        cancel(subject="A", key="k")
    assert not Job.objects.exists()


def test_a_rollback_emits_nothing() -> None:
    with rolled_back():
        emit("thing.made", subject="A")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "payload", [{"n": float("nan")}, {"n": float("inf")}, {"n": object()}, {"n": "\x00"}, {"\x00": 1}, [1], {"n": {1}}]
)
def test_a_payload_that_is_not_json_is_refused_before_anything_is_written(payload: object) -> None:
    with transaction.atomic():
        with pytest.raises((TypeError, ValueError)):
            emit("thing.made", subject="A", payload=payload)  # type: ignore[arg-type]
        emit("thing.made", subject="B", payload={"n": "\\u0000 is only text"})
    assert [job.subject for job in Job.objects.all()] == ["B"]


class TestKeys:
    def test_the_same_key_is_the_same_effect(self) -> None:
        with transaction.atomic():
            first = emit("thing.both", subject="A", key="once", payload={"n": 1})
        with transaction.atomic():
            second = emit("thing.both", subject="A", key="once", payload={"n": 2})
        assert [job.pk for job in first] == [job.pk for job in second]
        assert Job.objects.count() == 2
        drain_all()
        assert effects() == ["A:1"]

    def test_without_a_key_each_emit_is_an_effect_of_its_own(self) -> None:
        with transaction.atomic():
            emit("thing.made", subject="A")
            emit("thing.made", subject="A")
        assert Job.objects.count() == 2

    def test_twenty_threads_with_one_key_write_one_job(self) -> None:
        seen: list[int] = []
        barrier = threading.Barrier(20)

        def work() -> None:
            barrier.wait(120)
            with transaction.atomic():
                seen.append(emit("thing.made", subject="A", key="once")[0].pk)

        together([work] * 20)
        assert len(seen) == 20
        assert len(set(seen)) == 1
        assert Job.objects.count() == 1


class TestDelay:
    def test_a_delayed_job_waits(self) -> None:
        with transaction.atomic():
            [job] = emit("thing.made", subject="A", delay=10)
        assert job.due_at - job.created_at == timedelta(seconds=10)
        assert claim("analysis") is None

    def test_a_delayed_job_can_be_cancelled_with_all_its_siblings(self) -> None:
        with transaction.atomic():
            emit("thing.both", subject="A", key="grace", delay=10)
        with transaction.atomic():
            assert cancel(subject="A", key="grace") is True
        assert set(Job.objects.values_list("state", flat=True)) == {JobState.CANCELLED}
        assert drain_all(include_delayed=True) == []

    def test_once_one_of_them_runs_nothing_is_cancelled(self) -> None:
        with transaction.atomic():
            emit("thing.both", subject="A", key="grace")
        assert claim("notify") is not None
        with transaction.atomic():
            assert cancel(subject="A", key="grace") is False
        assert Counter(Job.objects.values_list("state", flat=True)) == {JobState.PENDING: 1, JobState.RUNNING: 1}

    def test_what_does_not_exist_or_is_cancelled_already_cannot_be_cancelled(self) -> None:
        with transaction.atomic():
            emit("thing.made", subject="A", key="k", delay=10)
            assert cancel(subject="B", key="k") is False
            assert cancel(subject="A", key="other") is False
            assert cancel(subject="A", key="k") is True
            assert cancel(subject="A", key="k") is False

    def test_a_cancel_that_is_rolled_back_cancelled_nothing(self) -> None:
        with transaction.atomic():
            emit("thing.made", subject="A", key="k", delay=10)
        with rolled_back():
            assert cancel(subject="A", key="k")
        assert len(drain_all(include_delayed=True)) == 1

    def test_of_cancels_and_claims_at_the_same_moment_each_effect_goes_one_way(self) -> None:
        """20 threads, half of which cancel while the others run: cancelled and not done, or done and not cancelled."""
        keys = [f"k{number}" for number in range(60)]
        with transaction.atomic():
            for key in keys:
                emit("thing.made", subject=key, key=key, payload={"n": "x"})
        todo, cancelled, lock = list(keys), [], threading.Lock()
        barrier = threading.Barrier(20)

        def canceller() -> None:
            barrier.wait(120)
            while True:
                with lock:
                    if not todo:
                        return
                    key = todo.pop()
                with transaction.atomic():
                    won = cancel(subject=key, key=key)
                if won:
                    cancelled.append(key)

        def runner() -> None:
            barrier.wait(120)
            while claimed := claim("analysis"):
                run(claimed)

        together([*[canceller] * 10, *[runner] * 10])
        while claimed := claim("analysis"):
            run(claimed)
        done = [key.partition(":")[0] for key in effects()]
        assert sorted([*done, *cancelled]) == sorted(keys)
        assert set(Job.objects.filter(state="cancelled").values_list("key", flat=True)) == set(cancelled)
