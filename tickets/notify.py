"""Telling people about a ticket: the handlers of `ticket.urgent` and `ticket.decided`, and of what became of the messages."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llm.redaction import Redactor
from notifications.models import Delivery, DeliveryState
from notifications.services import NotificationMessage, get_notifications
from tickets.models import EventKind, Status, Ticket, TicketEvent
from tickets.personal import hidden
from tickets.services import record_told
from voc.core.outbox.api import RunningJob
from voc.core.vocabulary import ProblemType, Urgency

TITLES: Final[dict[str, Promise]] = {
    "ticket.urgent": _("Urgent complaint %(ticket)s"),
    EventKind.CONFIRMED: _("%(ticket)s approved"),
    EventKind.REJECTED: _("%(ticket)s rejected"),
    EventKind.COMPLETED: _("%(ticket)s completed by hand"),
}


def tell(job: RunningJob) -> None:
    """Queue the event's message to whoever is to hear of it."""
    ticket = Ticket.objects.filter(ticket_id=job.subject).first()
    if ticket is None:
        return
    message = compose(ticket, event=job.event, key=job.key, verdict=_verdict(ticket, job.payload))
    with job.fenced():
        get_notifications().queue(message, settings.NOTIFY_CHANNELS)


def note(job: RunningJob) -> None:
    """A message has arrived, has not, or nobody knows: say so in the ticket's timeline."""
    delivery = Delivery.objects.filter(pk=job.payload["delivery_id"]).first()
    if delivery is None or not Ticket.objects.filter(ticket_id=delivery.subject).exists():
        return
    if delivery.state in (DeliveryState.SUPPRESSED, DeliveryState.SUPERSEDED):
        return
    with job.fenced():
        record_told(
            ticket_id=delivery.subject,
            event=delivery.event,
            channel=delivery.channel,
            key=f"{delivery.key}→{delivery.target}"[:200],
            ok=delivery.state == DeliveryState.ACCEPTED,
            detail=_detail(delivery),
        )


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
            thread=ticket.ticket_id,
            status=str(Status(ticket.status).label),
        )


def _summary(ticket: Ticket) -> str:
    """Often the customer's own words, and whoever reads the channel need not know who he is."""
    text: str = hidden(ticket.summary, Redactor((ticket.customer_name,)))
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


def _detail(delivery: Delivery) -> str:
    """What the timeline adds to "sent" or "not delivered"."""
    if delivery.state == DeliveryState.UNKNOWN:
        return gettext("It is not known whether it arrived: %(error)s") % {"error": delivery.error}
    if delivery.doubles:
        return gettext("It may have arrived more than once. %(error)s") % {"error": delivery.error}
    return delivery.error
