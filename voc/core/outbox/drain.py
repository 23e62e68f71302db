"""Emptying a queue: what one wake-up does, within this process's share of threads for that queue."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings

from voc.core.outbox import wake
from voc.core.outbox.claim import claim
from voc.core.outbox.runner import run

DRAIN_SECONDS = 5.0
WAKE_AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)
# Set once the worker was told to stop: drains return after the job at hand.
stopping = threading.Event()


class Slots:
    """How many threads of this process may work on each queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    @contextmanager
    def take(self, queue: str) -> Iterator[bool]:
        """Take a slot if one is free; say whether."""
        with self._lock:
            free = self._taken.get(queue, 0) < settings.VOC_QUEUES.get(queue, 0)
            if free:
                self._taken[queue] = self._taken.get(queue, 0) + 1
        try:
            yield free
        finally:
            if free:
                with self._lock:
                    self._taken[queue] -= 1


slots = Slots()


def drain(queue: str) -> int:
    """Run jobs of `queue` one after another until none is left, five seconds are over or the worker stops; how many ran.

    The first job found wakes a second drain, so that a long queue soon has all the threads it may have. Returns at once
    when the process has no thread left for this queue: those that have one will come to the job.
    """
    with slots.take(queue) as free:
        # Before the first claim: what is emitted from here on must be able to start another drain.
        wake.woken(queue)
        return _drain(queue) if free else 0


def _drain(queue: str) -> int:
    ran = 0
    started = time.monotonic()
    woke = -WAKE_AGAIN_SECONDS
    while claimed := claim(queue, lapsed_first=ran == 0):
        now = time.monotonic()
        if now - woke >= WAKE_AGAIN_SECONDS:
            wake.wake(queue)
            woke = now
        run(claimed)
        ran += 1
        if stopping.is_set() or time.monotonic() - started >= DRAIN_SECONDS:
            wake.wake(queue)
            break
    return ran
