"""Real Celery workers: woken through Redis, killed, told to stop, and left alone by their database for a while."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from django.db import connection, transaction

from tests.core.handlers import effects
from tests.core.tools import wait_until
from voc.core.outbox import sweeping
from voc.core.outbox.api import emit
from voc.core.outbox.models import Job, JobState, Pulse

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]
ROOT = Path(__file__).resolve().parents[2]
StartWorker = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(settings, redis_of_its_own: str, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers on this test's database; ends them afterwards."""
    settings.OUTBOX_LEASE_SECONDS = 2
    database = connection.settings_dict
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    environment = os.environ | {
        "REDIS_URL": redis_of_its_own,
        "DATABASE_URL": f"{server}/{database['NAME']}",
        "SECRET_KEY": settings.SECRET_KEY or "k" * 50,
        "OUTBOX_LEASE_SECONDS": "2",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        Pulse.objects.all().delete()
        command = ["-m", "celery", "-A", "tests.core.worker_app", "worker", "--pool", "threads", "--concurrency", "12"]
        with (tmp_path / f"worker{len(started)}.log").open("wb") as log:
            worker = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
        started.append(worker)
        # The first thing that a worker does is to look for work.
        wait_until(lambda: Pulse.objects.filter(name="sweep").exists(), seconds=90)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def emit_many(number: int, event: str = "thing.slow", *, first: int = 0, seconds: float = 0.05) -> None:
    with transaction.atomic():
        for index in range(first, first + number):
            emit(event, subject=f"S{index}", payload={"n": index, "seconds": seconds})


def finished() -> bool:
    return not Job.objects.exclude(state=JobState.DONE).exists()


def test_a_worker_runs_what_waited_for_it_and_what_comes_later_at_once(start_worker: StartWorker) -> None:
    emit_many(1)
    start_worker()
    wait_until(finished)
    # Woken: nobody sweeps here.
    emit_many(1, first=1)
    wait_until(finished)
    assert effects() == ["S0:0", "S1:1"]


def test_a_short_delay_needs_no_sweep(start_worker: StartWorker) -> None:
    start_worker()
    with transaction.atomic():
        emit("thing.made", subject="A", delay=1)
    wait_until(finished)
    job = Job.objects.get()
    assert job.started_at >= job.due_at


def test_a_full_queue_keeps_no_other_waiting(start_worker: StartWorker) -> None:
    start_worker()
    emit_many(200, seconds=1)
    wait_until(lambda: Job.objects.filter(state=JobState.RUNNING).count() == 4)
    with transaction.atomic():
        [told] = emit("thing.told", subject="A")
    wait_until(lambda: Job.objects.filter(pk=told.pk, state=JobState.DONE).exists())
    # Behind them it would have waited for fifty seconds' work.
    assert Job.objects.filter(queue="analysis", state=JobState.PENDING).count() > 20


def test_an_idle_worker_stops_within_moments_of_sigterm(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_a_busy_worker_ends_its_jobs_and_leaves_the_rest(start_worker: StartWorker) -> None:
    worker = start_worker()
    emit_many(400, seconds=0.3)
    wait_until(lambda: Job.objects.filter(state=JobState.RUNNING).exists())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    states = Counter(Job.objects.values_list("state", flat=True))
    assert set(states) == {JobState.DONE, JobState.PENDING}, "it has not waited for all of them"
    assert len(effects()) == states[JobState.DONE]


@pytest.mark.chaos
def test_kill_9_loses_and_doubles_nothing(start_worker: StartWorker, redis_of_its_own: str) -> None:
    emit_many(150, seconds=0.02)
    for round_ in range(4):
        worker = start_worker()
        wanted = 20 * (round_ + 1)
        wait_until(lambda wanted=wanted: len(effects()) >= wanted or finished())
        worker.kill()
        worker.wait()
        if round_ == 1:
            redis.Redis.from_url(redis_of_its_own).flushdb()
    start_worker()

    def swept() -> bool:
        sweeping.sweep()  # beat's part
        return finished()

    wait_until(swept)
    assert Counter(effects()) == {f"S{index}:{index}": 1 for index in range(150)}
    assert Job.objects.filter(interruptions__gt=0).exists()
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.chaos
def test_a_worker_survives_the_loss_of_all_its_database_connections(start_worker: StartWorker) -> None:
    worker = start_worker()
    emit_many(60, seconds=0.05)
    for wanted in (10, 30):
        wait_until(lambda wanted=wanted: len(effects()) >= wanted)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid NOT IN "
                "(pg_backend_pid(), %s)",
                [connection.settings_dict["NAME"], connection.connection.info.backend_pid],
            )

    def swept() -> bool:
        sweeping.sweep()
        return finished()

    wait_until(swept)
    assert worker.poll() is None
    assert Counter(effects()) == {f"S{index}:{index}": 1 for index in range(60)}
