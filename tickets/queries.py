"""What can be asked about tickets, and who may see which."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import User
from accounts.permissions import Role, has_permission
from llm.redaction import restore
from tickets import grams, lifecycle
from tickets.models import EventKind, Status, Ticket, TicketCount, TicketEvent
from tickets.personal import for_submitter, hidden, redactor_of_stored, restored, without_personal_data
from voc.core import clock

VERDICTS = (EventKind.CONFIRMED, EventKind.REJECTED, EventKind.COMPLETED)
# What the staff does among itself; who submitted the complaint does not see it.
INTERNAL = (
    EventKind.COMMENTED,
    EventKind.ASSIGNED,
    EventKind.TOLD,
    EventKind.NOT_TOLD,
    EventKind.JIRA_BLOCKED,
    EventKind.JIRA_RETRIED,
    EventKind.JIRA_DUPLICATE,
    EventKind.JIRA_STATUS,
    EventKind.JIRA_COMMENTED,
    EventKind.JIRA_COMMENT_EDITED,
    EventKind.JIRA_COMMENT_DELETED,
    EventKind.JIRA_GONE,
    EventKind.JIRA_BACK,
)
# All of an event's data that he is told.
PUBLIC_DATA: Final[dict[str, tuple[str, ...]]] = {
    EventKind.REJECTED: ("reason",),
    EventKind.COMPLETED: ("resolution",),
}

# What a search finds is counted so far: counting on would cost more the more there is, and nobody reads it.
MOST_COUNTED: Final = 1000

AnyUser = User | AnonymousUser
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list is narrowed to: any of the values of each field that has some. `q` is a part of complaint, summary,
    customer's name, ticket id or external id."""

    statuses: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    q: str = ""
    updated_since: datetime | None = None
    problem_types: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    assignee: str = ""

    @property
    def counts_are_kept(self) -> bool:
        """Whether the number of matches can be read from the counts by status and urgency."""
        counted = {"statuses", "urgencies"}
        return not any(getattr(self, each.name) for each in fields(self) if each.name not in counted)


def sees_all(user: AnyUser) -> bool:
    """Whether the user may see every ticket, or only those that he handed in."""
    if not has_permission(user, "ticket:read"):
        return False
    return getattr(user, "role", None) != Role.SUBMITTER or settings.VOC_SUBMITTERS_SEE_ALL


def sees_internal(user: AnyUser) -> bool:
    """Whether the user may see what the staff says among itself: comments, assignments, messages."""
    return has_permission(user, "ticket:read") and getattr(user, "role", None) != Role.SUBMITTER


def sees_personal_data(user: AnyUser, ticket: Ticket) -> bool:
    """Whether the user may see who the customer is and how to reach him: who may decide on the ticket, and who handed it in."""
    return has_permission(user, "ticket:confirm") or (user.pk is not None and ticket.submitted_by_id == user.pk)


def visible_tickets(user: AnyUser) -> QuerySet[Ticket]:
    """The tickets that the user may read."""
    if sees_all(user):
        return Ticket.objects.all()
    if has_permission(user, "ticket:read"):
        return Ticket.objects.filter(submitted_by_id=user.pk)
    return Ticket.objects.none()


def get_visible(user: AnyUser, ticket_id: str) -> Ticket:
    """The ticket, if the user may read it. Raises Ticket.DoesNotExist, also for one that exists but is not his to see."""
    if "\x00" in ticket_id:
        raise Ticket.DoesNotExist
    return as_seen_by(user, visible_tickets(user).get(ticket_id=ticket_id))


def as_seen_by(user: AnyUser, ticket: Ticket) -> Ticket:
    """The ticket as this user may read it: with the personal data behind its placeholders, or without any. A copy to be read."""
    if has_permission(user, "ticket:confirm"):
        return restored(ticket)
    return for_submitter(ticket) if sees_personal_data(user, ticket) else without_personal_data(ticket)


def filter_tickets(tickets: QuerySet[Ticket], wanted: TicketFilter, *, reader: AnyUser) -> QuerySet[Ticket]:
    """The tickets that match every part of the filter, as far as `reader` may know what they say."""
    for column, values in (
        ("status__in", wanted.statuses),
        ("urgency__in", wanted.urgencies),
        ("affected_system__in", wanted.systems),
        ("channel__in", wanted.channels),
    ):
        if values:
            tickets = tickets.filter(**{column: values})
    if wanted.problem_types:
        tickets = tickets.filter(_of_types(wanted.problem_types))
    if wanted.assignee:
        tickets = tickets.filter(assignee=wanted.assignee)
    if wanted.updated_since:
        tickets = tickets.filter(updated_at__gte=wanted.updated_since)
    if wanted.q:
        tickets = search(tickets, wanted.q, reader=reader)
    return tickets


def _of_types(types: Iterable[str]) -> Q:
    """By the type in force: the manager's where one was set, else the analyst's."""
    corrected = Q(correction__has_key="primary_type")
    managers = Q(correction__primary_type__1__in=list(types))
    return (corrected & managers) | (Q(agent_decision_primary__in=types) & (Q(correction=None) | ~corrected))


