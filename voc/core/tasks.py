"""What beat starts of the core."""

import structlog
from celery import shared_task

from voc.core import outages
from voc.core.database import DATABASE_AWAY

log = structlog.get_logger(__name__)


@shared_task
def review_outages() -> None:
    """Tell of peers that do not answer, and of those that do again."""
    try:
        outages.review()
    except DATABASE_AWAY as error:
        log.warning("outages.review_failed", error=type(error).__name__)
