"""What Celery beat runs for the audit trail."""

import structlog
from celery import shared_task

from voc.core.audit import keeping, sealing
from voc.core.database import DATABASE_AWAY

log = structlog.get_logger(__name__)


@shared_task(name="voc.core.audit.tasks.seal")  # type: ignore[untyped-decorator, unused-ignore]
def seal() -> int:
    """Put the personal values of new entries under their customers' keys."""
    try:
        return sealing.seal_all()
    except DATABASE_AWAY as error:
        log.warning("audit.seal_failed", error=type(error).__name__)
        return 0


@shared_task(name="voc.core.audit.tasks.prune")  # type: ignore[untyped-decorator, unused-ignore]
def prune() -> int:
    """Let go of entries that are older than AUDIT_KEEP_DAYS; how many."""
    try:
        gone = keeping.prune()
    except DATABASE_AWAY as error:
        log.warning("audit.prune_failed", error=type(error).__name__)
        return 0
    if gone:
        log.info("audit.pruned", entries=gone)
    return gone
