"""Leases: taken over when they lapse, renewed while the handler works."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.core import handlers
from tests.core.handlers import effects
from tests.core.jobs import emit_one, lapse, raises, run_next, scripted
from tests.core.tools import wait_until
from voc.core.outbox.api import RunningJob
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


class TestInterruptions:
    def test_a_lapsed_lease_is_taken_over_and_counted_apart_from_attempts(self) -> None:
        job = emit_one()
        assert claim("analysis") is not None
        lapse(job)
        taken = claim("analysis")
        assert (taken.job.attempts, taken.job.interruptions) == (1, 1)

    def test_a_live_lease_is_not_taken_over(self) -> None:
        emit_one()
        assert claim("analysis") is not None
        assert claim("analysis") is None

    def test_too_many_interruptions_give_the_job_up(self, settings) -> None:
        settings.OUTBOX_MAX_INTERRUPTIONS = 2
        job = scripted(raises(AssertionError("must not be called again")))
        claim("analysis")
        for _ in range(2):
            lapse(job)
            claim("analysis")
        lapse(job)
        job = run_next()
        assert (job.state, job.error) == (JobState.DEAD, "interrupted 3 times")
        assert effects() == ["dead A: interrupted 3 times"]

    def test_a_lease_is_renewed_while_the_handler_works(self, settings) -> None:
        settings.OUTBOX_LEASE_SECONDS = 6

        def long(job: RunningJob) -> None:
            first = Job.objects.get(pk=job.id).lease_until
            wait_until(lambda: Job.objects.get(pk=job.id).lease_until > first + timedelta(seconds=1.5))
            assert claim("analysis") is None

        handlers.scripts["A"] = long
        emit_one("thing.long")
        assert run_next().state == JobState.DONE

    def test_a_heartbeat_that_loses_its_connection_takes_another(self, settings) -> None:
        settings.OUTBOX_LEASE_SECONDS = 1.5
        # Other workers' tests beat on the same server.
        heartbeats = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'voc-heartbeat' AND datname = current_database()"
        )

        def long(job: RunningJob) -> None:
            def rows(query: str) -> list[tuple[object, ...]]:
                with connection.cursor() as cursor:
                    cursor.execute(query)
                    return cursor.fetchall()

            wait_until(lambda: bool(rows(heartbeats)))
            rows(f"SELECT pg_terminate_backend(pid) FROM ({heartbeats}) AS found")
            lease_until = Job.objects.get(pk=job.id).lease_until
            wait_until(lambda: Job.objects.get(pk=job.id).lease_until > lease_until)

        handlers.scripts["A"] = long
        emit_one("thing.long")
        assert run_next().state == JobState.DONE

    def test_a_handler_that_takes_too_long_has_failed_an_attempt(self, settings) -> None:
        settings.OUTBOX_LEASE_SECONDS = 1
        seen = []

        def endless(job: RunningJob) -> None:
            def renewed_for_the_last_time() -> bool:
                held = Job.objects.get(pk=job.id)
                return held.lease_until - held.started_at > timedelta(seconds=3 + 1)

            # Not before: the heartbeat of a machine that stands still for a moment lets a lease lapse, too.
            wait_until(renewed_for_the_last_time, seconds=30)

            def taken_over() -> bool:
                if taken := claim("analysis"):
                    seen.append(taken)
                return bool(seen)

            wait_until(taken_over, seconds=30)

        job = scripted(endless)
        run_next()
        run(seen[0])
        job.refresh_from_db()
        assert (job.state, job.attempts, job.interruptions) == (JobState.PENDING, 1, 0)
        assert job.error == "ran longer than 3 s"

    def test_the_deadline_counts_down_from_max_seconds(self) -> None:
        seen = []
        scripted(lambda job: seen.append(job.remaining()))
        run_next()
        assert 0 < seen[0] <= 3
