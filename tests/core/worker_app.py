"""The project's Celery app with the tests' flow table, for tests that start a real worker."""

from django.conf import settings

from voc.celery import app

settings.VOC_FLOW = "tests.core.handlers.FLOW"

__all__ = ["app"]
