"""A job while a handler works on it."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from voc.core import clock
from voc.core.database import fresh_connection
from voc.core.outbox.claim import lease_length
from voc.core.outbox.flow import Route
from voc.core.outbox.models import Job, JobState


class LeaseLost(Exception):
    """The job is no longer this run's: another one has taken it over, or it is finished. Nothing was written."""


class RunningJob:
    """What a handler gets. `deadline` is in time.monotonic()'s seconds; `error` is why it is given up, in `on_dead` only.

    `cut_off` is "overran" or "interrupted" where the last run never came to say how it ended: `error` is ours then.
    """

    def __init__(self, job: Job, route: Route, *, error: str = "") -> None:
        self.id: int = job.pk
        self.event = job.event
        self.subject = job.subject
        self.key = job.key
        self.payload: dict[str, Any] = job.payload
        self.attempt = job.attempts
        self.interruptions = job.interruptions
        self.created_at: datetime = job.created_at
        self.request_id = job.request_id
        self.route = route
        self.error = error
        self.cut_off = ""
        self.deadline = time.monotonic() + route.max_seconds
        self.finished = False
        self._lease: uuid.UUID | None = job.lease

    def __repr__(self) -> str:
        return f"<RunningJob {self.id} {self.event} {self.subject}>"

    def remaining(self) -> float:
        """Seconds until the deadline, never less than 0."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure of this run gives the job up."""
        return self.attempt >= self.route.max_attempts

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """The transaction in which a handler writes its results and the job becomes done, both or neither.

        Once per run. Raises LeaseLost before anything is written when the job is no longer this run's.
        """
        with self.settle(state=JobState.DONE, error="", finished_at=clock.now()):
            yield

    @contextmanager
    def checkpoint(self) -> Iterator[None]:
        """A transaction for results on the way, written only while the job is this run's. Raises LeaseLost."""
        with self._mine(lease_until=Now() + lease_length()):
            yield

    @contextmanager
    def settle(self, **outcome: Any) -> Iterator[None]:
        """A transaction that ends the run with the columns `outcome`. For the runner; handlers use `fenced`."""
        with self._mine(lease=None, lease_until=None, **outcome):
            yield
        self.finished = True

    @contextmanager
    def _mine(self, **columns: Any) -> Iterator[None]:
        """A transaction that begins by writing `columns`, if the job is ours.

        That also locks the row: whoever would take it over skips it until the transaction ends.
        """
        fresh_connection()
        with transaction.atomic(durable=True):
            mine = Job.objects.filter(pk=self.id, state=JobState.RUNNING, lease=self._lease)
            if self.finished or not mine.update(**columns):
                raise LeaseLost(f"job {self.id} ({self.event}, {self.subject}) is no longer this run's")
            yield
