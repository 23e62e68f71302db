"""What a person may do to jobs: try again what was given up, and cancel what has not begun."""

import structlog
from django.db import transaction
from django.db.models import QuerySet

from voc.core import clock
from voc.core.outbox import wake
from voc.core.outbox.flow import route_of
from voc.core.outbox.given_up import review
from voc.core.outbox.models import GIVEN_UP_STATES, Job, JobState
from voc.core.outbox.running import RunningJob

log = structlog.get_logger(__name__)


def try_again(jobs: QuerySet[Job], *, by: str) -> list[Job]:
    """Make the dead and blocked ones among `jobs` pending, as if they had never run; returns those.

    Their error stays until the next outcome, with a line that says who tried again and when.
    """
    again: list[Job] = []
    with transaction.atomic():
        for job in _locked(jobs, *GIVEN_UP_STATES):
            job.state, job.attempts, job.interruptions = JobState.PENDING, 0, 0
            job.due_at, job.finished_at = clock.now(), None
            job.error = _signed(job.error, f"tried again by {by}")
            job.save(update_fields=["state", "attempts", "interruptions", "due_at", "finished_at", "error"])
            again.append(job)
    _after(again, by=by, what="tried_again")
    return again


def cancel_by_hand(jobs: QuerySet[Job], *, by: str) -> list[Job]:
    """Cancel the pending, dead and blocked ones among `jobs`; returns those.

    A pending one is given up as if it had died, so that what waits for it is not stranded.
    """
    cancelled: list[Job] = []
    with transaction.atomic():
        for job in _locked(jobs, JobState.PENDING, *GIVEN_UP_STATES):
            was_pending = job.state == JobState.PENDING
            job.state, job.finished_at = JobState.CANCELLED, clock.now()
            job.error = _signed(job.error, f"cancelled by {by}")
            job.save(update_fields=["state", "finished_at", "error"])
            route = route_of(job.event, job.handler)
            on_dead = route.load_on_dead() if route and was_pending else None
            if route and on_dead:
                on_dead(RunningJob(job, route, error=f"cancelled by {by}"))
            cancelled.append(job)
    _after(cancelled, by=by, what="cancelled")
    return cancelled


def _locked(jobs: QuerySet[Job], *states: JobState) -> QuerySet[Job]:
    ids = list(jobs.order_by().values_list("pk", flat=True))
    return Job.objects.select_for_update().filter(pk__in=ids, state__in=states).order_by("pk")


def _signed(error: str, act: str) -> str:
    return f"{error}\n[{clock.now():%Y-%m-%d %H:%M:%S} UTC {act}]".strip()


def _after(jobs: list[Job], *, by: str, what: str) -> None:
    for queue in sorted({job.queue for job in jobs}):
        review(queue)
        wake.wake(queue)
    if jobs:
        log.info(f"outbox.{what}", jobs=[job.pk for job in jobs], by=by)
