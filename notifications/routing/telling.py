"""Telling an occasion to its audience: now, or held back until quiet hours end or a digest is due."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.message import Incident, NotificationMessage
from notifications.models import Delivery
from notifications.routing.audience import Addressee, audience
from notifications.routing.models import Digest, Held, Mute
from notifications.routing.occasions import Occasion
from notifications.routing.timing import next_daily, quiet_until
from notifications.services import get_notifications, suppress
from voc.core import clock
from voc.core.errors import Permanent
from voc.core.vocabulary import Urgency

# Writes the message in a language.
Compose = Callable[[str], NotificationMessage]

# Incidents are opened and closed as they are, by day and by night, each for itself.
AT_ONCE: Final = ("pagerduty",)

log = structlog.get_logger(__name__)


def tell(occasion: Occasion, compose: Compose) -> None:
    """Tell the audience, in the caller's transaction. Repeating it with the same message keys tells nobody twice."""
    tell_these(audience(occasion), compose)


def tell_these(addressees: Iterable[Addressee], compose: Compose) -> None:
    """Tell these alone, whatever the rules say; in the caller's transaction."""
    written: dict[str, NotificationMessage] = {}
    muted: dict[str, bool] = {}
    for each in addressees:
        if each.language not in written:
            written[each.language] = compose(each.language)
        message = written[each.language]
        if message.subject not in muted:
            muted[message.subject] = is_muted(message.subject)
        if muted[message.subject] and message.incident != Incident.RESOLVE:
            suppress(target=each.target, message=message, reason=_("Messages about it are muted."))
        else:
            _tell_one(each, message)


def queue_or_note(message: NotificationMessage, target: str) -> None:
    """Queue it; where that is no target at all, note so, and keep nobody else from hearing of it."""
    try:
        get_notifications().queue(message, [target])
    except Permanent as error:
        log.warning("target.unknown", target=target, error=error.message)
        suppress(target=target, message=message, reason=error.message)


def is_muted(subject: str) -> bool:
    return Mute.objects.filter(subject=subject).exists()


def lock_target(target: str) -> None:
    """Wait until no other transaction counts, holds back or gathers messages of this target."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notify:{target}"])


def _tell_one(addressee: Addressee, message: NotificationMessage) -> None:
    found = _held_back(addressee, message)
    if found is None:
        queue_or_note(message, addressee.target)
        return
    due_at, reason = found
    held = Held(
        target=addressee.target,
        key=message.key,
        event=message.event,
        subject=message.subject,
        message=message.to_json(),
        reason=reason,
        created_at=clock.now(),
        due_at=due_at,
    )
    Held.objects.bulk_create([held], ignore_conflicts=True)


def _held_back(addressee: Addressee, message: NotificationMessage) -> tuple[datetime, str] | None:
    """Until when, and why; None for what goes out now."""
    timing = addressee.timing
    if timing is None or message.urgency == Urgency.HIGH or addressee.channel in AT_ONCE:
        return None
    if _was_told(addressee.target, message.key):
        return None
    with translation.override(message.language):
        if timing.digest != Digest.EACH:
            lock_target(addressee.target)
        now = clock.now()
        if timing.digest == Digest.DAILY:
            due = next_daily(timing, now)
            return quiet_until(timing, due) or due, _("Daily digest")
        if until := quiet_until(timing, now):
            return until, _("Quiet hours")
        if timing.digest == Digest.BUSY:
            window = timedelta(minutes=timing.busy_minutes)
            if due_at := _busy_until(addressee.target, now=now, window=window, most=timing.busy_over):
                return quiet_until(timing, due_at) or due_at, _("Many messages")
    return None


def _was_told(target: str, key: str) -> bool:
    channel, _colon, name = target.partition(":")
    return Delivery.objects.filter(key=key, channel=channel, target=name).exists()


def _busy_until(target: str, *, now: datetime, window: timedelta, most: int) -> datetime | None:
    """When the messages that are held back now are due; None while there are not many."""
    waiting = Held.objects.filter(target=target, due_at__gt=now).order_by("due_at").first()
    if waiting:
        return waiting.due_at
    channel, _colon, name = target.partition(":")
    lately = Delivery.objects.filter(channel=channel, target=name, created_at__gt=now - window)
    return now + window if lately.order_by()[:most].count() >= most else None
