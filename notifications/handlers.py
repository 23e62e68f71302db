"""What the flow's jobs do with deliveries and threads."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from notifications import rates, threads
from notifications.channels.base import Rate, RootGone
from notifications.deliveries import give_up as give_up_delivery
from notifications.message import NotificationMessage
from notifications.models import Delivery, DeliveryState, Thread
from notifications.services import get_notifications
from voc.core import clock
from voc.core.breaker import retry_delay
from voc.core.database import release_connection
from voc.core.errors import Permanent, Transient
from voc.core.outbox.api import RunningJob, emit

SETTLED = "delivery.settled"
EDITS_PER_SECOND = 1
LONGEST_BACK_OFF = 60.0


def deliver(job: RunningJob) -> None:
    """Send one delivery, and tell what became of it once that is known (`delivery.settled`).

    A refusal blocks the job, and what was not sent is tried again later.
    """
    row = Delivery.objects.filter(pk=job.payload["delivery_id"]).first()
    if row is None:
        return
    row = get_notifications().carry(row)
    match row.state:
        case DeliveryState.DEAD:
            raise Permanent(row.error)
        case DeliveryState.RETRY:
            raise Transient(row.error, at=row.next_attempt_at or _soon(job.attempt))
        case DeliveryState.PENDING:
            raise Transient(row.error, at=row.next_attempt_at, spend=False)
        case DeliveryState.SENDING:
            raise Transient(_("Another sender is at this message."), at=row.lease_until, spend=False)
    with job.fenced():
        _settled(row)


def _soon(attempt: int) -> datetime:
    """The outbox's back-off, but never long: the others to this target wait behind it."""
    return clock.now() + timedelta(seconds=min(retry_delay(attempt), LONGEST_BACK_OFF))


def give_up(job: RunningJob) -> None:
    """The message will not be tried again. Runs in the transaction that gives the job up."""
    row = Delivery.objects.filter(pk=job.payload["delivery_id"]).first()
    if row is not None:
        _settled(give_up_delivery(row))


def show_status(job: RunningJob) -> None:
    """Edit a thread's first message so that it shows the newest status. Only the job of the newest change does so."""
    thread = Thread.objects.filter(pk=job.payload["thread_id"]).first()
    if thread is None or not thread.root_id or thread.version != job.payload["version"]:
        return
    way = get_notifications().channels.get(thread.channel)
    message = _root_message(thread)
    if way is None or message is None:
        return
    if until := rates.take(Rate(f"{thread.channel}:{thread.place}:edits", EDITS_PER_SECOND)):
        raise Transient(_("Waiting for its turn: the target takes only so many."), at=until, spend=False)
    release_connection()
    try:
        way.edit(
            place=thread.place,
            root_id=thread.root_id,
            message=message,
            parcel_id=str(thread.root_of),
            thread_id=str(thread.uuid),
        )
    except RootGone:
        threads.forget(conversation_id=str(thread.uuid), root_id=thread.root_id)


def _root_message(thread: Thread) -> NotificationMessage | None:
    """The first message, with what it shows now."""
    first = Delivery.objects.filter(uuid=thread.root_of).first() if thread.root_of else None
    if first is None:
        return None
    return NotificationMessage.from_json({**first.message, "status": thread.status, "buttons": thread.buttons})


def _settled(row: Delivery) -> None:
    emit(
        SETTLED,
        subject=row.subject,
        payload={"delivery_id": row.pk},
        key=f"{SETTLED}:{row.uuid}:{row.state}:{row.attempts}",
    )
