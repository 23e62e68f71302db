"""What beat starts. Safe to run at any time, any number of times, by several workers at once."""

from celery import shared_task

from notifications.routing import digests


@shared_task
def release() -> int:
    """Have what was held back and is due now go out."""
    return digests.emit_due()
