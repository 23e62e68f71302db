"""The rows that join a ticket to its issue, and what is written when something becomes of them. No call leaves here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.jira.base import CreatedIssue, JiraIssue
from integrations.jira.client import is_configured
from llm.base import PastCase
from tickets import lifecycle
from tickets.jira import following
from tickets.models import EventKind, JiraLink, JiraOrigin, JiraState, Status, Ticket
from tickets.results import Reason, stored_fields
from tickets.similar import similar_cases
from voc.core import clock
from voc.core.alerts import clear_alert, raise_alert
from voc.core.outbox.api import emit

BLOCKED_ALERT: Final = "jira-blocked"
# Among so many similar tickets, issues to share are looked for.
LOOKED_AT: Final = 15


@transaction.atomic
def begin_sending(link: JiraLink) -> bool:
    """Mark that the one POST leaves now. False when somebody was faster or it is not to be made any more."""
    mine = JiraLink.objects.filter(pk=link.pk, state=JiraState.WAITING, posts=link.posts)
    now = clock.now()
    if not mine.update(state=JiraState.SENDING, posts=link.posts + 1, looks=0, posted_at=now, updated_at=now):
        return False
    link.refresh_from_db()
    return True


def take_back(link: JiraLink) -> None:
    """The POST never left, or Jira said that it did nothing: it is still to be made."""
    JiraLink.objects.filter(pk=link.pk, state=JiraState.SENDING).update(
        state=JiraState.WAITING, posts=link.posts - 1, posted_at=None, updated_at=clock.now()
    )


def mark_unknown(link: JiraLink) -> None:
    """Nobody knows whether Jira made it."""
    JiraLink.objects.filter(pk=link.pk, state=JiraState.SENDING).update(state=JiraState.UNKNOWN, updated_at=clock.now())
    link.refresh_from_db()


def looked(link: JiraLink) -> None:
    """It was looked for in vain."""
    JiraLink.objects.filter(pk=link.pk, state=JiraState.UNKNOWN).update(looks=link.looks + 1, updated_at=clock.now())
    link.refresh_from_db()


def send_again(link: JiraLink) -> None:
    """It has been looked for long enough: Jira did not make it."""
    JiraLink.objects.filter(pk=link.pk, state=JiraState.UNKNOWN).update(
        state=JiraState.WAITING, posted_at=None, updated_at=clock.now()
    )
    link.refresh_from_db()


@transaction.atomic
def attach(*, ticket_id: str, issue: JiraIssue | CreatedIssue, origin: JiraOrigin) -> JiraLink:
    """The issue is this ticket's. The same one again changes nothing; a second one is reported (`jira.duplicate`).

    A ticket that people have unlinked meanwhile stays unlinked.
    """
    ticket = lifecycle.lock(ticket_id)
    link = JiraLink.objects.select_for_update().get(ticket=ticket)
    if link.state == JiraState.LINKED:
        if link.issue_id != issue.id:
            report_duplicate(link, issue_id=issue.id)
        return link
    if link.state == JiraState.UNLINKED:
        return link
    link.state, link.origin = JiraState.LINKED, origin
    link.issue_id, link.issue_key = issue.id, issue.key
    link.project_key = issue.key.rpartition("-")[0]
    link.error, link.cause, link.field_errors, link.updated_at = "", None, {}, clock.now()
    link.save()
    lifecycle.update(ticket, {"jira_issue_key": issue.key, "jira_project_key": link.project_key})
    kind = EventKind.JIRA_LINKED if origin == JiraOrigin.LINKED else EventKind.JIRA_CREATED
    lifecycle.record(ticket, kind=kind, data={"key": issue.key, "project": link.project_key, "origin": origin.value})
    if isinstance(issue, JiraIssue):
        following.follow(ticket=ticket, link=link, issue=issue)
    emit("jira.link_back", subject=ticket.ticket_id, payload={"issue_id": issue.id})
    if origin != JiraOrigin.LINKED:
        emit(
            "ticket.jira_created",
            subject=ticket.ticket_id,
            payload={"issue_key": issue.key},
            key=f"ticket.jira_created:{link.pk}:{issue.id}",
        )
    _review_blocked()
    return link


@transaction.atomic
def let_go(*, ticket_id: str) -> bool:
    """The ticket is done without an issue: none is to be made. False when it is not so any more."""
    ticket = lifecycle.lock(ticket_id)
    waiting = JiraLink.objects.filter(ticket=ticket, state=JiraState.WAITING, issue_key="", posted_at=None)
    if ticket.status != Status.DONE:
        return False
    return bool(waiting.update(state=JiraState.UNLINKED, updated_at=clock.now()))


def linked_back(ticket: Ticket, issue: JiraIssue) -> None:
    """The issue leads to the ticket; it is shown as it was when that was done. In the caller's transaction."""
    ticket = lifecycle.lock(ticket.ticket_id)
    link = JiraLink.objects.select_for_update().filter(ticket=ticket, issue_id=issue.id, state=JiraState.LINKED).first()
    if link is None:
        return
    following.follow(ticket=ticket, link=link, issue=issue)
    JiraLink.objects.filter(pk=link.pk).update(remote_linked_at=clock.now())


