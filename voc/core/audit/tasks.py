"""What Celery beat runs for the audit trail."""

import structlog
from celery import shared_task

from voc.core.audit import sealing
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
