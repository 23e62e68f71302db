"""Tickets as rows for a spreadsheet: what the reader sees on the pages, in words of his language, and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.lifecycle import name_of
from tickets.models import EventKind, Status, Ticket
from tickets.queries import (
    AnyUser,
    TicketFilter,
    as_seen_by,
    filter_tickets,
    newest_found,
    sees_internal,
    visible_tickets,
)
from voc.core import clock
from voc.core.vocabulary import Channel, ProblemType, Urgency

# Rows of a file: a web server ends what takes it longer than half a minute, and hiding personal data takes a third of a
# millisecond for each.
MOST: Final = 20_000
BATCH: Final = 500

Column = tuple[str, Callable[[Ticket], str | None]]
Key = tuple[int, datetime]


@dataclass(frozen=True, slots=True)
class Export:
    """`number` tickets, newest first; `rows` are read as they are asked for, and one more says so where the file is full."""

    head: list[str]
    number: int
    rows: Iterator[Sequence[str | None]]


def export_of(user: AnyUser, wanted: TicketFilter) -> Export:
    """The newest MOST tickets that the user may see and asks for. One query, and one for each BATCH of rows that is read.

    Words are those of the language in force now, whatever it is when rows are read.
    """
    keys = _newest(user, wanted)
    columns = _columns(internal=sees_internal(user))
    full = ""
    if len(keys) > MOST:
        day = timezone.localdate(keys[MOST][1])
        full = _("The file is full: tickets of %(day)s and before are missing. Narrow the list.") % {"day": day}
    keys = keys[:MOST]
    return Export([heading for heading, _value in columns], len(keys), _rows(user, keys, columns, full=full))


def _newest(user: AnyUser, wanted: TicketFilter) -> list[Key]:
    found = filter_tickets(visible_tickets(user), wanted, reader=user).values_list("pk", "created_at")
    if wanted.q.strip():
        return newest_found(found, MOST + 1, until=clock.now())
    return list(found.order_by("-created_at", "-id")[: MOST + 1])


def _rows(
    user: AnyUser, keys: Sequence[Key], columns: Sequence[Column], *, full: str
) -> Iterator[Sequence[str | None]]:
    tickets = visible_tickets(user).select_related("decided_by").defer("decision_reason", "action_proposal")
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        found = tickets.in_bulk([pk for pk, _at in batch])
        for pk, _at in batch:
            if pk in found:
                ticket = as_seen_by(user, found[pk])
                yield [value(ticket) for _heading, value in columns]
    if full:
        yield [full]


def _columns(*, internal: bool) -> list[Column]:
    """Headings and values. What the staff keeps to itself stands in columns that others do not get."""
    statuses, channels, types, urgencies = (
        {str(value): str(label) for value, label in each.choices} for each in (Status, Channel, ProblemType, Urgency)
    )
    verdicts = {str(each): str(each.label) for each in (EventKind.CONFIRMED, EventKind.REJECTED, EventKind.COMPLETED)}
    columns: list[Column | None] = [
        (_("Ticket"), lambda ticket: ticket.ticket_id),
        (_("Status"), lambda ticket: statuses[ticket.status]),
        (_("Created at"), lambda ticket: _moment(ticket.created_at)),
        (_("Received at"), lambda ticket: _moment(ticket.received_at)),
        (_("Channel"), lambda ticket: channels[ticket.channel]),
        (_("Customer"), lambda ticket: ticket.customer_name),
        (_("Contact"), lambda ticket: ticket.customer_contact),
        (_("Complaint"), lambda ticket: ticket.raw_voc),
        (_("Summary"), lambda ticket: ticket.summary),
        (_("Problem type"), lambda ticket: types.get(ticket.decided_primary or ticket.suspected_type_primary or "")),
        (_("Urgency"), lambda ticket: urgencies.get(ticket.urgency or "")),
        (_("System"), lambda ticket: ticket.affected_system),
        (_("Confidence"), lambda ticket: _percent(ticket.decision_confidence)),
        (_("Assignee"), lambda ticket: ticket.assignee) if internal else None,
        (_("Verdict"), lambda ticket: verdicts.get(_verdict(ticket))),
        (_("Decided"), lambda ticket: _moment(ticket.confirmed_at) if _verdict(ticket) else ""),
        (_("Decided by"), lambda ticket: name_of(ticket.decided_by) if _verdict(ticket) else "") if internal else None,
        (_("Reason or resolution"), _words),
        (_("Jira issue"), lambda ticket: ticket.jira_issue_key) if internal else None,
        (_("External id"), lambda ticket: ticket.external_id) if internal else None,
    ]
    return [each for each in columns if each]


def _verdict(ticket: Ticket) -> str:
    """The verdict in force; "" where none is: an older one may still stand in a ticket that is looked at again."""
    if ticket.status == Status.REJECTED:
        return EventKind.REJECTED
    if ticket.status not in (Status.IN_PROGRESS, Status.DONE) or ticket.confirmed_at is None:
        return ""
    return EventKind.COMPLETED if ticket.manual_resolution else EventKind.CONFIRMED


def _words(ticket: Ticket) -> str | None:
    """What was said with the verdict."""
    words = {str(EventKind.REJECTED): ticket.reject_reason, str(EventKind.COMPLETED): ticket.manual_resolution}
    return words.get(_verdict(ticket))


def _moment(at: datetime | None) -> str:
    """ISO 8601 in the site's zone, to the second."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


def _percent(value: float | None) -> str:
    return "" if value is None else f"{round(value * 100)}%"
