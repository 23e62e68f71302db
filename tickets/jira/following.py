"""A ticket follows its issue. Jira owns status, resolution, assignee, priority and due date: they are read here, never set.

Nothing that is written here is sent to Jira, so no change comes back as an echo.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction

from integrations.jira.base import JiraIssue
from tickets import lifecycle
from tickets.erasure import ERASED
from tickets.jira.statuses import meaning
from tickets.lifecycle import Act
from tickets.models import EventKind, JiraLink, JiraState, Status, Ticket, TicketEvent
from voc.core import clock
from voc.core.outbox.api import emit

# Field of the link: what it mirrors, cut to the column.
MIRRORED: Final[dict[str, tuple[str, int]]] = {
    "issue_key": ("key", 64),
    "project_key": ("project_key", 32),
    "issue_type": ("issue_type", 60),
    "issue_summary": ("summary", 300),
    "status": ("status", 100),
    "status_category": ("status_category", 20),
    "resolution": ("resolution", 100),
    "issue_assignee": ("assignee", 150),
    "issue_priority": ("priority", 60),
}
# What people are told when it changes.
TOLD: Final = ("issue_key", "status", "resolution", "issue_assignee", "due_on")


def apply(issue: JiraIssue) -> int:
    """Let every ticket that is linked to the issue follow it; how many changed. Reading it twice changes nothing."""
    linked = JiraLink.objects.filter(issue_id=issue.id, state=JiraState.LINKED)
    return sum(
        _apply(ticket_id, issue) for ticket_id in linked.order_by("ticket").values_list("ticket__ticket_id", flat=True)
    )


def agrees(link: JiraLink, issue: JiraIssue) -> bool:
    """Whether following the issue would change nothing. `link.ticket` is read, not locked: a first look, to save the lock."""
    if link.gone_at is not None or _differences(link, issue):
        return False
    return _is_old(link, issue) or _step(link.ticket, link, issue) is None


@transaction.atomic
def _apply(ticket_id: str, issue: JiraIssue) -> bool:
    ticket = lifecycle.lock(ticket_id)
    link = JiraLink.objects.select_for_update().filter(ticket=ticket).first()
    if link is None or link.state != JiraState.LINKED or link.issue_id != issue.id:
        return False  # unlinked meanwhile
    return follow(ticket=ticket, link=link, issue=issue)


def follow(*, ticket: Ticket, link: JiraLink, issue: JiraIssue) -> bool:
    """Bring a locked ticket and its link up to the issue; whether the ticket changed. What is older than the link is ignored.

    The first reading of a link is told only where it changes the ticket's status.
    """
    if _is_old(link, issue):
        return False
    link.ticket = ticket
    changes = _differences(link, issue)
    step = _step(ticket, link, issue)
    back = link.gone_at is not None
    if not (step or back or set(changes) - {"issue_updated_at"}):
        _write(link, changes)  # something of it changed that is not followed
        return False
    first = link.issue_updated_at is None
    told = {name: [_plain(getattr(link, name)), _plain(changes[name])] for name in TOLD if name in changes}
    _write(link, {**changes, "gone_at": None, "gone_reason": "", "updated_at": clock.now()})
    keys = {"jira_issue_key": link.issue_key, "jira_project_key": link.project_key, "jira_synced_at": clock.now()}
    data = {"key": link.issue_key, "changes": told, "status": link.status, "resolution": link.resolution}
    if back:
        lifecycle.record(ticket, kind=EventKind.JIRA_BACK, data={"key": link.issue_key})
    if step is not None:
        act, to, kind = step
        _tell(lifecycle.transition(ticket, act=act, to=to, kind=kind, changes=keys, data=data), ticket)
        return True
    lifecycle.update(ticket, keys)
    if told and not first:
        lifecycle.record(ticket, kind=EventKind.JIRA_STATUS, data=data)
    return True


def _tell(event: TicketEvent, ticket: Ticket) -> None:
    """What shows how the ticket stands shows it anew, and an end is told, to the customer too."""
    emit("ticket.moved", subject=ticket.ticket_id, key=f"ticket.moved:{event.pk}")
    if ticket.status == Status.DONE:
        emit("ticket.resolved", subject=ticket.ticket_id, key=f"ticket.resolved:{event.pk}")


def lose(issue_id: str, *, reason: str) -> int:
    """The issue was deleted, or our account may not see it any more: say so on its tickets, once. How many were told."""
    lost = JiraLink.objects.filter(issue_id=issue_id, state=JiraState.LINKED, gone_at=None)
    return sum(_lose(ticket_id, issue_id, reason) for ticket_id in lost.values_list("ticket__ticket_id", flat=True))


@transaction.atomic
def _lose(ticket_id: str, issue_id: str, reason: str) -> bool:
    ticket = lifecycle.lock(ticket_id)
    link = JiraLink.objects.select_for_update().filter(ticket=ticket, issue_id=issue_id, gone_at=None).first()
    if link is None or link.state != JiraState.LINKED:
        return False
    _write(link, {"gone_at": clock.now(), "gone_reason": reason[:300], "updated_at": clock.now()})
    lifecycle.update(ticket, {"jira_synced_at": clock.now()})
    lifecycle.record(ticket, kind=EventKind.JIRA_GONE, data={"key": link.issue_key, "reason": reason[:300]})
    return True


def linked_to(issues: Iterable[JiraIssue]) -> dict[str, list[JiraLink]]:
    """{issue id: its links, each with its ticket}, for those of the issues that are ours."""
    found: dict[str, list[JiraLink]] = {}
    ids = [issue.id for issue in issues]
    links = JiraLink.objects.filter(issue_id__in=ids, state=JiraState.LINKED).select_related("ticket")
    for link in links.defer("ticket__raw_voc"):
        found.setdefault(link.issue_id, []).append(link)
    return found


def _is_old(link: JiraLink, issue: JiraIssue) -> bool:
    return bool(link.issue_updated_at and issue.updated and issue.updated < link.issue_updated_at)


def _differences(link: JiraLink, issue: JiraIssue) -> dict[str, Any]:
    if _is_old(link, issue):
        return {}
    values: dict[str, Any] = {name: getattr(issue, theirs)[:most] for name, (theirs, most) in MIRRORED.items()}
    values |= {"due_on": issue.due_on, "issue_updated_at": issue.updated or link.issue_updated_at}
    if link.ticket.raw_voc == ERASED:
        del values["issue_summary"]  # it tells of the complaint
    return {name: value for name, value in values.items() if getattr(link, name) != value}


def _step(ticket: Ticket, link: JiraLink, issue: JiraIssue) -> tuple[Act, Status, EventKind] | None:
    """What the issue's status does to the ticket's.

    A ticket that is done is taken up again only when its issue was done and is so no longer: one that people completed
    while Jira was switched off stays completed.
    """
    now = meaning(project_key=issue.project_key, status=issue.status, category=issue.status_category)
    if ticket.status == Status.IN_PROGRESS and now == Status.DONE:
        return Act.JIRA_DONE, Status.DONE, EventKind.JIRA_DONE
    before = meaning(project_key=link.project_key, status=link.status, category=link.status_category)
    if ticket.status == Status.DONE and now == Status.IN_PROGRESS and before == Status.DONE:
        return Act.JIRA_REOPENED, Status.IN_PROGRESS, EventKind.JIRA_REOPENED
    return None


def _write(link: JiraLink, values: Mapping[str, Any]) -> None:
    if not values:
        return
    JiraLink.objects.filter(pk=link.pk).update(**values)
    for name, value in values.items():
        setattr(link, name, value)


def _plain(value: Any) -> str:
    return str(value) if value else ""
