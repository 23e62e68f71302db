"""What Celery runs: drains, which run jobs, and the sweep, which finds what no wake-up reached."""

import structlog
from celery import shared_task

from voc.core.database import DATABASE_AWAY
from voc.core.outbox import sweeping
from voc.core.outbox.drain import drain as drain_queue

log = structlog.get_logger(__name__)


@shared_task(name="voc.core.outbox.tasks.drain")  # type: ignore[untyped-decorator, unused-ignore]
def drain(queue: str) -> int:
    """Run the jobs of a queue."""
    try:
        return drain_queue(queue)
    except DATABASE_AWAY as error:
        log.warning("outbox.drain_failed", queue=queue, error=type(error).__name__)
        return 0


@shared_task(name="voc.core.outbox.tasks.sweep")  # type: ignore[untyped-decorator, unused-ignore]
def sweep() -> None:
    """Wake every queue that has work, and note that the workers live."""
    try:
        sweeping.sweep()
    except DATABASE_AWAY as error:
        log.warning("outbox.sweep_failed", error=type(error).__name__)


@shared_task(name="voc.core.outbox.tasks.prune")  # type: ignore[untyped-decorator, unused-ignore]
def prune() -> int:
    """Delete what is finished and old."""
    return sweeping.prune()