def search(tickets: QuerySet[Ticket], q: str, *, reader: AnyUser) -> QuerySet[Ticket]:
    """The tickets in which `reader` reads `q` as a substring, whatever its case or width. Blank finds all.

    Personal data that he does not see finds nothing: he could otherwise guess at a number digit by digit.
    """
    part = grams.normalise(q.strip()).replace("\x00", "")
    if not part:
        return tickets
    # The index finds what has all the pairs; the comparison throws out those that have them in other places.
    candidates = tickets.filter(entry__grams__contains=grams.query_grams(part))
    if has_permission(reader, "ticket:confirm"):
        return candidates.filter(entry__text__contains=part)
    readable = Q(entry__public_text__contains=part)
    if reader.pk is not None:
        readable |= Q(submitted_by_id=reader.pk, entry__text__contains=part)
    return candidates.filter(readable)


def count_found(tickets: QuerySet[Ticket]) -> int:
    """How many a search finds: exact up to MOST_COUNTED, of more that many."""
    return tickets.order_by()[:MOST_COUNTED].count()


def newest_found(tickets: QuerySet[Ticket, Row], limit: int, *, until: datetime) -> list[Row]:
    """The first `limit` rows of what a search found, the newest of those created until then first; one query, whose cost
    depends on neither how many tickets there are nor how many it would find.

    It looks at the last nine hours, then four times as far back, and so on, until it has enough. The index knows in which
    spans of time a ticket was made (grams.spans_of), so that a common word's long list is entered at its end.
    """
    # Tickets of the same moment, and clocks that differ.
    until += timedelta(hours=1)
    parts, last = [], until
    for begins, hashes in grams.backwards(until):
        part = tickets.filter(created_at__gte=begins, entry__grams__overlap=hashes)
        parts.append(part.filter(created_at__lt=last) if last < until else part)
        last = begins
    parts.append(tickets.filter(created_at__lt=last))
    ranked = [part.order_by("-created_at", "-id")[:limit] for part in parts]
    # The parts are run one after the other, and only as long as rows are wanted.
    return list(ranked[0].union(*ranked[1:], all=True)[:limit])


def counts(user: AnyUser | None = None) -> dict[str, int]:
    """The number of tickets by status, each status named. For a user who does not see all, only his own."""
    found = {str(status): 0 for status in Status}
    if user is None or sees_all(user):
        kept = TicketCount.objects.order_by().values("status").annotate(number=Sum("delta"))
        return found | {row["status"]: row["number"] for row in kept}
    counted = visible_tickets(user).order_by().values("status").annotate(number=Count("pk"))
    return found | {row["status"]: row["number"] for row in counted}


def count_tickets(tickets: QuerySet[Ticket], wanted: TicketFilter, *, of_all: bool) -> int:
    """How many match: exact. `tickets` is already filtered; `of_all` says that it started from all tickets, whose counts
    by status and urgency are kept by the database and need not be counted."""
    if not (of_all and wanted.counts_are_kept):
        return tickets.count()
    kept = TicketCount.objects.all()
    if wanted.statuses:
        kept = kept.filter(status__in=wanted.statuses)
    if wanted.urgencies:
        kept = kept.filter(urgency__in=wanted.urgencies)
    return kept.aggregate(number=Sum("delta"))["number"] or 0


def timeline(ticket: Ticket, *, internal: bool = True, personal: bool = True) -> list[TicketEvent]:
    """What happened to the ticket, oldest first. A comment's event has its text in `data["body"]`.

    `internal=False` is what the complaint's submitter is told: nothing of what the staff does among itself, no names but
    his own, and of a verdict its words. `personal=False` hides personal data in texts. These are copies to be read.
    """
    if internal:
        events = list(ticket.events.order_by("id"))
        if personal:
            for event in events:
                event.data = restore(event.data, ticket.placeholders)
            return events
        redactor = redactor_of_stored(ticket)
        for event in events:
            event.data = hidden(event.data, redactor)
        return events
    return [_public(event, ticket) for event in ticket.events.exclude(kind__in=INTERNAL).order_by("id")]


def _public(event: TicketEvent, ticket: Ticket) -> TicketEvent:
    if event.actor_id is None or event.actor_id != ticket.submitted_by_id:
        event.actor_name = ""
    told = PUBLIC_DATA.get(event.kind, ())
    event.data = {name: value for name, value in event.data.items() if name in told}
    return event


def without_hidden_cases(user: AnyUser, reason: dict[str, Any] | None) -> dict[str, Any] | None:
    """A `decision_reason` whose `similar_cases_used` names only tickets that the user may read.

    An entry is a ticket id, or an object with one in tickets that were moved in.
    """
    used = reason.get("similar_cases_used") if reason else None
    if not reason or not used:
        return reason
    entries = [(_id_of(entry), entry) for entry in used] if isinstance(used, list) else []
    seen = visible_tickets(user).filter(ticket_id__in=[ticket_id for ticket_id, _entry in entries if ticket_id])
    ids = set(seen.values_list("ticket_id", flat=True))
    return {**reason, "similar_cases_used": [entry for ticket_id, entry in entries if ticket_id in ids]}


def _id_of(entry: object) -> str:
    found = entry.get("ticket_id") if isinstance(entry, dict) else entry
    return found if isinstance(found, str) else ""


def grace_end(verdict: TicketEvent) -> datetime:
    """When the verdict takes effect outside."""
    return verdict.at + timedelta(seconds=settings.VOC_GRACE_SECONDS)


def undo_until(ticket: Ticket) -> datetime | None:
    """Until when the present verdict can be undone; None when there is none or its grace is over."""
    if lifecycle.Act.UNDO not in lifecycle.TRANSITIONS[Status(ticket.status)]:
        return None
    event = lifecycle.last_step(ticket)
    if event is None or event.kind not in VERDICTS:
        return None
    until = grace_end(event)
    return until if clock.now() < until else None