@transaction.atomic
def block(*, ticket_id: str, reason: Reason, fields: Mapping[str, Reason | str]) -> None:
    """Jira refuses it, and will until a person has mended the cause. The ticket says why: Jira's words, or ours by code."""
    ticket = lifecycle.lock(ticket_id)
    link = JiraLink.objects.select_for_update().get(ticket=ticket)
    if link.state in (JiraState.LINKED, JiraState.UNLINKED):
        return
    why = {"error": str(reason), "cause": reason.to_json()}
    refused = stored_fields(fields)
    link.state, link.field_errors, link.updated_at = JiraState.BLOCKED, refused, clock.now()
    link.error, link.cause = str(reason), reason.to_json()
    link.save()
    event = lifecycle.record(
        ticket,
        kind=EventKind.JIRA_BLOCKED,
        data={"project": link.project_key, "type": link.issue_type, "fields": refused, **why},
    )
    raise_alert(
        BLOCKED_ALERT,
        title=_("Jira refuses issues"),
        body=_("%(ticket)s: %(error)s The ticket's page has a button to try again.")
        % {"ticket": ticket.ticket_id, "error": " ".join([str(reason), *_lines(fields)])},
    )
    emit(
        "ticket.jira_blocked",
        subject=ticket.ticket_id,
        payload={"project_key": link.project_key, "issue_type": link.issue_type},
        key=f"ticket.jira_blocked:{event.pk}",
    )


def report_duplicate(link: JiraLink, *, issue_id: str) -> None:
    """Another issue carries the ticket's label: have it looked at, once. In the caller's transaction."""
    key = f"jira.duplicate:{link.label}:{issue_id}"
    emit(
        "jira.duplicate",
        subject=f"duplicate:{issue_id}",
        payload={"ticket_id": link.ticket.ticket_id, "issue_id": issue_id},
        key=key,
    )


@transaction.atomic
def report_others(link: JiraLink, found: Iterable[JiraIssue]) -> None:
    """Those of the issues found by the ticket's label that are not the ticket's."""
    link.refresh_from_db()
    for issue in found:
        if issue.id != link.issue_id:
            report_duplicate(link, issue_id=issue.id)


@transaction.atomic
def record_duplicate(link: JiraLink, issue: JiraIssue) -> bool:
    """Note a second issue on the ticket and tell the admins. False when it was noted before."""
    ticket = lifecycle.lock(link.ticket.ticket_id)
    link = JiraLink.objects.select_for_update().get(pk=link.pk)
    if issue.id in [each.get("id") for each in link.duplicates]:
        return False
    link.duplicates = [*link.duplicates, {"id": issue.id, "key": issue.key}]
    link.save(update_fields=["duplicates"])
    lifecycle.record(ticket, kind=EventKind.JIRA_DUPLICATE, data={"key": issue.key, "kept": link.issue_key})
    values = {"ticket": ticket.ticket_id, "kept": link.issue_key, "second": issue.key}
    raise_alert(
        f"jira-duplicate:{ticket.ticket_id}",
        title=_("%(ticket)s has two Jira issues") % values,
        body=_("%(kept)s is the ticket's. %(second)s was made for it, too; a comment there says so. Close it.")
        % values,
    )
    return True


def _review_blocked() -> None:
    if not JiraLink.objects.filter(state=JiraState.BLOCKED).exists():
        clear_alert(BLOCKED_ALERT)


def _lines(fields: Mapping[str, Reason | str]) -> list[str]:
    return [f"{name}: {why}" for name, why in fields.items()]


@dataclass(frozen=True, slots=True)
class Shareable:
    """The issue of a similar ticket that is still worked on."""

    issue_key: str
    ticket_id: str
    summary: str


def shareable(ticket: Ticket, *, cases: Sequence[PastCase] | None = None, limit: int = 5) -> list[Shareable]:
    """Issues that this ticket could share: of tickets that read alike and are in progress, most similar first.

    `cases` are the `LOOKED_AT` most similar tickets, for a caller that has looked for them already.
    """
    if not is_configured():
        return []
    if cases is None:
        cases = similar_cases(text=ticket.raw_voc, exclude_ticket_id=ticket.ticket_id, limit=LOOKED_AT)
    ids = [case.ticket_id for case in cases]
    rows = JiraLink.objects.filter(
        ticket__ticket_id__in=ids, ticket__status=Status.IN_PROGRESS, state=JiraState.LINKED, gone_at=None
    ).select_related("ticket")
    found: dict[str, Shareable] = {}
    for link in sorted(rows, key=lambda row: ids.index(row.ticket.ticket_id)):
        about = link.ticket.summary or link.issue_summary
        found.setdefault(link.issue_key, Shareable(link.issue_key, link.ticket.ticket_id, about))
    return list(found.values())[:limit]
