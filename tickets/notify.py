"""Telling people about a ticket: the handlers of what happens to tickets, and of what became of the messages."""

from functools import partial
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext

from notifications.models import Delivery, DeliveryState
from notifications.routing.audience import addressees, by_language
from notifications.routing.models import Rule
from notifications.routing.occasions import ASKING
from notifications.routing.services import drop
from notifications.routing.telling import is_muted, tell_these
from notifications.routing.telling import tell as tell_audience
from notifications.services import places, show
from tickets import customers, lifecycle
from tickets.messages import News, buttons, compose, occasion_of, standing
from tickets.models import Status, Ticket, TicketEvent
from tickets.services import record_told
from voc.core import clock
from voc.core.outbox.api import RunningJob

WAITING: Final = (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED)
# A verdict has taken effect, or what was approved is done. All else may be told while a verdict can still be undone.
CLOSING: Final = ("ticket.decided", "ticket.resolved")


def tell(job: RunningJob) -> None:
    """Queue the event's message to whoever is to hear of it, and the customer's answer when it closes his complaint."""
    ticket = _ticket(job.subject)
    if ticket is None:
        return
    news = News(event=job.event, key=job.key, verdict=_verdict(ticket, job.payload), data=job.payload)
    with job.fenced():
        tell_audience(occasion_of(ticket, job.event), partial(compose, ticket, news))
        if job.event in CLOSING:
            customers.answer(ticket, verdict=news.verdict)
        _show(ticket)


def show_standing(job: RunningJob) -> None:
    """The ticket has moved: the first message of its threads shows it, and nobody is asked any more to decide."""
    with job.fenced():
        if ticket := _ticket(job.subject):
            _show(ticket)
            if ticket.status not in WAITING:
                drop(subject=ticket.ticket_id, events=ASKING)


def remind(job: RunningJob) -> None:
    """An urgent ticket has waited as long as a rule says: its targets are reminded, or it is escalated.

    Payload: `rule_id`, `event_id` (the step since which it waits), `kind` ("ticket.reminder" or "ticket.escalated").
    Nothing, when it waits no more or anew, is muted, or the rule has gone.
    """
    with job.fenced():
        ticket = _ticket(job.subject)
        rule = Rule.objects.filter(pk=job.payload["rule_id"], is_active=True).first()
        if ticket is None or rule is None or ticket.status not in WAITING or is_muted(ticket.ticket_id):
            return
        step = lifecycle.last_step(ticket)
        if step is None or step.pk != job.payload["event_id"]:
            return
        kind = str(job.payload["kind"])
        seconds = (clock.now() - step.at).total_seconds()
        news = News(event=kind, key=job.key, data={"seconds": seconds})
        targets = rule.escalate_to if kind == "ticket.escalated" else rule.targets
        tell_these(addressees(targets), partial(compose, ticket, news))


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
        # It may have offered a choice that was made while it was on its way.
        if delivery.message.get("buttons") and (ticket := _ticket(delivery.subject)):
            _show(ticket)


def _show(ticket: Ticket) -> None:
    """The first message of each thread shows how the ticket stands, in the language of the place."""
    for language, targets in by_language(places(subject=ticket.ticket_id)).items():
        with translation.override(language):
            show(subject=ticket.ticket_id, status=standing(ticket), buttons=buttons(ticket), targets=targets)


def _ticket(ticket_id: str) -> Ticket | None:
    return Ticket.objects.select_related("decided_by").filter(ticket_id=ticket_id).first()


def _verdict(ticket: Ticket, payload: dict[str, Any]) -> TicketEvent | None:
    """The event that `ticket.decided` is about, None for any other. The ticket itself may have moved on since."""
    if "verdict" not in payload:
        return None
    return TicketEvent.objects.get(ticket=ticket, pk=payload["event_id"])


def _detail(delivery: Delivery) -> str:
    """What the timeline adds to "sent" or "not delivered"."""
    if delivery.state == DeliveryState.UNKNOWN:
        return gettext("It is not known whether it arrived: %(error)s") % {"error": delivery.error}
    if delivery.doubles:
        return gettext("It may have arrived more than once. %(error)s") % {"error": delivery.error}
    return delivery.error
