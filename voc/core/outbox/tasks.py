"""What Celery runs: drains, which run jobs, and the sweep, which finds what no wake-up reached."""

from celery import shared_task

from voc.core.outbox import sweeping
from voc.core.outbox.drain import drain as drain_queue


@shared_task(name="voc.core.outbox.tasks.drain")  # type: ignore[untyped-decorator, unused-ignore]
def drain(queue: str) -> int:
    """Run the jobs of a queue."""
    return drain_queue(queue)


@shared_task(name="voc.core.outbox.tasks.sweep")  # type: ignore[untyped-decorator, unused-ignore]
def sweep() -> None:
    """Wake every queue that has work, and note that the workers live."""
    sweeping.sweep()


@shared_task(name="voc.core.outbox.tasks.prune")  # type: ignore[untyped-decorator, unused-ignore]
def prune() -> int:
    """Delete what is finished and old."""
    return sweeping.prune()
