"""Telling people: one message to one channel or to several, each at most once."""

from collections.abc import Iterable

import structlog
from django.utils.translation import gettext as _

from notifications import deliveries
from notifications.channels import CHANNELS
from notifications.channels.base import Channel
from notifications.message import NotificationMessage
from notifications.models import Delivery
from voc.core.alerts import clear_alert, raise_alert
from voc.core.database import release_connection
from voc.core.errors import Permanent, Transient

__all__ = ["NotificationMessage", "NotificationService", "get_notifications"]

log = structlog.get_logger(__name__)


class NotificationService:
    """The channels by name; None is one that is not configured, whose messages are recorded and not sent."""

    def __init__(self, slack: Channel | None, email: Channel | None = None, teams: Channel | None = None) -> None:
        self.channels: dict[str, Channel | None] = {"slack": slack, "email": email, "teams": teams}

    def send(self, channel: str, message: NotificationMessage) -> Delivery:
        """Send the message once over this channel, and return the row that says what became of it.

        Safe to repeat: what has been settled is returned, not sent again. To be called outside a transaction. The row is
        `accepted`; `retry` (tried, try again at `next_attempt_at`); `pending` or `sending` (not tried: the way is closed, or
        another sender is at it); `dead` (refused); `unknown`; or `suppressed`. Raises Permanent for a channel that does
        not exist.
        """
        if channel not in self.channels:
            raise Permanent(_("There is no channel named %(channel)s.") % {"channel": channel})
        way = self.channels[channel]
        if way is None:
            return deliveries.suppress(channel=channel, message=message, reason=_("This channel is not configured."))
        delivery, ours = deliveries.claim(channel=way, message=message)
        if not ours:
            return delivery
        delivery = _try(way, message, delivery)
        log.info(
            "delivery",
            channel=channel,
            target=way.target,
            subject=message.subject,
            key=message.key,
            state=delivery.state,
            attempts=delivery.attempts,
            error=delivery.error,
        )
        return delivery

    def broadcast(
        self,
        message: NotificationMessage,
        channels: list[str] = ["slack"],  # noqa: B006 - the default that the plan names; nothing changes it
    ) -> list[Delivery]:
        """One delivery per channel, in this order; a channel that fails keeps no other from its message."""
        return [self.send(channel, message) for channel in _existing(channels, self.channels)]


def get_notifications() -> NotificationService:
    """The service over all registered channels, as the settings have them."""
    built = {name: build() for name, build in CHANNELS.items()}
    service = NotificationService(built.get("slack"), email=built.get("email"), teams=built.get("teams"))
    service.channels.update(built)
    return service


def _existing(channels: Iterable[str], known: dict[str, Channel | None]) -> list[str]:
    """The channels to send to; raises Permanent before anything is sent if one of them does not exist."""
    wanted = list(dict.fromkeys(channels))
    if missing := [name for name in wanted if name not in known]:
        raise Permanent(_("There is no channel named %(channel)s.") % {"channel": ", ".join(missing)})
    return wanted


def _try(way: Channel, message: NotificationMessage, delivery: Delivery) -> Delivery:
    alert = f"notifications:{way.name}:{way.target}"
    release_connection()
    try:
        receipt = way.deliver(message)
    except Permanent as error:
        title = _("The channel “%(channel)s” refuses our messages (%(target)s)")
        raise_alert(alert, title=title % {"channel": way.name, "target": way.target}, body=error.message)
        return deliveries.refused(delivery, error=error.message)
    except Transient as error:
        if error.ambiguous:
            return deliveries.unclear(delivery, error=error.message, repeat=way.repeats(message))
        return deliveries.again(delivery, error=error.message, at=error.at, spent=error.spend)
    except Exception as error:
        # A fault of ours in one channel: whether it came before or after the message left, nobody knows.
        log.exception("channel failed", channel=way.name, key=message.key)
        return deliveries.unclear(delivery, error=type(error).__name__, repeat=way.repeats(message))
    clear_alert(alert)
    return deliveries.accepted(delivery, vendor_id=receipt.vendor_id)
