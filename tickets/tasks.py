"""Housekeeping that beat starts. Safe to run at any time, any number of times, by several workers at once."""

from celery import shared_task
from django.db import connection

from integrations.jira import webhook
from tickets import erasure, reminders
from tickets.idempotency import KEPT_FOR
from tickets.jira import polling
from tickets.models import IdempotencyKey
from tickets.sealing import seal
from voc.core import clock

# One statement: a reader sees the rows of before or those of after. Rows that another run holds are left to it.
FOLD = """
WITH old AS (
    DELETE FROM tickets_ticketcount
    WHERE id IN (SELECT id FROM tickets_ticketcount FOR UPDATE SKIP LOCKED)
    RETURNING status, urgency, delta
)
INSERT INTO tickets_ticketcount (status, urgency, delta)
SELECT status, urgency, sum(delta) FROM old GROUP BY status, urgency HAVING sum(delta) <> 0
"""


@shared_task
def compact_counts() -> None:
    """Fold the differences that `queries.counts` adds up into one row per status and urgency."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD)


@shared_task
def prune_idempotency_keys() -> int:
    """Forget the answers that nobody will ask for again. Returns how many there were."""
    deleted, _by_model = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()
    return deleted


@shared_task
def erase_old() -> int:
    """Keep old tickets as figures only (CUSTOMER_KEEP_DAYS). Returns how many there were."""
    return erasure.erase_old()


@shared_task
def poll_jira() -> None:
    """Read what changed in Jira since the last time."""
    polling.poll()


@shared_task
def reconcile_jira() -> None:
    """Read every watched issue by its id, and forget what was told too long ago to come again."""
    polling.reconcile()
    webhook.prune()


@shared_task
def remind() -> int:
    """Remind and escalate where an urgent ticket has waited as long as a rule says. Returns how many calls there were."""
    return reminders.emit_due()


@shared_task
def seal_cases() -> None:
    """Build the block of postings that is most in need of it; the next one is the next run's."""
    seal()
