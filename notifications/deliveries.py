"""The rows behind the messages: claimed before anything leaves, settled after, given up with their job."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from notifications.channels.base import Channel
from notifications.message import NotificationMessage
from notifications.models import SETTLED, Delivery, DeliveryState
from voc.core import clock

INTERRUPTED = _("The sender stopped before the answer came: it may have arrived.")


def claim(*, channel: Channel, message: NotificationMessage) -> tuple[Delivery, bool]:
    """The row of this message and target, and whether it is the caller's to send now.

    Committed as `sending` when this returns, and never inside a caller's transaction: the world must not hear of what could
    still be rolled back. A row that another sender left at `sending` counts as ambiguous.
    """
    with transaction.atomic(durable=True):
        row = _locked(channel=channel.name, target=channel.target, message=message)
        if row.state in SETTLED:
            return row, False
        if row.state == DeliveryState.SENDING:
            if row.lease_until and row.lease_until > clock.now():
                return row, False
            row.ambiguous += 1
            row.error = str(INTERRUPTED)
            if not channel.repeats(message):
                row.state = DeliveryState.UNKNOWN
                row.save()
                return row, False
        row.state = DeliveryState.SENDING
        row.attempts += 1
        row.lease_until = clock.now() + timedelta(seconds=channel.lease_seconds)
        row.next_attempt_at = None
        row.save()
        return row, True


def suppress(*, channel: str, message: NotificationMessage, reason: str) -> Delivery:
    """Record that this message was not to be sent."""
    with transaction.atomic():
        row = _locked(channel=channel, target="", message=message)
        if row.state == DeliveryState.PENDING:
            row.state = DeliveryState.SUPPRESSED
            row.error = reason
            row.save()
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
    return _settle(
        row, state=DeliveryState.PENDING, error=row.error or error, next_attempt_at=at, attempts=row.attempts - 1
    )


def unclear(row: Delivery, *, error: str, repeat: bool) -> Delivery:
    """It may have arrived."""
    state = DeliveryState.RETRY if repeat else DeliveryState.UNKNOWN
    return _settle(row, state=state, error=error, ambiguous=row.ambiguous + 1)


def give_up(*, key: str) -> list[Delivery]:
    """Mark what is still open of this event as dead; returns those rows and those that were dead already."""
    with transaction.atomic():
        rows = list(Delivery.objects.select_for_update().filter(key=key).exclude(state__in=SETTLED))
        for row in rows:
            if row.state == DeliveryState.SENDING:
                row.ambiguous += 1
                row.error = str(INTERRUPTED)
            row.state = DeliveryState.DEAD
            row.save()
        return rows


def _locked(*, channel: str, target: str, message: NotificationMessage) -> Delivery:
    """The row, made if it is not there yet, and locked: of two senders, one waits here for the other's claim."""
    row = Delivery(
        key=message.key,
        channel=channel,
        target=target,
        event=message.event,
        subject=message.subject,
        title=message.title[:300],
        created_at=clock.now(),
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    return Delivery.objects.select_for_update().get(key=message.key, channel=channel, target=target)


def _settle(row: Delivery, **values: object) -> Delivery:
    """Write what became of this try, unless another sender has taken the row over since."""
    mine = Delivery.objects.filter(pk=row.pk, state=DeliveryState.SENDING, attempts=row.attempts)
    mine.update(**values, lease_until=None)
    row.refresh_from_db()
    return row
