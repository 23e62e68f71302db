"""Fixtures of the core's tests."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.db import connections

from tests.core import handlers
from voc.core.outbox import drain
from voc.core.redis import door


@pytest.fixture(autouse=True)
def _redis_is_there() -> Iterator[None]:
    """A test that sent Redis away must not decide the next one."""
    door().reopen()
    drain.stopping.clear()
    yield
    door().reopen()


@pytest.fixture
def flow(settings: LazySettings) -> Iterator[None]:
    """The tests' own flow table."""
    settings.VOC_FLOW = "tests.core.handlers.FLOW"
    yield
    handlers.scripts.clear()
    handlers.dead.clear()


def wait_until(condition: Callable[[], bool], *, seconds: float = 10) -> None:
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
