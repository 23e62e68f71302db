"""Say that something happened: one job per handler of the event, in the caller's transaction."""

import json
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from voc.core import clock
from voc.core.database import in_transaction
from voc.core.outbox import wake
from voc.core.outbox.flow import Route, routes
from voc.core.outbox.models import Job, JobState


def emit(
    event: str, *, subject: str, payload: dict[str, Any] | None = None, key: str | None = None, delay: float = 0
) -> list[Job]:
    """Write the event's jobs into the open transaction; once it has committed, workers are woken.

    `subject` says what it is about; jobs of one queue and subject run one after another, in the order in which they were
    emitted. `key` names the effect and makes this idempotent: a second emit with it changes nothing and returns the
    first one's jobs, whatever has become of them (cancelled ones too). `delay` (seconds) is how long they wait, and
    can be cancelled. `payload` must be JSON.

    Raises RuntimeError outside a transaction, UnknownEvent, and ValueError or TypeError for a payload that is not JSON.
    """
    if not in_transaction():
        raise RuntimeError(f"emit({event!r}) needs an open transaction: jobs belong to what decided them")
    rows = routes(event)
    checked = _checked(payload or {})
    now = clock.now()
    jobs = [
        Job(
            event=event,
            queue=route.queue,
            handler=route.handler,
            subject=subject,
            key=key or str(uuid.uuid4()),
            payload=checked,
            due_at=now + timedelta(seconds=delay),
            created_at=now,
            request_id=_request_id(),
        )
        for route in rows
    ]
    if key is None:
        Job.objects.bulk_create(jobs)
    else:
        Job.objects.bulk_create(jobs, ignore_conflicts=True)
        jobs = list(Job.objects.filter(key=key, handler__in=[route.handler for route in rows]).order_by("id"))
    _wake_on_commit(rows, jobs)
    return jobs


def cancel(*, subject: str, key: str) -> bool:
    """Cancel the jobs of `key` if every one of them still waits; say whether that was so.

    Either all are cancelled or nothing changes: once one has begun, the effect can no longer be called back. Call it
    inside a transaction; the rows stay locked until it ends, so a worker cannot begin one meanwhile.
    """
    if not in_transaction():
        raise RuntimeError("cancel() needs an open transaction: it belongs to what it undoes")
    jobs = list(Job.objects.select_for_update().filter(subject=subject, key=key).order_by("id"))
    if not jobs or any(job.state != JobState.PENDING for job in jobs):
        return False
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(state=JobState.CANCELLED, finished_at=clock.now())
    return True


def _wake_on_commit(rows: tuple[Route, ...], jobs: list[Job]) -> None:
    for queue in {route.queue for route in rows}:
        due = min((job.due_at for job in jobs if job.queue == queue and job.state == JobState.PENDING), default=None)
        if due is not None:
            transaction.on_commit(partial(wake.wake, queue, at=due), robust=True)


def _checked(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it will be read back. PostgreSQL's JSON knows neither NaN nor NUL: refuse them here, by name."""
    if not isinstance(payload, dict):
        raise TypeError("a payload is a dict")
    text = json.dumps(payload, allow_nan=False, cls=DjangoJSONEncoder)
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("a payload cannot hold the character NUL")
    read_back: dict[str, Any] = json.loads(text)
    return read_back


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:80]
