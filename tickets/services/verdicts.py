"""What a manager decides: approve, reject, analyse again, complete by hand, and the undoing of that.

A verdict changes the ticket, adds its event and emits `ticket.decided`, due after the grace, in one transaction. The event
holds the values from before, so that undoing within the grace can bring them back; `ticket.decided` is keyed by the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import cleaning, lifecycle, queries
from tickets.lifecycle import Act
from tickets.models import EventKind, RejectCategory, Status, Ticket, TicketEvent
from tickets.services import issues
from tickets.services.issues import JiraChoice
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.api import cancel, emit
from voc.core.vocabulary import ProblemType, Urgency


class _Unset:
    """Marks a second type that is left as the analyst set it, where None would say that there is none."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class CorrectedDecision:
    """What the manager says; None (UNSET for the second type, which may be none) leaves the analyst's."""

    primary_type: str | None = None
    secondary_type: str | _Unset | None = UNSET
    urgency: str | None = None
    affected_system: str | None = None


@transaction.atomic
def confirm_ticket(
    *,
    ticket_id: str,
    actor: User | None,
    assignee: str | None = None,
    decision: CorrectedDecision | None = None,
    jira: JiraChoice | None = None,
    customer_answer: str = "",
    analysed: datetime | None = None,
) -> Ticket:
    """Approve the decision, with the manager's corrections. What was handed to people needs a decision with a type.

    Where Jira is configured an issue follows, after the grace, and the ticket is in progress until that is done.
    `customer_answer` (here and below; at most 4,000 characters) is what the customer is told once the ticket is closed.
    `analysed` names the decision that was looked at, by its time: one that came since must be looked at first.
    """
    ticket = lifecycle.lock(ticket_id)
    lifecycle.check(ticket, Act.CONFIRM)
    _check_seen(ticket, analysed)
    if ticket.status == Status.MANUAL_REQUIRED:
        _require_a_decision(decision)
    correction = _correction(ticket, decision or CorrectedDecision())
    changes: dict[str, Any] = {"correction": correction or None}
    changes |= {name: correction[name][1] for name in ("urgency", "affected_system") if name in correction}
    followed = issues.follows_approval()
    _decide(
        ticket,
        act=Act.CONFIRM,
        to=Status.IN_PROGRESS if followed else Status.DONE,
        kind=EventKind.CONFIRMED,
        actor=actor,
        assignee=assignee,
        changes=changes,
        data=({"correction": correction} if correction else {}) | _answer(customer_answer),
    )
    if followed:
        issues.plan_issue(ticket, jira)
    return ticket


@transaction.atomic
def reject_ticket(
    *,
    ticket_id: str,
    actor: User | None,
    reject_reason: str,
    reason_category: str | None = None,
    assignee: str | None = None,
    customer_answer: str = "",
    analysed: datetime | None = None,
) -> Ticket:
    """Refuse the decision for good, for a reason of 1–1,000 characters. `analysed` as in `confirm_ticket`."""
    reason = cleaning.text("reject_reason", reject_reason, most=cleaning.MAX_REJECT_REASON)
    category = cleaning.choice("reason_category", reason_category, RejectCategory) if reason_category else None
    ticket = lifecycle.lock(ticket_id)
    _check_seen(ticket, analysed)
    _decide(
        ticket,
        act=Act.REJECT,
        to=Status.REJECTED,
        kind=EventKind.REJECTED,
        actor=actor,
        assignee=assignee,
        changes={"reject_reason": reason, "reject_category": category},
        data={"reason": reason, "category": category} | _answer(customer_answer),
    )
    return ticket


@transaction.atomic
def complete_ticket(
    *,
    ticket_id: str,
    actor: User | None,
    manual_resolution: str,
    assignee: str | None = None,
    customer_answer: str = "",
) -> Ticket:
    """Close it by hand with what was done, in 1–2,000 characters."""
    resolution = cleaning.text("manual_resolution", manual_resolution, most=cleaning.MAX_RESOLUTION)
    ticket = lifecycle.lock(ticket_id)
    lifecycle.check(ticket, Act.COMPLETE)
    issues.check_completion(ticket)
    _decide(
        ticket,
        act=Act.COMPLETE,
        to=Status.DONE,
        kind=EventKind.COMPLETED,
        actor=actor,
        assignee=assignee,
        changes={"manual_resolution": resolution},
        data={"resolution": resolution} | _answer(customer_answer),
    )
    return ticket


@transaction.atomic
def retry_ticket(*, ticket_id: str, actor: User | None, retry_reason: str = "") -> Ticket:
    """Have it analysed again. The decision of before stays to be seen until the new one is there."""
    reason = cleaning.text("retry_reason", retry_reason, most=cleaning.MAX_RETRY_REASON, required=False)
    ticket = lifecycle.lock(ticket_id)
    event = lifecycle.transition(
        ticket,
        act=Act.RETRY,
        to=Status.ANALYZING,
        kind=EventKind.RETRIED,
        actor=actor,
        changes={"manual_reason": None, "manual_cause": None},
        data={"reason": reason},
    )
    _say_moved(ticket, event)
    key = f"ticket.reanalyse:{event.pk}"
    emit("ticket.reanalyse", subject=ticket.ticket_id, payload={"event_id": event.pk}, key=key)
    return ticket


