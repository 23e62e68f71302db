"""Taking jobs: the one place that hands out leases, in SQL.

A job is claimable when it is due, its queue's gate is open, no earlier job of its lane (queue and subject) waits or runs,
and none of the lane runs. A blocked or dead job does not hold its lane. A running job whose lease has lapsed is taken over.
"""

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from voc.core import clock
from voc.core.outbox.models import Job

# Leases are measured by the database's clock alone, so that hosts need not agree; what is due, by ours.
CLAIM = """
WITH lapsed AS MATERIALIZED (
    SELECT id, attempts, interruptions + 1 AS interruptions, lease_until - started_at AS ran
    FROM outbox_job
    WHERE state = 'running' AND queue = %(queue)s AND lease_until < clock_timestamp()
    ORDER BY lease_until
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), fresh AS MATERIALIZED (
    SELECT id, attempts + 1 AS attempts, interruptions, NULL::interval AS ran
    FROM outbox_job AS job
    WHERE state = 'pending' AND queue = %(queue)s AND due_at <= %(now)s
      AND NOT EXISTS (SELECT FROM lapsed)
      AND NOT EXISTS (
        SELECT FROM outbox_gate
        WHERE queue = %(queue)s AND (closed_until IS NULL OR closed_until > %(now)s)
      )
      AND NOT EXISTS (
        SELECT FROM outbox_job AS other
        WHERE other.queue = job.queue AND other.subject = job.subject
          AND (other.state = 'running' OR (other.state = 'pending' AND other.id < job.id))
      )
    ORDER BY due_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), taken AS (
    SELECT * FROM lapsed UNION ALL SELECT * FROM fresh
)
UPDATE outbox_job AS job
SET state = 'running', lease = %(lease)s, worker = %(worker)s, started_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(length)s, attempts = taken.attempts, interruptions = taken.interruptions
FROM taken
WHERE job.id = taken.id
RETURNING job.*, taken.ran
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job under our lease. `ran` is how long a run that lapsed had held it, None when there was none."""

    job: Job
    lease: uuid.UUID
    ran: timedelta | None


def claim(queue: str, *, now: datetime | None = None) -> Claim | None:
    """Take the next job of `queue` that is due (at `now`, if given), or None."""
    lease = uuid.uuid4()
    parameters = {
        "queue": queue,
        "now": now or clock.now(),
        "lease": lease,
        "worker": worker_name(),
        "length": lease_length(),
    }
    try:
        with transaction.atomic():
            found = list(Job.objects.raw(CLAIM, parameters))
    except IntegrityError:
        # Two jobs of one lane were taken at the same moment (one of them had been given up and is tried again): the
        # constraint let one through. Its drain goes on; the other job's turn comes after it.
        return None
    if not found:
        return None
    job = found[0]
    return Claim(job=job, lease=lease, ran=getattr(job, "ran", None))


def has_work(queue: str) -> bool:
    """Whether anything could be claimed now. Only a hint: it may be gone a moment later."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
                SELECT FROM outbox_job
                WHERE queue = %(queue)s
                  AND ((state = 'pending' AND due_at <= %(now)s) OR (state = 'running' AND lease_until < clock_timestamp()))
            )
            """,
            {"queue": queue, "now": clock.now()},
        )
        return bool(cursor.fetchone()[0])


def lease_length() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def worker_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"
