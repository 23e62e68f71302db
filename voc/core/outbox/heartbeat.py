"""Keeps the leases of this process's jobs alive: one thread for all of them, on a connection of its own.

It never touches the ORM. While no job is old enough to need it, it holds no connection. Should the database be away, it
tries again each second; a lease that lapses meanwhile is another worker's, and the fence keeps this run from writing.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import structlog
from django.conf import settings

from voc.core.database import raw_connection

RETRY_SECONDS = 1.0
# SKIP LOCKED: a handler's fenced transaction holds its row, and needs no renewal as long as it does.
RENEW = """
UPDATE outbox_job SET lease_until = clock_timestamp() + %(length)s::float8 * interval '1 second'
WHERE id IN (SELECT id FROM outbox_job WHERE lease = ANY(%(leases)s) AND state = 'running' FOR UPDATE SKIP LOCKED)
"""

log = structlog.get_logger(__name__)


class Heartbeat:
    """Renews leases from the moment they are kept until the `with` block or their time ends.

    The first renewal after that time is the last one: a lapsed lease that was renewed past its job's `max_seconds` tells
    a handler that took too long from a process that died.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: dict[uuid.UUID, float] = {}
        self._next = 0.0
        self._thread: threading.Thread | None = None
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def keep(self, lease: uuid.UUID, *, seconds: float) -> Iterator[None]:
        """Renew `lease` while the block runs, for `seconds` at most; after that it is left to lapse."""
        now = time.monotonic()
        with self._changed:
            due = now + self._interval()
            if not self._kept or due < self._next:
                self._next = due
                self._changed.notify()
            self._kept[lease] = now + seconds
            self._start()
        try:
            yield
        finally:
            with self._changed:
                self._kept.pop(lease, None)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="outbox-heartbeat", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._wait()
            wait = self._interval() if self._beat() else RETRY_SECONDS
            with self._changed:
                self._next = time.monotonic() + wait

    def _wait(self) -> None:
        """Until there are leases and the next beat is due."""
        with self._changed:
            while not self._kept or time.monotonic() < self._next:
                if not self._kept:
                    self._disconnect()
                self._changed.wait(self._next - time.monotonic() if self._kept else None)

    def _beat(self) -> bool:
        """Renew what is to be kept; whether that worked."""
        now = time.monotonic()
        with self._changed:
            leases = list(self._kept)
            overdue = [lease for lease, until in self._kept.items() if until < now]
        if not leases:
            return True
        try:
            if self._connection is None:
                self._connection = raw_connection(
                    name="voc-heartbeat", connect_seconds=2, statement_seconds=self._interval()
                )
            self._connection.execute(RENEW, {"leases": leases, "length": settings.OUTBOX_LEASE_SECONDS})
        except psycopg.Error as error:
            log.warning("outbox.heartbeat_failed", error=type(error).__name__, leases=len(leases))
            self._disconnect()
            return False
        with self._changed:
            for lease in overdue:
                if self._kept.pop(lease, None) is not None:
                    log.error("job.overran", lease=str(lease))
        return True

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    @staticmethod
    def _interval() -> float:
        return float(settings.OUTBOX_LEASE_SECONDS) / 3


heartbeat = Heartbeat()
