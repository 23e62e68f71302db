"""Fixtures of the core's tests."""

from collections.abc import Iterator

import pytest
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
def flow(settings: LazySettings) -> Iterator[None]:
    """The tests' own flow table."""
    settings.VOC_FLOW = "tests.core.handlers.FLOW"
    yield
    handlers.scripts.clear()
    handlers.dead.clear()
