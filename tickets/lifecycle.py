"""The life of a ticket, and the only code that writes a status.

`TRANSITIONS` is the documentation: who may turn which status into which. Everything else is refused with `NotAllowed`,
whose message says what happened to the ticket instead, when and by whom.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import EventKind, Status, Ticket, TicketEvent
from voc.core import clock
from voc.core.errors import NotAllowed


class Act(StrEnum):
    """What can be done to a ticket that changes its status."""

    START = "start"  # a worker begins an analysis
    CONCLUDE = "conclude"  # the analysis ends, with or without a decision worth confirming
    GIVE_UP = "give_up"  # the analysis will not be tried again
    CONFIRM = "confirm"
    REJECT = "reject"
    RETRY = "retry"
    COMPLETE = "complete"
    UNDO = "undo"  # within the grace of a verdict
    JIRA_DONE = "jira_done"
    JIRA_REOPENED = "jira_reopened"


TRANSITIONS: Final[dict[Status, dict[Act, tuple[Status, ...]]]] = {
    Status.OPEN: {
        Act.START: (Status.ANALYZING,),
        Act.GIVE_UP: (Status.MANUAL_REQUIRED,),
    },
    Status.ANALYZING: {
        Act.CONCLUDE: (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED),
        Act.GIVE_UP: (Status.MANUAL_REQUIRED,),
    },
    Status.WAITING_CONFIRM: {
        Act.CONFIRM: (Status.DONE, Status.IN_PROGRESS),
        Act.REJECT: (Status.REJECTED,),
        Act.RETRY: (Status.ANALYZING,),
    },
    Status.MANUAL_REQUIRED: {
        Act.START: (Status.ANALYZING,),  # given up, and its job set going again
        Act.COMPLETE: (Status.DONE,),
        Act.CONFIRM: (Status.DONE, Status.IN_PROGRESS),
        Act.REJECT: (Status.REJECTED,),
        Act.RETRY: (Status.ANALYZING,),
    },
    Status.IN_PROGRESS: {
        Act.COMPLETE: (Status.DONE,),
        Act.JIRA_DONE: (Status.DONE,),
        Act.UNDO: (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED),
    },
    Status.DONE: {
        Act.JIRA_REOPENED: (Status.IN_PROGRESS,),
        Act.UNDO: (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED, Status.IN_PROGRESS),
    },
    Status.REJECTED: {
        Act.UNDO: (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED),
    },
}

_REFUSED: Final[dict[Act, Promise]] = {
    Act.START: _("The analysis of this ticket cannot start now."),
    Act.CONCLUDE: _("The analysis of this ticket cannot end now."),
    Act.GIVE_UP: _("The analysis of this ticket cannot be given up now."),
    Act.CONFIRM: _("This ticket cannot be approved now."),
    Act.REJECT: _("This ticket cannot be rejected now."),
    Act.RETRY: _("This ticket cannot be analysed again now."),
    Act.COMPLETE: _("This ticket cannot be completed by hand now."),
    Act.UNDO: _("There is no verdict on this ticket that could be undone."),
    Act.JIRA_DONE: _("This ticket is not in progress."),
    Act.JIRA_REOPENED: _("This ticket is not done."),
}

_BY_SOMEBODY: Final[dict[str, Promise]] = {
    EventKind.SUBMITTED: _("%(who)s submitted it at %(when)s."),
    EventKind.CONFIRMED: _("%(who)s approved it at %(when)s."),
    EventKind.REJECTED: _("%(who)s rejected it at %(when)s."),
    EventKind.COMPLETED: _("%(who)s completed it by hand at %(when)s."),
    EventKind.RETRIED: _("%(who)s asked for a new analysis at %(when)s."),
    EventKind.UNDONE: _("%(who)s undid the verdict at %(when)s."),
}

_BY_ITSELF: Final[dict[str, Promise]] = {
    EventKind.SUBMITTED: _("It was received at %(when)s."),
    EventKind.ANALYSIS_STARTED: _("Its analysis started at %(when)s."),
    EventKind.ANALYSED: _("Its analysis ended at %(when)s."),
    EventKind.MANUAL_REQUIRED: _("It was handed to people at %(when)s."),
}


def lock(ticket_id: str) -> Ticket:
    """The ticket, its row locked until the caller's transaction ends. Raises Ticket.DoesNotExist."""
    # NO KEY UPDATE: an event or a comment that refers to the row need not wait for it.
    return Ticket.objects.select_for_update(no_key=True).get(ticket_id=ticket_id)


