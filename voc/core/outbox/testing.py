"""For tests: run the outbox in this process, without Celery."""

from datetime import timedelta

from voc.core import clock
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Job, JobState
from voc.core.outbox.runner import run

FAR = timedelta(days=365)


def drain_all(*, twice: bool = False, include_delayed: bool = False, limit: int = 10_000) -> list[Job]:
    """Run all due jobs of all queues, and those that they emit, here and now; the jobs as they are afterwards.

    `twice` runs each job that is done once more, to prove that its handler may be repeated. `include_delayed` also runs
    jobs whose time has not come (their back-off and grace are ignored). `limit` ends an endless chain with an error.
    """
    ran: dict[int, Job] = {}
    repeated: set[int] = set()
    for _ in range(limit):
        now = clock.now() + FAR if include_delayed else None
        queues = Job.objects.filter(state__in=["pending", "running"]).values_list("queue", flat=True).distinct()
        claimed = next(filter(None, (claim(queue, now=now) for queue in sorted(queues))), None)
        if claimed is None:
            return list(Job.objects.filter(pk__in=ran).order_by("pk"))
        run(claimed)
        ran[claimed.job.pk] = claimed.job
        if twice and claimed.job.pk not in repeated:
            repeated.add(claimed.job.pk)
            done = Job.objects.filter(pk=claimed.job.pk, state=JobState.DONE)
            done.update(state=JobState.PENDING, attempts=0, due_at=clock.now(), finished_at=None)
    raise AssertionError(f"the outbox was not empty after {limit} jobs")