@transaction.atomic
def undo_verdict(*, ticket_id: str, actor: User | None) -> Ticket:
    """Take the last verdict back while nothing of it has left the house, and restore what was before it."""
    ticket = lifecycle.lock(ticket_id)
    lifecycle.check(ticket, Act.UNDO)
    event = lifecycle.last_step(ticket)
    if event is None or event.kind not in queries.VERDICTS:
        raise NotAllowed(lifecycle.refusal(ticket, Act.UNDO))
    in_time = clock.now() < queries.grace_end(event)
    if not in_time or not cancel(subject=ticket.ticket_id, key=_decided_key(event)):
        raise NotAllowed(_("It is too late to undo: the verdict has taken effect."))
    undone = lifecycle.transition(
        ticket,
        act=Act.UNDO,
        to=Status(event.status_before),
        kind=EventKind.UNDONE,
        actor=actor,
        changes=_restored(ticket, event),
        data={"verdict": event.kind, "event_id": event.pk},
    )
    if event.kind == EventKind.CONFIRMED:
        issues.forget_issue(ticket)
    _say_moved(ticket, undone)
    return ticket


def _check_seen(ticket: Ticket, analysed: datetime | None) -> None:
    """Raise NotAllowed when the ticket awaits another decision than that of this moment."""
    if analysed and ticket.status == Status.WAITING_CONFIRM and ticket.analyzed_at != analysed:
        raise NotAllowed(_("It was analysed anew since: look at the new decision first."))


def _decide(
    ticket: Ticket,
    *,
    act: Act,
    to: Status,
    kind: EventKind,
    actor: User | None,
    assignee: str | None,
    changes: Mapping[str, Any],
    data: Mapping[str, Any],
) -> None:
    changes = {**changes, "confirmed_at": clock.now(), "decided_by": actor}
    data = dict(data)
    if name := cleaning.assignee(assignee):
        changes["assignee"] = data["assignee"] = name
    data["before"] = _snapshot(ticket, changes)
    event = lifecycle.transition(ticket, act=act, to=to, kind=kind, actor=actor, changes=changes, data=data)
    _say_moved(ticket, event)
    emit(
        "ticket.decided",
        subject=ticket.ticket_id,
        payload={"event_id": event.pk, "verdict": kind.value},
        key=_decided_key(event),
        delay=settings.VOC_GRACE_SECONDS,
    )


def _say_moved(ticket: Ticket, event: TicketEvent) -> None:
    """What shows how the ticket stands shows it anew, without waiting for the grace: nothing is to be decided any more."""
    emit("ticket.moved", subject=ticket.ticket_id, key=f"ticket.moved:{event.pk}")


def _answer(text: str) -> dict[str, str]:
    answer = cleaning.customer_answer(text)
    return {"customer_answer": answer} if answer else {}


def _decided_key(event: TicketEvent) -> str:
    return f"ticket.decided:{event.pk}"


def _snapshot(ticket: Ticket, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The present values of the fields about to change, JSON-ready, by column."""
    columns = [_field(name).attname for name in changes]
    values = {column: getattr(ticket, column) for column in columns}
    return {column: value.isoformat() if isinstance(value, datetime) else value for column, value in values.items()}


def _restored(ticket: Ticket, event: TicketEvent) -> dict[str, Any]:
    before = dict(event.data["before"])
    if ticket.events.filter(pk__gt=event.pk, kind=EventKind.ASSIGNED).exists():
        # Somebody assigned it after the verdict, which is no part of the verdict.
        before.pop("assignee", None)
    return {column: _field(column).to_python(value) for column, value in before.items()}


def _field(name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", Ticket._meta.get_field(name))


def _require_a_decision(decision: CorrectedDecision | None) -> None:
    if decision is None:
        raise NotAllowed(
            _("The analysis came to no decision: to approve this ticket, choose the problem type yourself.")
        )
    if not decision.primary_type:
        raise InvalidInput(field="decision.primary_type", message=_("Choose the problem type."), code="missing")


def _correction(ticket: Ticket, decision: CorrectedDecision) -> dict[str, list[str | None]]:
    """{field: [analyst's, manager's]} of what differs."""
    analysts = {
        "primary_type": ticket.agent_decision_primary,
        "secondary_type": ticket.agent_decision_secondary,
        "urgency": ticket.urgency,
        "affected_system": ticket.affected_system,
    }
    managers = analysts | _checked(decision)
    if managers["primary_type"] == managers["secondary_type"]:
        if not isinstance(decision.secondary_type, _Unset):
            message = _("The second type must differ from the first.")
            raise InvalidInput(field="decision.secondary_type", message=message, code="value_error")
        # The analyst's second type has become the first, so there is no second one left.
        managers["secondary_type"] = None
    return {name: [analysts[name], managers[name]] for name in analysts if analysts[name] != managers[name]}


def _checked(decision: CorrectedDecision) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    if decision.primary_type:
        values["primary_type"] = cleaning.choice("decision.primary_type", decision.primary_type, ProblemType)
    if decision.secondary_type is None or decision.secondary_type == "":
        values["secondary_type"] = None
    elif not isinstance(decision.secondary_type, _Unset):
        values["secondary_type"] = cleaning.choice("decision.secondary_type", decision.secondary_type, ProblemType)
    if decision.urgency:
        values["urgency"] = cleaning.choice("decision.urgency", decision.urgency, Urgency)
    if decision.affected_system:
        system = cleaning.text("decision.affected_system", decision.affected_system, most=cleaning.MAX_SYSTEM)
        values["affected_system"] = system
    return values
