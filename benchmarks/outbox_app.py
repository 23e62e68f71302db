"""The worker of the outbox benchmark: the project's Celery app with the benchmark's flow table and one plain task."""

from typing import Any

from celery import shared_task
from django.conf import settings

from voc.celery import app

FLOW: dict[str, list[dict[str, Any]]] = {"bench.job": [{"queue": "analysis", "handler": "benchmarks.outbox_app.work"}]}
settings.VOC_FLOW = "benchmarks.outbox_app.FLOW"


def work(job: Any) -> None:
    """A handler with the smallest effect there is: one row, together with `done`."""
    from voc.core.outbox.models import Pulse

    with job.fenced():
        Pulse.objects.create(name=f"bench-{job.id}", seen_at=job.created_at)


@shared_task(name="benchmarks.plain")
def plain(number: int) -> None:
    """The same effect as a plain Celery task: nothing keeps it when the worker dies."""
    from django.db import transaction
    from django.utils import timezone

    from voc.core.outbox.models import Pulse

    with transaction.atomic():
        Pulse.objects.create(name=f"bench-{number}", seen_at=timezone.now())


__all__ = ["app"]
