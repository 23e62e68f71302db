"""Running one job, and what follows from how it ends. Retry policy lives here and nowhere else."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from voc.core import clock
from voc.core.breaker import retry_delay
from voc.core.database import DATABASE_AWAY
from voc.core.errors import Permanent, Transient
from voc.core.outbox import wake
from voc.core.outbox.claim import Claim, lease_length
from voc.core.outbox.flow import Route, route_of
from voc.core.outbox.given_up import announce
from voc.core.outbox.heartbeat import heartbeat
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.running import LeaseLost, RunningJob
from voc.core.redaction import redact

# However far away the other side's Retry-After or a breaker may put it.
LONGEST_WAIT = timedelta(hours=1)
ERROR_LENGTH = 2000

log = structlog.get_logger(__name__)


def run(claimed: Claim) -> None:
    """Run the claimed job to an outcome. Never raises for what a handler does."""
    job = claimed.job
    with structlog.contextvars.bound_contextvars(**_log_fields(job)):
        route = route_of(job.event, job.handler)
        if route is None:
            _block_orphan(job)
            return
        with heartbeat.keep(claimed.lease, seconds=route.max_seconds):
            try:
                _run(claimed, RunningJob(job, route))
            except DATABASE_AWAY as error:
                # The outcome could not be written: the lease lapses, and the job is taken up again.
                log.warning("job.outcome_lost", error=type(error).__name__)


def _run(claimed: Claim, running: RunningJob) -> None:
    job, route = claimed.job, running.route
    if claimed.ran is not None and claimed.ran > timedelta(seconds=route.max_seconds) + lease_length():
        # Not the process died but the handler took too long: that is a failure, and counts as one.
        job.interruptions -= 1
        running.cut_off = "overran"
        _failed(running, f"ran longer than {route.max_seconds:g} s", interruptions=job.interruptions)
    elif job.interruptions > settings.OUTBOX_MAX_INTERRUPTIONS:
        running.cut_off = "interrupted"
        _give_up(running, JobState.DEAD, f"interrupted {job.interruptions} times")
    elif job.attempts > route.max_attempts:
        # Giving it up did not work the last time.
        _give_up(running, JobState.DEAD, job.error)
    else:
        _call(running)


def _call(running: RunningJob) -> None:
    try:
        running.route.load_handler()(running)
        if not running.finished:
            with running.fenced():
                pass
        log.info("job.done", attempt=running.attempt)
    except LeaseLost:
        log.warning("job.lease_lost")
    except Transient as error:
        _again(running, error)
    except Permanent as error:
        log.warning("job.blocked", error=redact(error.message))
        _give_up(running, JobState.BLOCKED, error.message)
    except Exception as error:
        log.exception("job.failed", attempt=running.attempt)
        _failed(running, f"{type(error).__name__}: {error}")


def _again(running: RunningJob, error: Transient) -> None:
    """Try again at the time that the error names, or after a back-off."""
    log.info("job.again", error=redact(error.message), at=error.at, spend=error.spend, attempt=running.attempt)
    if error.spend:
        _failed(running, error.message, at=error.at)
    else:
        _postpone(running, error.message, at=error.at, attempts=running.attempt - 1)


def _failed(running: RunningJob, error: str, *, at: datetime | None = None, **columns: Any) -> None:
    if running.is_last_attempt:
        _give_up(running, JobState.DEAD, error)
    else:
        _postpone(running, error, at=at, attempts=running.attempt, **columns)


def _postpone(running: RunningJob, error: str, *, at: datetime | None, attempts: int, **columns: Any) -> None:
    now = clock.now()
    due = min(at, now + LONGEST_WAIT) if at else now + timedelta(seconds=retry_delay(running.attempt))
    try:
        with running.settle(
            # A time that has passed is kept: among the jobs that are due it is the place in their order.
            state=JobState.PENDING,
            due_at=due,
            error=_text(error),
            attempts=attempts,
            **columns,
        ):
            pass
    except LeaseLost:
        log.warning("job.lease_lost")
        return
    wake.wake(running.route.queue, at=max(due, now))


def _give_up(running: RunningJob, state: JobState, error: str) -> None:
    """Mark the job dead or blocked, together with what its row's `on_dead` does about it, and tell the admins."""
    running.error = _text(error)
    on_dead = running.route.load_on_dead()
    try:
        with running.settle(state=state, error=running.error, finished_at=clock.now()):
            if on_dead:
                on_dead(running)
            # Here too: a process that dies behind it must not leave work given up that nobody hears of.
            announce(running.route.queue)
    except LeaseLost:
        log.warning("job.lease_lost")
        return
    except DATABASE_AWAY:
        raise
    except Exception as failure:
        log.exception("job.give_up_failed")
        text = f"{running.error} (giving it up failed: {type(failure).__name__}: {failure})"
        _postpone(running, text, at=None, attempts=max(running.attempt, running.route.max_attempts))
        return
    log.error("job.given_up", state=state.value, error=running.error)


def _block_orphan(job: Job) -> None:
    """The flow table no longer knows this job: a person decides."""
    route = Route(event=job.event, queue=job.queue, handler=job.handler)
    _give_up(RunningJob(job, route), JobState.BLOCKED, "the flow table no longer has this event and handler")


def _text(error: str) -> str:
    return redact(error.replace("\x00", ""))[:ERROR_LENGTH]


def _log_fields(job: Job) -> dict[str, Any]:
    """Names for the logs. An event is called after what its subject is: `ticket.received` is about a `ticket_id`."""
    ids = {name: value for name, value in job.payload.items() if name.endswith("_id") and isinstance(value, str | int)}
    about = {f"{job.event.partition('.')[0]}_id": job.subject}
    request = {"request_id": job.request_id} if job.request_id else {}
    return ids | about | request | {"job_id": job.pk, "event_name": job.event, "attempt": job.attempts}
