"""What several of the core's tests need: waiting, threads, transactions that end badly."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from django.db import connections, transaction


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain")
        time.sleep(0.02)


def in_thread(work: Callable[[], None]) -> Callable[[], None]:
    """`work` for a thread: its connection goes back to the pool afterwards, or the test database could not be dropped."""

    def wrapped() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return wrapped


def together(works: Sequence[Callable[[], None]]) -> None:
    """Run them in threads at the same time; an error in one of them fails the test."""
    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(in_thread(work)) for work in works]:
            future.result(timeout=300)


class _RollBack(Exception):
    pass


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that fails at its end."""
    with suppress(_RollBack), transaction.atomic():
        yield
        raise _RollBack
