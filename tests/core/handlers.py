"""Handlers for the outbox's tests. Their effects are closed alerts, of which any number may have one key: doubles show."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError

from voc.core import clock
from voc.core.errors import Permanent, Transient
from voc.core.models import Alert
from voc.core.outbox.api import RunningJob

# What a test wants `scripted` to do, by subject.
scripts: dict[str, Callable[[RunningJob], None]] = {}
dead: dict[str, Callable[[RunningJob], None]] = {}


def effect(key: str) -> None:
    now = clock.now()
    Alert.objects.create(key=key, title="effect", raised_at=now, last_seen_at=now, cleared_at=now)


def effects(prefix: str = "") -> list[str]:
    return list(
        Alert.objects.filter(title="effect", key__startswith=prefix).order_by("pk").values_list("key", flat=True)
    )


def write(job: RunningJob) -> None:
    with job.fenced():
        effect(f"{job.subject}:{job.payload.get('n', '')}")


def slow(job: RunningJob) -> None:
    time.sleep(job.payload.get("seconds", 0.05))
    with job.fenced():
        effect(f"{job.subject}:{job.payload.get('n', '')}")


def scripted(job: RunningJob) -> None:
    scripts[job.subject](job)


def scripted_dead(job: RunningJob) -> None:
    if job.subject in dead:
        dead[job.subject](job)
    else:
        effect(f"dead {job.subject}: {job.error}")


def nothing(job: RunningJob) -> None:
    pass


def fail(job: RunningJob) -> None:
    raise ValueError("broken")


def refuse(job: RunningJob) -> None:
    raise Permanent("the other side says no")


def wait_an_hour(job: RunningJob) -> None:
    raise Transient("come back later", at=clock.now() + timedelta(minutes=30), spend=False)


def break_a_constraint(job: RunningJob) -> None:
    raise IntegrityError("no such row")


def _row(handler: str, queue: str = "analysis", **more: object) -> dict[str, object]:
    return {"queue": queue, "handler": f"tests.core.handlers.{handler}", **more}


FLOW = {
    "thing.made": [_row("write")],
    "thing.slow": [_row("slow", max_seconds=30)],
    "thing.both": [_row("write"), _row("nothing", "notify")],
    "thing.told": [_row("write", "notify")],
    "thing.scripted": [_row("scripted", on_dead="tests.core.handlers.scripted_dead", max_seconds=3, max_attempts=3)],
    "thing.long": [_row("scripted", max_seconds=60)],
    "thing.quiet": [],
}
