"""Telling people: one message to one channel or to several, each at most once."""

import uuid
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from notifications import deliveries, rates, threads
from notifications.channels import CHANNELS
from notifications.channels.base import Channel, Conversation, Parcel, Receipt, RootGone
from notifications.deliveries import supersede
from notifications.message import Button, NotificationMessage
from notifications.models import SETTLED, Delivery, DeliveryState
from notifications.threads import places, show
from voc.core.alerts import clear_alert, raise_alert
from voc.core.database import release_connection
from voc.core.errors import NotAllowed, Permanent, Transient
from voc.core.outbox.api import emit
from voc.core.outbox.models import Job
from voc.core.vocabulary import Urgency

__all__ = [
    "Button",
    "NotificationMessage",
    "NotificationService",
    "get_notifications",
    "known_targets",
    "places",
    "retry",
    "send_test",
    "show",
    "supersede",
    "suppress",
]

log = structlog.get_logger(__name__)


class NotificationService:
    """The channels by name; None is one that is not configured, whose messages are recorded and not sent.

    Where a message is to go is written "channel" or "channel:target"; without a target, the channel's first one is meant.
    """

    def __init__(self, slack: Channel | None, email: Channel | None = None, teams: Channel | None = None) -> None:
        self.channels: dict[str, Channel | None] = {"slack": slack, "email": email, "teams": teams}

    def send(self, channel: str, message: NotificationMessage) -> Delivery:
        """Send the message once over this channel, and return the row that says what became of it.

        Safe to repeat: what has been settled is returned, not sent again. To be called outside a transaction. The row is
        `accepted`; `retry` (tried, try again at `next_attempt_at`); `pending` or `sending` (not tried: the way is closed, or
        another sender is at it); `dead` (refused); `unknown`; `suppressed` or `superseded`. Raises Permanent for a channel or
        a target that does not exist.
        """
        return self.carry(self._book(channel, message))

    def broadcast(
        self,
        message: NotificationMessage,
        channels: list[str] = ["slack"],  # noqa: B006 - the default that the plan names; nothing changes it
    ) -> list[Delivery]:
        """One delivery per channel, in this order; a channel that fails keeps no other from its message."""
        wanted = self._existing(channels)
        return [self.send(channel, message) for channel in wanted]

    def queue(self, message: NotificationMessage, channels: Iterable[str]) -> list[Delivery]:
        """As `broadcast`, by workers: a row and a job for each target, in the caller's transaction.

        Messages to one target go out in the order in which they were queued.
        """
        rows = [self._book(channel, message) for channel in self._existing(channels)]
        for row in rows:
            if row.state not in SETTLED:
                _emit(row)
        return rows

    def carry(self, row: Delivery) -> Delivery:
        """Send what this row holds, if it is still to be sent; see `send`. To be called outside a transaction."""
        if row.state in SETTLED:
            return row
        way = self.channels.get(row.channel)
        if way is None:
            return _suppress(row, _("This channel is not configured."))
        if until := rates.take(way.rate(row.target)):
            return deliveries.hold(row, until=until, reason=_("Waiting for its turn: the target takes only so many."))
        message = NotificationMessage.from_json(row.message)
        row, ours = deliveries.claim(row, channel=way, message=message)
        if not ours:
            return row
        row = _try(way, message, row)
        log.info(
            "delivery",
            channel=row.channel,
            target=row.target,
            subject=row.subject,
            key=row.key,
            state=row.state,
            attempts=row.attempts,
            error=row.error,
        )
        return row

    def _book(self, channel: str, message: NotificationMessage) -> Delivery:
        way, name, target = self._way(channel)
        if way is None:
            reason = _("This channel is not configured.")
        elif not target:
            reason = _("This channel has no target that messages go to by themselves.")
        else:
            target = way.canonical(target)
            reason = way.declines(message)
        if reason:
            log.info("delivery.suppressed", channel=name, target=target, key=message.key, reason=reason)
            return deliveries.suppress(channel=name, target=target, message=message, reason=reason)
        return deliveries.book(channel=name, target=target, message=message)

    def _way(self, channel: str) -> tuple[Channel | None, str, str]:
        """The channel of "channel:target", its name, and the target or the channel's own first one."""
        name, _colon, target = channel.partition(":")
        if name not in self.channels:
            raise Permanent(_("There is no channel named %(channel)s.") % {"channel": name})
        way = self.channels[name]
        if way and not target:
            target = next(iter(way.targets()), "")
        return way, name, target

    def _existing(self, channels: Iterable[str]) -> list[str]:
        """The channels to send to, each once; raises Permanent before anything is sent if one of them does not exist."""
        wanted = list(dict.fromkeys(channels))
        for channel in wanted:
            way, _name, target = self._way(channel)
            if way and target:
                way.canonical(target)
        return wanted


def get_notifications() -> NotificationService:
    """The service over all registered channels, as the settings have them."""
    built = {name: build() for name, build in CHANNELS.items()}
    service = NotificationService(built.get("slack"), email=built.get("email"), teams=built.get("teams"))
    service.channels.update(built)
    return service


