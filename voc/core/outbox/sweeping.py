"""The safety net under the wake-ups, run every few seconds by Celery beat; and the nightly clean-up."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from voc.core import clock
from voc.core.alerts import clear_alert, raise_alert
from voc.core.outbox import wake
from voc.core.outbox.models import Gate, Job, JobState, Pulse

PRUNE_BATCH = 5000
UNKNOWN_QUEUES = "jobs-of-unknown-queues"
DUE = """
SELECT DISTINCT queue FROM outbox_job
WHERE (state = 'pending' AND due_at <= %(now)s) OR (state = 'running' AND lease_until < clock_timestamp())
"""

log = structlog.get_logger(__name__)


def sweep() -> set[str]:
    """Wake every queue that has a due job or one whose lease has lapsed; returns their names."""
    beat("sweep")
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": clock.now()})
        waiting = {queue for (queue,) in cursor.fetchall()}
    for queue in waiting & set(settings.VOC_QUEUES):
        wake.wake(queue)
    _review_unknown(waiting - set(settings.VOC_QUEUES))
    return waiting


def beat(name: str) -> None:
    """Note that `name` runs: beat started it, Redis carried it and a worker did it. Health and metrics read the time."""
    Pulse.objects.update_or_create(name=name, defaults={"seen_at": clock.now()})


def prune() -> int:
    """Delete jobs that are done or cancelled for longer than OUTBOX_KEEP_DAYS, in batches; how many."""
    before = clock.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    Gate.objects.filter(closed_until__lt=before).delete()
    old = Job.objects.filter(state__in=[JobState.DONE, JobState.CANCELLED], finished_at__lt=before).order_by()
    total = 0
    while batch := Job.objects.filter(pk__in=old.values("pk")[:PRUNE_BATCH])._raw_delete("default"):
        total += batch
    if total:
        log.info("outbox.pruned", jobs=total)
    return total


def _review_unknown(queues: set[str]) -> None:
    """Jobs of a queue that the settings do not name would wait for ever: say so."""
    if queues:
        body = _("No worker takes jobs of: %(queues)s. Add them to VOC_QUEUES.") % {"queues": ", ".join(sorted(queues))}
        raise_alert(UNKNOWN_QUEUES, title=_("Jobs wait in a queue that nobody works on"), body=body)
    else:
        clear_alert(UNKNOWN_QUEUES)
