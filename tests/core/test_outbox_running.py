"""Claiming and running jobs, and what follows from how they end."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.core import handlers
from tests.core.handlers import effect, effects
from tests.core.jobs import emit_one, lapse, make_due, raises, run_next, scripted
from voc.core import clock
from voc.core.errors import Permanent, Transient
from voc.core.models import Alert
from voc.core.outbox import runner
from voc.core.outbox.api import LeaseLost, RunningJob, close_gate, drain_all, emit, open_gate
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("flow")]


class TestOrder:
    def test_jobs_of_a_lane_are_claimed_one_after_another(self) -> None:
        first, second = emit_one(payload={"n": 1}), emit_one(payload={"n": 2})
        taken = claim("analysis")
        assert taken is not None
        assert taken.job.pk == first.pk
        assert claim("analysis") is None
        run(taken)
        assert run_next().pk == second.pk
        assert effects() == ["A:1", "A:2"]

    def test_other_lanes_do_not_wait(self) -> None:
        first, other = emit_one(subject="A"), emit_one(subject="B")
        assert {claim("analysis").job.pk, claim("analysis").job.pk} == {first.pk, other.pk}

    def test_an_earlier_job_that_waits_for_its_time_holds_the_lane(self) -> None:
        emit_one(delay=60)
        emit_one()
        assert claim("analysis") is None

    @pytest.mark.parametrize("state", [JobState.BLOCKED, JobState.DEAD, JobState.CANCELLED])
    def test_an_earlier_job_that_was_given_up_does_not_hold_the_lane(self, state: JobState) -> None:
        first, second = emit_one(), emit_one()
        Job.objects.filter(pk=first.pk).update(state=state)
        assert run_next().pk == second.pk

    def test_a_job_tried_again_waits_while_a_later_one_of_its_lane_runs(self) -> None:
        first, second = emit_one(), emit_one()
        Job.objects.filter(pk=first.pk).update(state=JobState.DEAD)
        assert claim("analysis").job.pk == second.pk
        Job.objects.filter(pk=first.pk).update(state=JobState.PENDING)
        assert claim("analysis") is None

    def test_the_database_refuses_two_running_jobs_in_a_lane(self) -> None:
        emit_one()
        second = emit_one()
        assert claim("analysis") is not None
        with pytest.raises(IntegrityError):
            Job.objects.filter(pk=second.pk).update(state=JobState.RUNNING, lease=uuid.uuid4(), lease_until=clock.now())


class TestOutcomes:
    def test_a_handler_that_just_returns_is_done(self) -> None:
        job = scripted(handlers.nothing)
        assert run_next().state == JobState.DONE
        job.refresh_from_db()
        assert (job.lease, job.lease_until, job.attempts) == (None, None, 1)
        assert job.finished_at is not None

    def test_an_unexpected_error_backs_off_until_the_job_is_dead_and_on_dead_has_run(self) -> None:
        job = scripted(raises(ValueError("broken")))
        for attempt in (1, 2):
            before = clock.now()
            job = run_next()
            assert (job.state, job.attempts, job.error) == (JobState.PENDING, attempt, "ValueError: broken")
            delay = timedelta(seconds=3 * 3 ** (attempt - 1))
            assert before + 0.5 * delay <= job.due_at <= clock.now() + 1.5 * delay
            assert claim("analysis", now=job.due_at - timedelta(milliseconds=1)) is None
            make_due(job)
        assert run_next().state == JobState.DEAD
        assert effects() == ["dead A: ValueError: broken"]
        assert Alert.objects.filter(key="jobs-given-up:analysis", cleared_at=None).exists()

    def test_a_process_that_dies_when_a_job_was_given_up_has_told_the_admins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Died(BaseException):
            pass

        def die(event: str, **_told: object) -> None:
            if event == "job.given_up":
                raise Died

        scripted(raises(Permanent("no such channel")))
        monkeypatch.setattr(runner.log, "error", die)
        with pytest.raises(Died):
            run_next()
        assert Job.objects.get().state == JobState.BLOCKED
        assert Alert.objects.filter(key="jobs-given-up:analysis", cleared_at=None).exists()

    def test_a_permanent_error_blocks_the_job_at_once_and_on_dead_has_run(self) -> None:
        scripted(raises(Permanent("no such channel")))
        job = run_next()
        assert (job.state, job.error, job.attempts) == (JobState.BLOCKED, "no such channel", 1)
        assert effects() == ["dead A: no such channel"]

    def test_a_transient_error_waits_until_the_time_it_names(self) -> None:
        at = clock.now() + timedelta(minutes=7)
        scripted(raises(Transient("busy", at=at)))
        job = run_next()
        assert (job.state, job.due_at, job.attempts, job.error) == (JobState.PENDING, at, 1, "busy")

    def test_a_time_that_is_far_away_is_cut_to_an_hour(self) -> None:
        scripted(raises(Transient("busy", at=clock.now() + timedelta(days=3))))
        assert run_next().due_at < clock.now() + timedelta(minutes=61)

    def test_a_transient_error_that_spends_nothing_never_kills_the_job(self) -> None:
        scripted(raises(Transient("breaker open", at=clock.now(), spend=False)))
        for _ in range(10):
            job = run_next()
            assert (job.state, job.attempts) == (JobState.PENDING, 0)

    def test_transient_errors_that_spend_end_in_death(self) -> None:
        scripted(raises(Transient("busy", at=clock.now())))
        assert [run_next().state for _ in range(3)] == [JobState.PENDING, JobState.PENDING, JobState.DEAD]

    def test_the_error_is_kept_until_the_next_outcome_and_gone_when_it_succeeds(self) -> None:
        job = scripted(raises(ValueError("broken")))
        run_next()
        make_due(job)
        handlers.scripts["A"] = handlers.nothing
        assert run_next().error == ""

    def test_an_error_text_keeps_no_secret(self) -> None:
        scripted(raises(ValueError("https://hooks.slack.com/services/T0/B0/verysecret refused")))
        assert "verysecret" not in run_next().error

    def test_on_dead_and_the_dead_job_commit_together_or_not_at_all(self) -> None:
        def half(job: RunningJob) -> None:
            effect("half")
            raise RuntimeError("cannot give up")

        handlers.dead["A"] = half
        scripted(raises(Permanent("no")))
        job = run_next()
        assert effects() == []
        assert job.state == JobState.PENDING
        assert "no (giving it up failed: RuntimeError: cannot give up)" in job.error

        del handlers.dead["A"]
        make_due(job)
        assert run_next().state in (JobState.BLOCKED, JobState.DEAD)
        assert len(effects("dead A")) == 1

    def test_a_give_up_that_breaks_a_constraint_is_tried_again_without_the_handler(self) -> None:
        calls = []

        def fail(job: RunningJob) -> None:
            calls.append(job.attempt)
            raise ValueError("broken")

        handlers.dead["A"] = handlers.break_a_constraint
        job = scripted(fail)
        for _ in range(5):
            job = run_next()
            make_due(job)
        assert calls == [1, 2, 3]
        assert job.state == JobState.PENDING
        del handlers.dead["A"]
        assert run_next().state == JobState.DEAD

    def test_a_job_that_the_flow_table_no_longer_knows_is_blocked(self) -> None:
        job = emit_one()
        Job.objects.filter(pk=job.pk).update(handler="gone.handler")
        assert run_next().state == JobState.BLOCKED


class TestFence:
    def test_results_and_done_are_written_together(self) -> None:
        def half(job: RunningJob) -> None:
            with job.fenced():
                effect("half")
                raise ValueError("broken in the middle")

        scripted(half)
        assert run_next().state == JobState.PENDING
        assert effects() == []

    def test_nothing_is_written_once_the_lease_was_taken_over(self) -> None:
        lost = []

        def overtaken(job: RunningJob) -> None:
            lapse(Job.objects.get(pk=job.id))
            assert claim("analysis") is not None
            try:
                with job.fenced():
                    effect("late")
            except LeaseLost:
                lost.append(job.id)
                raise

        job = scripted(overtaken)
        job = run_next()
        assert lost == [job.pk]
        assert effects() == []
        assert (job.state, job.interruptions) == (JobState.RUNNING, 1)

    def test_an_error_after_the_lease_was_lost_changes_nothing(self) -> None:
        def overtaken(job: RunningJob) -> None:
            lapse(Job.objects.get(pk=job.id))
            claim("analysis")
            raise Permanent("too late")

        scripted(overtaken)
        assert run_next().state == JobState.RUNNING
        assert effects() == []

    def test_a_checkpoint_writes_without_ending_the_job(self) -> None:
        def two_steps(job: RunningJob) -> None:
            with job.checkpoint():
                effect("step")
            assert Job.objects.get(pk=job.id).state == JobState.RUNNING
            with job.fenced():
                effect("end")

        scripted(two_steps)
        assert run_next().state == JobState.DONE
        assert effects() == ["step", "end"]

    def test_a_job_is_finished_only_once(self) -> None:
        def twice(job: RunningJob) -> None:
            with job.fenced():
                effect("once")
            with job.fenced():
                effect("again")

        scripted(twice)
        assert run_next().state == JobState.DONE
        assert effects() == ["once"]

    def test_an_error_after_the_results_were_written_leaves_the_job_done(self) -> None:
        def late_error(job: RunningJob) -> None:
            with job.fenced():
                effect("once")
            raise ValueError("too late to matter")

        scripted(late_error)
        assert run_next().state == JobState.DONE

    def test_a_handler_cannot_fence_inside_a_transaction_of_its_own(self) -> None:
        def nested(job: RunningJob) -> None:
            with transaction.atomic(), job.fenced():
                effect("nested")

        scripted(nested)
        assert "durable" in run_next().error


class TestGates:
    def test_a_closed_gate_pauses_its_queue_without_spending_attempts(self) -> None:
        job = emit_one()
        told = emit_one("thing.told")
        assert close_gate("analysis", reason="the vendor refuses our key")
        assert claim("analysis") is None
        assert claim("notify").job.pk == told.pk
        assert open_gate("analysis")
        assert run_next().pk == job.pk
        assert effects() == ["A:"]

    def test_a_gate_opens_by_itself_at_its_time(self) -> None:
        emit_one()
        close_gate("analysis", reason="busy", until=clock.now() + timedelta(minutes=5))
        assert claim("analysis") is None
        assert claim("analysis", now=clock.now() + timedelta(minutes=6)) is not None

    def test_only_a_person_reopens_a_gate_that_was_closed_for_good(self) -> None:
        close_gate("analysis", reason="401")
        assert close_gate("analysis", reason="busy", until=clock.now()) is False
        emit_one()
        assert claim("analysis", now=clock.now() + timedelta(days=1)) is None


class TestDrainAll:
    def test_runs_everything_due_and_what_that_emits(self) -> None:
        def chain(job: RunningJob) -> None:
            with job.fenced():
                emit("thing.made", subject="B", payload={"n": 1})

        scripted(chain)
        assert [job.state for job in drain_all()] == [JobState.DONE, JobState.DONE]
        assert effects() == ["B:1"]

    def test_twice_runs_every_job_once_more(self) -> None:
        emit_one(payload={"n": 1})
        drain_all(twice=True)
        assert effects() == ["A:1", "A:1"]

    def test_delayed_jobs_run_only_when_asked_for(self) -> None:
        emit_one(delay=60)
        assert drain_all() == []
        assert len(drain_all(include_delayed=True)) == 1