def retry(*, delivery_id: int) -> Delivery:
    """Try once more what was given up, what nobody knows the outcome of, or what was not sent. By a worker.

    Raises NotAllowed for a message that has arrived or is still on its way, and Delivery.DoesNotExist.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=delivery_id)
        if row.state not in (DeliveryState.DEAD, DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED):
            raise NotAllowed(_("This message has arrived, or is still on its way."))
        row.state, row.next_attempt_at = DeliveryState.PENDING, None
        row.save()
        _emit(row, again=Job.objects.filter(key__startswith=f"delivery:{row.uuid}").count())
        return row


def send_test(target: str, *, language: str) -> Delivery:
    """Send a message that says that it is a test to "channel:target", now; see `NotificationService.send`."""
    with translation.override(language):
        message = NotificationMessage(
            event="test",
            key=f"test:{uuid.uuid4()}",
            subject=_("Test"),
            title=_("A test of VOC’s notifications"),
            body=_("If you can read this, messages reach this place. Nothing need be done."),
            url=settings.SITE_URL,
            urgency=Urgency.HIGH if target.partition(":")[0] == "pagerduty" else None,
            language=language,
        )
    return get_notifications().send(target, message)


def suppress(*, target: str, message: NotificationMessage, reason: str) -> Delivery:
    """Record that this message was not sent to "channel:target", and why (muted, quiet hours, a preference)."""
    channel, _colon, name = target.partition(":")
    return deliveries.suppress(channel=channel, target=name, message=message, reason=reason)


def known_targets() -> list[str]:
    """All that the configuration names, as "channel:target"."""
    ways = [way for way in get_notifications().channels.values() if way]
    return [f"{way.name}:{target}" for way in ways for target in way.targets()]


def _emit(row: Delivery, *, again: int = 0) -> None:
    """The job that carries this row. Its lane is the target: what goes there keeps its order."""
    emit(
        f"notification.{row.channel}",
        subject=f"{row.channel}:{row.target}"[:120],
        payload={"delivery_id": row.pk},
        key=f"delivery:{row.uuid}:{again}" if again else f"delivery:{row.uuid}",
    )


def _suppress(row: Delivery, reason: str) -> Delivery:
    message = NotificationMessage.from_json(row.message)
    return deliveries.suppress(channel=row.channel, target=row.target, message=message, reason=reason)


def _try(way: Channel, message: NotificationMessage, row: Delivery) -> Delivery:
    """One try of a row that is ours, and what came of it. Never raises for what a channel does."""
    conversation: Conversation | None = None
    doubt = False
    try:
        if way.threaded and message.thread:
            conversation = threads.enter(row, key=message.thread, lease_seconds=way.lease_seconds)
        release_connection()
        receipt = way.deliver(_parcel(row, message, conversation))
    except RootGone as error:
        if conversation:
            threads.forget(conversation_id=conversation.id, root_id=conversation.root_id)
        return deliveries.again(row, error=error.message, at=None, spent=True)
    except Permanent as error:
        _alert(way, row, error.message)
        row = deliveries.refused(row, error=error.message)
    except Transient as error:
        doubt = error.ambiguous
        row = _put_off(way, message, row, error)
    except Exception as error:
        # A fault of ours in one channel: whether it came before or after the message left, nobody knows.
        log.exception("channel failed", channel=way.name, key=message.key)
        doubt = True
        row = deliveries.unclear(row, error=type(error).__name__, repeat=way.repeats(message))
    else:
        clear_alert(_alert_key(way, row))
        return _arrived(row, receipt, conversation)
    if conversation and not conversation.root_id:
        threads.leave(row, conversation=conversation, doubtful=doubt)
    return row


def _parcel(row: Delivery, message: NotificationMessage, conversation: Conversation | None) -> Parcel:
    return Parcel(
        id=str(row.uuid),
        message=message,
        target=row.target,
        since=row.created_at,
        doubtful=row.ambiguous > 0,
        thread=conversation,
    )


def _put_off(way: Channel, message: NotificationMessage, row: Delivery, error: Transient) -> Delivery:
    if error.ambiguous:
        return deliveries.unclear(row, error=error.message, repeat=way.repeats(message))
    if error.at and error.spend:
        rates.hold(way.rate(row.target), until=error.at)
    return deliveries.again(row, error=error.message, at=error.at, spent=error.spend)


def _arrived(row: Delivery, receipt: Receipt, conversation: Conversation | None) -> Delivery:
    # The thread first: were we to die between the two, the message is looked for and found; the other way round its
    # conversation would have no root.
    if conversation:
        threads.stand(row, conversation=conversation, receipt=receipt)
    return deliveries.accepted(row, vendor_id=receipt.vendor_id)


def _alert(way: Channel, row: Delivery, error: str) -> None:
    title = _("The channel “%(channel)s” refuses our messages (%(target)s)")
    raise_alert(_alert_key(way, row), title=title % {"channel": way.name, "target": row.target}, body=error)


def _alert_key(way: Channel, row: Delivery) -> str:
    return f"notifications:{way.name}:{row.target}"
