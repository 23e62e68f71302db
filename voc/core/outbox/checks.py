"""Looked at when the system starts: the flow table, the queues, and which internal addresses may be called."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from voc.core.addresses import parse_allowed
from voc.core.outbox.flow import Route, Table, parse

RESERVED_THREADS = 2


@register
def check_flow(**_: Any) -> list[CheckMessage]:
    """Every row of the flow table can run: its paths resolve and its queue has threads."""
    try:
        table: Table = parse(import_string(settings.VOC_FLOW))
    except (ImportError, ValueError, TypeError) as error:
        return [Error(f"The flow table {settings.VOC_FLOW} cannot be read: {error}", id="outbox.E001")]
    return [message for rows in table.values() for route in rows for message in _check_route(route)]


@register
def check_queues(**_: Any) -> list[CheckMessage]:
    """A full queue never keeps another one's first job waiting."""
    messages: list[CheckMessage] = [
        Error(f"The queue {queue} needs at least one thread.", hint=_threads_hint(queue), id="outbox.E004")
        for queue, threads in settings.VOC_QUEUES.items()
        if threads < 1
    ]
    total, most = sum(settings.VOC_QUEUES.values()), settings.WORKER_THREADS - RESERVED_THREADS
    if total > most:
        hint = f"Set WORKER_THREADS to {total + RESERVED_THREADS} or more, or give the queues fewer threads."
        message = (
            f"The queues may use {total} threads, but only {most} of the worker's {settings.WORKER_THREADS} are theirs."
        )
        messages.append(Error(message, hint=hint, id="outbox.E005"))
    if settings.OUTBOX_LEASE_SECONDS < 1:
        messages.append(Error("OUTBOX_LEASE_SECONDS must be at least 1.", id="outbox.E006"))
    return messages


@register
def check_outbound(**_: Any) -> list[CheckMessage]:
    """OUTBOUND_ALLOWED_NETWORKS means something."""
    try:
        parse_allowed(settings.OUTBOUND_ALLOWED_NETWORKS)
    except ValueError as error:
        return [Error(f"OUTBOUND_ALLOWED_NETWORKS: {error}", id="core.E001")]
    return []


def _check_route(route: Route) -> Iterator[CheckMessage]:
    where = f"voc/flow.py, {route.event}"
    if route.queue not in settings.VOC_QUEUES:
        yield Error(f"{where}: VOC_QUEUES has no queue {route.queue}.", id="outbox.E002")
    for path in filter(None, (route.handler, route.on_dead)):
        try:
            handler = import_string(path)
        except ImportError as error:
            yield Error(f"{where}: {path} does not resolve: {error}", id="outbox.E003")
        else:
            if not callable(handler):
                yield Error(f"{where}: {path} is not callable.", id="outbox.E003")


def _threads_hint(queue: str) -> str:
    return f"Set QUEUE_{queue.upper()}_THREADS."
