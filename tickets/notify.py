"""Telling people about a ticket: the handlers of `ticket.urgent` and `ticket.decided`."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.deliveries import give_up as give_up_deliveries
from notifications.models import Delivery, DeliveryState
from notifications.services import NotificationMessage, get_notifications
from tickets.models import EventKind, Ticket, TicketEvent
from tickets.personal import hidden, redactor_of
from tickets.services import record_told
from voc.core.errors import Permanent, Transient
from voc.core.outbox.api import RunningJob
from voc.core.vocabulary import ProblemType, Urgency

CHANNEL: Final = "slack"

TITLES: Final[dict[str, Promise]] = {
    "ticket.urgent": _("Urgent complaint %(ticket)s"),
    EventKind.CONFIRMED: _("%(ticket)s approved"),
    EventKind.REJECTED: _("%(ticket)s rejected"),
    EventKind.COMPLETED: _("%(ticket)s completed by hand"),
}


def tell(job: RunningJob) -> None:
    """Send the event's message, then note in the timeline that it went out, or that nobody knows whether it did.

    What the message's row says decides: a refusal blocks the job, and what was not sent is tried again later.
    """
    ticket = Ticket.objects.filter(ticket_id=job.subject).first()
    if ticket is None:
        return
    verdict = _verdict(ticket, job.payload)
    delivery = get_notifications().send(CHANNEL, compose(ticket, event=job.event, key=job.key, verdict=verdict))
    match delivery.state:
        case DeliveryState.SUPPRESSED:
            return
        case DeliveryState.DEAD:
            raise Permanent(delivery.error)
        case DeliveryState.RETRY:
            raise Transient(delivery.error, at=delivery.next_attempt_at)
        case DeliveryState.PENDING:
            raise Transient(delivery.error, at=delivery.next_attempt_at, spend=False)
        case DeliveryState.SENDING:
            raise Transient(gettext("Another sender is at this message."), at=delivery.lease_until, spend=False)
    with job.fenced():
        _note(job, delivery, ok=delivery.state == DeliveryState.ACCEPTED)


def give_up(job: RunningJob) -> None:
    """The message will not be tried again: say so on the ticket. Runs in the transaction that gives the job up."""
    given_up = give_up_deliveries(key=job.key)
    if Ticket.objects.filter(ticket_id=job.subject).exists():
        for delivery in given_up:
            _note(job, delivery, ok=False)


def compose(ticket: Ticket, *, event: str, key: str, verdict: TicketEvent | None = None) -> NotificationMessage:
    """The message about this ticket, with no more of it than NOTIFY_FIELDS allows; never the customer's contact."""
    language = settings.SLACK_LANGUAGE
    with translation.override(language):
        fields = [
            (str(label), value(ticket)) for name, (label, value) in _FIELDS.items() if name in settings.NOTIFY_FIELDS
        ]
        if verdict:
            fields.append((gettext("Decided by"), verdict.actor_name))
        return NotificationMessage(
            event=event,
            key=key,
            subject=ticket.ticket_id,
            title=str(TITLES[verdict.kind if verdict else event]) % {"ticket": ticket.ticket_id},
            body=_summary(ticket) if "summary" in settings.NOTIFY_FIELDS else "",
            url=settings.SITE_URL + reverse("ticket", args=[ticket.ticket_id]),
            urgency=Urgency(ticket.urgency) if ticket.urgency else None,
            fields=tuple((label, text) for label, text in fields if text),
            language=language,
        )


def _summary(ticket: Ticket) -> str:
    """Often the customer's own words, and whoever reads the channel need not know who he is."""
    text: str = hidden(ticket.summary, redactor_of(ticket))
    return text


def _problem_type(ticket: Ticket) -> str:
    decided = ticket.decided_primary or ticket.suspected_type_primary
    return str(ProblemType(decided).label) if decided else ""


def _urgency(ticket: Ticket) -> str:
    return str(Urgency(ticket.urgency).label) if ticket.urgency else ""


# What a message may say of a ticket beside its summary, by the names of `notifications.message.ALLOWABLE`.
_FIELDS: Final[dict[str, tuple[Promise, Callable[[Ticket], str]]]] = {
    "urgency": (_("Urgency"), _urgency),
    "problem_type": (_("Problem type"), _problem_type),
    "system": (_("System"), lambda ticket: ticket.affected_system or ""),
    "customer_name": (_("Customer"), lambda ticket: ticket.customer_name),
}


def _verdict(ticket: Ticket, payload: dict[str, Any]) -> TicketEvent | None:
    """The event that `ticket.decided` is about, None for any other. The ticket itself may have moved on since."""
    return TicketEvent.objects.get(ticket=ticket, pk=payload["event_id"]) if "event_id" in payload else None


def _note(job: RunningJob, delivery: Delivery, *, ok: bool) -> None:
    record_told(
        ticket_id=job.subject,
        event=job.event,
        channel=delivery.channel,
        key=job.key,
        ok=ok,
        detail=_detail(delivery),
    )


def _detail(delivery: Delivery) -> str:
    """What the timeline adds to "sent" or "not delivered"."""
    if delivery.state == DeliveryState.UNKNOWN:
        return gettext("It is not known whether it arrived: %(error)s") % {"error": delivery.error}
    if delivery.ambiguous:
        return gettext("It may have arrived more than once. %(error)s") % {"error": delivery.error}
    return delivery.error
