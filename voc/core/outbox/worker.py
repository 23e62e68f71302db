"""What a Celery worker does at its start and end for the outbox. Connected in apps.py."""

from typing import Any

import structlog
from celery.signals import worker_ready, worker_shutting_down

from voc.core.database import DATABASE_AWAY, release_connection
from voc.core.outbox import sweeping
from voc.core.outbox.drain import stopping

log = structlog.get_logger(__name__)


@worker_ready.connect  # type: ignore[untyped-decorator, unused-ignore]
def look_for_work(**_: Any) -> None:
    """What waited while no worker ran need not wait for the next sweep."""
    try:
        sweeping.sweep()
    except DATABASE_AWAY as error:
        log.warning("outbox.first_sweep_failed", error=type(error).__name__)
    finally:
        release_connection()


@worker_shutting_down.connect  # type: ignore[untyped-decorator, unused-ignore]
def finish_up(**_: Any) -> None:
    """Drains return after the job at hand."""
    stopping.set()
