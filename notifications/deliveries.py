"""The rows behind the messages: claimed before anything leaves, settled after, given up with their job."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from notifications.channels.base import Channel
from notifications.message import NotificationMessage
from notifications.models import SETTLED, Delivery, DeliveryAttempt, DeliveryState
from voc.core import clock

INTERRUPTED = _("The sender stopped before the answer came: it may have arrived.")
WAITING = (DeliveryState.PENDING, DeliveryState.RETRY)


def book(*, channel: str, target: str, message: NotificationMessage) -> Delivery:
    """The row of this message and target, made if it is not there yet. Joins the caller's transaction."""
    row = Delivery(
        key=message.key,
        channel=channel,
        target=target,
        event=message.event,
        subject=message.subject,
        title=message.title[:300],
        message=message.to_json(),
        created_at=clock.now(),
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    found = Delivery.objects.get(key=message.key, channel=channel, target=target)
    if not found.message:
        # A row of a version that did not keep what it sent.
        found.message = row.message
        found.save(update_fields=["message"])
    return found


def claim(row: Delivery, *, channel: Channel, message: NotificationMessage) -> tuple[Delivery, bool]:
    """The row as it is now, and whether it is the caller's to send.

    Committed as `sending` when this returns, and never inside a caller's transaction: the world must not hear of what could
    still be rolled back. A row that another sender left at `sending` counts as ambiguous.
    """
    with transaction.atomic(durable=True):
        row = Delivery.objects.select_for_update().get(pk=row.pk)
        if row.state in SETTLED:
            return row, False
        if row.state == DeliveryState.SENDING:
            if row.lease_until and row.lease_until > clock.now():
                return row, False
            _interrupted(row)
            if not channel.repeats(message):
                row.state = DeliveryState.UNKNOWN
                row.save()
                return row, False
        row.state = DeliveryState.SENDING
        row.attempts += 1
        row.doubles = 0 if channel.exact else row.ambiguous
        row.lease_until = clock.now() + timedelta(seconds=channel.lease_seconds)
        row.next_attempt_at = None
        row.save()
        return row, True


def suppress(*, channel: str, target: str, message: NotificationMessage, reason: str) -> Delivery:
    """Record that this message was not to be sent."""
    row = book(channel=channel, target=target, message=message)
    waiting = Delivery.objects.filter(pk=row.pk, state=DeliveryState.PENDING)
    if waiting.update(state=DeliveryState.SUPPRESSED, error=reason):
        row.refresh_from_db()
    return row


def supersede(*, subject: str, events: Iterable[str]) -> int:
    """Whatever still waits of these events about this subject is not to be sent any more; how many that were."""
    waiting = Delivery.objects.filter(subject=subject, event__in=list(events), state__in=WAITING)
    return waiting.update(state=DeliveryState.SUPERSEDED)


def hold(row: Delivery, *, until: datetime, reason: str) -> Delivery:
    """Not now: nothing was tried."""
    waiting = Delivery.objects.filter(pk=row.pk, state__in=WAITING)
    waiting.update(state=DeliveryState.PENDING, next_attempt_at=until, error=row.error or reason)
    row.refresh_from_db()
    return row


def accepted(row: Delivery, *, vendor_id: str) -> Delivery:
    return _settle(row, state=DeliveryState.ACCEPTED, vendor_id=vendor_id, error="", sent_at=clock.now())


def refused(row: Delivery, *, error: str) -> Delivery:
    return _settle(row, state=DeliveryState.DEAD, error=error)


def again(row: Delivery, *, error: str, at: datetime | None, spent: bool) -> Delivery:
    """To be tried again, at `at` if the other side named a time.

    `spent=False` takes the attempt back, and leaves the error of the last real one, which says more than that the way is
    closed now.
    """
    if spent:
        return _settle(row, state=DeliveryState.RETRY, error=error, next_attempt_at=at)
    values = {"next_attempt_at": at, "attempts": row.attempts - 1, "lease_until": None}
    _mine(row).update(state=DeliveryState.PENDING, error=row.error or error, **values)
    row.refresh_from_db()
    return row


def unclear(row: Delivery, *, error: str, repeat: bool) -> Delivery:
    """It may have arrived."""
    state = DeliveryState.RETRY if repeat else DeliveryState.UNKNOWN
    return _settle(row, doubtful=True, state=state, error=error, ambiguous=row.ambiguous + 1)


def give_up(row: Delivery) -> Delivery:
    """Nobody will try it again by itself. What has been settled stays as it is. Joins the caller's transaction."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=row.pk)
        if row.state not in SETTLED:
            if row.state == DeliveryState.SENDING:
                _interrupted(row)
            row.state = DeliveryState.DEAD
            row.lease_until = None
            row.save()
        return row


def _interrupted(row: Delivery) -> None:
    row.ambiguous += 1
    row.error = str(INTERRUPTED)
    _note(row, outcome=DeliveryState.UNKNOWN, doubtful=True)


def _settle(row: Delivery, *, doubtful: bool = False, **values: object) -> Delivery:
    """Write what became of this try, unless another sender has taken the row over since."""
    with transaction.atomic():
        settled = _mine(row).update(**values, lease_until=None)
        row.refresh_from_db()
        if settled:
            _note(row, outcome=row.state, doubtful=doubtful)
    return row


def _mine(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=row.pk, state=DeliveryState.SENDING, attempts=row.attempts)


def _note(row: Delivery, *, outcome: str, doubtful: bool) -> None:
    DeliveryAttempt.objects.create(
        delivery=row,
        number=row.attempts,
        at=clock.now(),
        outcome=outcome,
        ambiguous=doubtful,
        vendor_id=row.vendor_id,
        error=row.error,
    )
