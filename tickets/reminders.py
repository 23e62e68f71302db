"""Urgent tickets that wait for a decision: when a rule has its targets reminded, and when it is escalated."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from notifications.routing.audience import active_rules, matches
from notifications.routing.models import Rule
from tickets.messages import occasion_of
from tickets.models import Status, Ticket, TicketEvent
from voc.core import clock
from voc.core.outbox.api import emit
from voc.core.outbox.models import Job
from voc.core.vocabulary import Urgency

WAITS: Final = "ticket.waits"
REMINDER: Final = "ticket.reminder"
ESCALATED: Final = "ticket.escalated"
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A reminder or escalation that is due; its key says which, so that each is made once."""

    ticket_id: str
    event_id: int
    rule_id: int
    kind: str
    number: int

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.event_id}:{self.rule_id}:{self.number}"


def emit_due() -> int:
    """One job for each reminder and escalation that is due and was not made yet; how many. Run by beat, at any time.

    Of reminders that were missed while nothing ran, the latest is made.
    """
    rules = [rule for rule in active_rules() if rule.remind_minutes or rule.escalate_minutes]
    if not rules:
        return 0
    due = [call for ticket in _waiting().iterator(chunk_size=BATCH) for call in _calls(ticket, rules, clock.now())]
    made = 0
    for start in range(0, len(due), BATCH):
        calls = due[start : start + BATCH]
        known = set(Job.objects.filter(key__in=[call.key for call in calls]).values_list("key", flat=True))
        with transaction.atomic():
            for call in calls:
                if call.key not in known:
                    _emit(call)
                    made += 1
    return made


def _waiting() -> QuerySet[Ticket]:
    """Urgent tickets that wait for people, each with the step since which it does."""
    steps = TicketEvent.objects.filter(ticket=OuterRef("pk")).exclude(status_after="").order_by("-id")
    tickets = Ticket.objects.filter(
        status__in=[Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED], urgency=Urgency.HIGH
    ).defer("raw_voc")
    return tickets.annotate(since=Subquery(steps.values("at")[:1]), step=Subquery(steps.values("pk")[:1])).order_by(
        F("pk")
    )


def _calls(ticket: Ticket, rules: list[Rule], now: datetime) -> Iterator[Call]:
    since, step = getattr(ticket, "since", None), getattr(ticket, "step", None)
    if since is None or step is None:
        return
    for rule in rules:
        # The rule's occasions say what else it tells; whom it is about is what counts here.
        if not matches(rule, occasion_of(ticket, rule.events[0] if rule.events else "")):
            continue
        for kind, minutes in ((REMINDER, rule.remind_minutes), (ESCALATED, rule.escalate_minutes)):
            number = (now - since) // timedelta(minutes=minutes) if minutes else 0
            if number:
                yield Call(ticket.ticket_id, step, rule.pk, kind, number if kind == REMINDER else 1)


def _emit(call: Call) -> None:
    emit(
        WAITS,
        subject=call.ticket_id,
        payload={"rule_id": call.rule_id, "event_id": call.event_id, "kind": call.kind},
        key=call.key,
    )
