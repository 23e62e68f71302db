"""The project's Celery app with the tests' flow table, for tests that start a real worker."""

from django.conf import settings

import voc.core.redis
from voc.celery import app
from voc.core.outbox import wake

settings.VOC_FLOW = "tests.core.handlers.FLOW"
# As in the tests' own process: on a busy machine no wake-up is lost, and nobody sweeps there.
voc.core.redis.TIMEOUT_SECONDS = wake.BROKER_SECONDS = 10.0

__all__ = ["app"]
