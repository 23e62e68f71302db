"""What people do on a ticket beside deciding on it, and what was told to whom."""

from django.db import transaction

from accounts.models import User
from tickets import cleaning, lifecycle
from tickets.models import Comment, EventKind, Ticket, TicketEvent
from voc.core import clock


@transaction.atomic
def assign_ticket(*, ticket_id: str, actor: User | None, assignee: str | None) -> Ticket:
    """Name who works on it, in any status; None or "" takes the name away. The same name again changes nothing."""
    name = cleaning.assignee(assignee)
    ticket = lifecycle.lock(ticket_id)
    before = ticket.assignee
    if name == before:
        return ticket
    lifecycle.update(ticket, {"assignee": name})
    lifecycle.record(ticket, kind=EventKind.ASSIGNED, actor=actor, data={"assignee": name, "before": before})
    return ticket


@transaction.atomic
def add_comment(*, ticket_id: str, actor: User | None, body: str, shared: bool = False) -> Comment:
    """An internal remark of at most 4,000 characters; submitters do not see it. `shared` notes that it goes to Jira, too."""
    words = cleaning.text("body", body, most=cleaning.MAX_COMMENT)
    ticket = Ticket.objects.only("pk").get(ticket_id=ticket_id)
    comment = Comment.objects.create(
        ticket=ticket, author=actor, author_name=lifecycle.name_of(actor), body=words, at=clock.now()
    )
    data = {"comment_id": comment.pk, "body": words} | ({"shared": True} if shared else {})
    lifecycle.record(ticket, kind=EventKind.COMMENTED, actor=actor, data=data)
    return comment


@transaction.atomic
def record_told(
    *, ticket_id: str, event: str, channel: str, ok: bool = True, detail: str = "", key: str = ""
) -> TicketEvent | None:
    """Note in the timeline that a message about `event` (a name of the flow) went out by `channel`, or that it could not.

    `key` names the telling; None when just this was noted of it before.
    """
    ticket = Ticket.objects.only("pk").get(ticket_id=ticket_id)
    kind = EventKind.TOLD if ok else EventKind.NOT_TOLD
    data = {"event": event, "channel": channel, "detail": detail} | ({"key": key} if key else {})
    if key and ticket.events.filter(kind=kind, data=data).exists():
        return None
    return lifecycle.record(ticket, kind=kind, data=data)
