"""The Celery application: Redis only wakes workers, PostgreSQL holds the jobs (see voc.core.outbox)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voc.settings")

app = Celery("voc", loader="voc.core.boot:Loader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["voc.core", "voc.core.audit", "voc.core.outbox", "accounts", "llm", "notifications.routing", "tickets"]
)