def check(ticket: Ticket, act: Act) -> None:
    """Raise NotAllowed, saying who did what when, unless the status allows the act."""
    if act not in TRANSITIONS[Status(ticket.status)]:
        raise NotAllowed(refusal(ticket, act))


def refusal(ticket: Ticket, act: Act) -> str:
    """Why the act is refused, for the person who tried: the status, and the event that led to it."""
    sentences = [
        str(_REFUSED[act]),
        gettext("Its status is “%(status)s”.") % {"status": Status(ticket.status).label},
        _what_happened(ticket),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _what_happened(ticket: Ticket) -> str:
    event = last_step(ticket)
    if event is None:
        return ""
    sentence = _BY_SOMEBODY.get(event.kind) if event.actor_name else None
    sentence = sentence or _BY_ITSELF.get(event.kind)
    if sentence is None:
        return ""
    when = event.at.astimezone(clock.site_zone()).strftime("%Y-%m-%d %H:%M:%S")
    return str(sentence) % {"who": event.actor_name, "when": when}


def last_step(ticket: Ticket) -> TicketEvent | None:
    """The event that gave the ticket its present status."""
    return ticket.events.exclude(status_after="").order_by("-id").first()


def transition(
    ticket: Ticket,
    *,
    act: Act,
    to: Status,
    kind: EventKind,
    actor: User | None = None,
    changes: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> TicketEvent:
    """Give a locked ticket its next status, with the `changes` to its other fields and a line in the timeline.

    `ticket` comes from `lock` in the same transaction. Raises NotAllowed when the table has no such step.
    """
    check(ticket, act)
    before = Status(ticket.status)
    if to not in TRANSITIONS[before][act]:
        raise NotAllowed(refusal(ticket, act))
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a status changes only inside a transaction")
    update(ticket, {**(changes or {}), "status": to}, expected=before)
    return record(ticket, kind=kind, actor=actor, before=before, after=to, data=data)


def update(ticket: Ticket, changes: Mapping[str, Any], *, expected: Status | None = None) -> None:
    """Write fields of a locked ticket and its `updated_at`, on the row and on the object."""
    if "status" in changes and expected is None:
        raise RuntimeError("a status changes only through `transition`")
    values = {**changes, "updated_at": clock.now()}
    rows = Ticket.objects.filter(pk=ticket.pk)
    if expected is not None:
        rows = rows.filter(status=expected)
    if rows.update(**values) != 1:
        raise RuntimeError(f"{ticket.ticket_id} was not locked when it was changed")
    for name, value in values.items():
        setattr(ticket, name, value)


def record(
    ticket: Ticket,
    *,
    kind: EventKind,
    actor: User | None = None,
    before: Status | None = None,
    after: Status | None = None,
    data: Mapping[str, Any] | None = None,
) -> TicketEvent:
    """Add a line to the timeline. Without `before` and `after` it is one that leaves the status alone."""
    return TicketEvent.objects.create(
        ticket=ticket,
        kind=kind,
        at=clock.now(),
        actor=actor,
        actor_name=name_of(actor),
        status_before=before or "",
        status_after=after or "",
        data=dict(data or {}),
    )


def name_of(actor: User | None) -> str:
    """How the timeline names a person; "" for the system itself."""
    return (actor.get_full_name() or actor.get_username())[:150] if actor else ""
