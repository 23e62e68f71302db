"""Shorthand for the tests that claim and run jobs by hand."""

from datetime import timedelta

from django.db import transaction

from tests.core import handlers
from voc.core import clock
from voc.core.outbox.api import RunningJob, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job
from voc.core.outbox.runner import run


def emit_one(event: str = "thing.made", subject: str = "A", **options: object) -> Job:
    with transaction.atomic():
        return emit(event, subject=subject, **options)[0]  # type: ignore[arg-type]


def scripted(script: object, *, subject: str = "A") -> Job:
    handlers.scripts[subject] = script  # type: ignore[assignment]
    return emit_one("thing.scripted", subject)


def run_next(queue: str = "analysis") -> Job:
    claimed = claim(queue)
    assert claimed is not None
    run(claimed)
    claimed.job.refresh_from_db()
    return claimed.job


def make_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(due_at=clock.now())


def lapse(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))


def raises(error: Exception) -> object:
    def handler(job: RunningJob) -> None:
        raise error

    return handler
