"""Taking jobs: the one place that hands out leases, in SQL.

A job is claimable when it is due, its queue's gate is open, no earlier job of its lane (queue and subject) waits or runs,
and none of the lane runs. A blocked or dead job does not hold its lane. A running job whose lease has lapsed is taken over.
"""

import os
import socket
import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from voc.core import clock
from voc.core.database import fresh_connection
from voc.core.outbox.models import Job

# Leases are measured by the database's clock alone, so that hosts need not agree; what is due, by ours.
# OFFSET 0 keeps the planner from making a join of the look at the lane, which without statistics reads the whole queue.
FRESH = """
UPDATE outbox_job
SET state = 'running', lease = %(lease)s, worker = %(worker)s, started_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(length)s, attempts = attempts + 1
WHERE id = (
    SELECT id FROM outbox_job AS job
    WHERE state = 'pending' AND queue = %(queue)s AND due_at <= %(now)s
      AND NOT EXISTS (
        SELECT FROM outbox_gate
        WHERE queue = %(queue)s AND (closed_until IS NULL OR closed_until > %(now)s)
      )
      AND NOT EXISTS (
        SELECT FROM outbox_job AS other
        WHERE other.queue = job.queue AND other.subject = job.subject AND other.state IN ('pending', 'running')
          AND (other.state = 'running' OR other.id < job.id)
        OFFSET 0
      )
    ORDER BY due_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING *
"""
LAPSED = """
WITH lapsed AS MATERIALIZED (
    SELECT id, lease_until - started_at AS ran
    FROM outbox_job
    WHERE state = 'running' AND queue = %(queue)s AND lease_until < clock_timestamp()
    ORDER BY lease_until
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox_job AS job
SET lease = %(lease)s, worker = %(worker)s, started_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(length)s, interruptions = interruptions + 1
FROM lapsed
WHERE job.id = lapsed.id
RETURNING job.*, lapsed.ran
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job under our lease. `ran` is how long a run that lapsed had held it, None when there was none."""

    job: Job
    lease: uuid.UUID
    ran: timedelta | None


def claim(queue: str, *, now: datetime | None = None, lapsed_first: bool = False) -> Claim | None:
    """Take the next job of `queue` that is due (at `now`, if given), else one whose lease has lapsed, or None.

    `lapsed_first` turns that around: a queue that never runs dry must not keep the lapsed ones waiting for ever.
    """
    fresh_connection()
    ways = (LAPSED, FRESH) if lapsed_first else (FRESH, LAPSED)
    return next(filter(None, (_take(way, queue, now or clock.now()) for way in ways)), None)


def _take(way: str, queue: str, now: datetime) -> Claim | None:
    lease = uuid.uuid4()
    parameters = {"queue": queue, "now": now, "lease": lease, "worker": worker_name(), "length": lease_length()}
    try:
        # One statement needs no transaction of its own, but an open one must survive the constraint.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            found = list(Job.objects.raw(way, parameters))
    except IntegrityError:
        # Two jobs of one lane were taken at the same moment (one of them had been given up and is tried again): the
        # constraint let one through. Its drain goes on; the other job's turn comes after it.
        return None
    return Claim(job=found[0], lease=lease, ran=getattr(found[0], "ran", None)) if found else None


def lease_length() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def worker_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"
