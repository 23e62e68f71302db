"""Fixtures of the core's tests."""

import os
from collections.abc import Iterator

import pytest
import redis
from django.conf import LazySettings

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
def redis_of_its_own(settings: LazySettings) -> Iterator[str]:
    """A Redis database that no other process of the test run uses, empty, also for Celery's messages; its address."""
    number = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15
    url = f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"
    settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def flow(settings: LazySettings) -> Iterator[None]:
    """The tests' own flow table."""
    settings.VOC_FLOW = "tests.core.handlers.FLOW"
    yield
    handlers.scripts.clear()
    handlers.dead.clear()
