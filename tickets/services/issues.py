"""What is decided about a ticket's Jira issue: that there shall be one, which, and that there shall be none.

Nothing here talks to Jira: the link is the intent, written in the caller's transaction, and `tickets.jira` acts on it.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.jira.client import is_configured
from tickets import cleaning, lifecycle
from tickets.models import EventKind, JiraLink, JiraState, Status, System, Ticket
from tickets.models.jira import new_label
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.api import emit

MAX_PROJECT: Final = 32
MAX_TYPE: Final = 60
KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,9}")
# Whether Jira has an issue, or is just about to have one, cannot be said now.
IN_THE_AIR: Final = (JiraState.SENDING, JiraState.UNKNOWN)
# A link that has seen no issue: what was read of one must not be taken for another's.
NOTHING_SEEN: Final[dict[str, Any]] = {
    **dict.fromkeys(("issue_id", "issue_key", "origin", "error", "issue_summary", "status", "status_category"), ""),
    **dict.fromkeys(("resolution", "issue_assignee", "issue_priority", "gone_reason", "comments_read"), ""),
    **dict.fromkeys(("due_on", "issue_updated_at", "gone_at", "remote_linked_at")),
    "field_errors": {},
    "cause": None,
}
LINKABLE: Final = (Status.IN_PROGRESS, Status.DONE)


@dataclass(frozen=True, slots=True)
class JiraChoice:
    """What the manager says about the issue; "" leaves it to the catalogue and the settings. `issue_key` is one to share."""

    project_key: str = ""
    issue_type: str = ""
    issue_key: str = ""


def follows_approval() -> bool:
    """Whether an approved ticket becomes an issue; without Jira it is done with its approval."""
    return is_configured()


def usual_choice(*, system: str | None, problem_type: str | None) -> JiraChoice:
    """Where an issue about this goes, and as what, unless somebody says otherwise."""
    found = System.objects.filter(name=system).first() if system else None
    usual_type = settings.JIRA_ISSUE_TYPES.get(problem_type or "", "") or "Task"
    return JiraChoice(
        project_key=(found.jira_project if found else "") or settings.JIRA_DEFAULT_PROJECT,
        issue_type=(found.jira_issue_type if found else "") or usual_type,
    )


def plan_issue(ticket: Ticket, choice: JiraChoice | None) -> JiraLink:
    """Write down that the approved ticket gets an issue. Whoever approves emits the job that makes it."""
    said = choice or JiraChoice()
    usual = usual_choice(system=ticket.affected_system, problem_type=ticket.decided_primary)
    key = issue_key(said.issue_key) if said.issue_key else ""
    now = clock.now()
    before = JiraLink.objects.filter(ticket=ticket).first()
    values: dict[str, Any] = {
        "state": JiraState.WAITING,
        "project_key": _named("jira.project_key", said.project_key, MAX_PROJECT) or usual.project_key,
        "issue_type": _named("jira.issue_type", said.issue_type, MAX_TYPE) or usual.issue_type,
        "issue_key": key,
        "issue_id": "",
        "origin": "",
        "error": "",
        "cause": None,
        "field_errors": {},
        "updated_at": now,
    }
    if before is None:
        return JiraLink.objects.create(ticket=ticket, created_at=now, **values)
    if before.state == JiraState.UNLINKED:
        # The issue that it had carries the old label, and must not be found for the new one.
        values |= {"label": new_label(), "posted_at": None}
    JiraLink.objects.filter(pk=before.pk).update(**values, posts=0, looks=0)
    before.refresh_from_db()
    return before


def forget_issue(ticket: Ticket) -> None:
    """Take the plan back together with the verdict. What has been sent stays."""
    JiraLink.objects.filter(ticket=ticket, state=JiraState.WAITING, posts=0).delete()


def may_complete(ticket: Ticket) -> bool:
    """Whether people say when the ticket is done: not while Jira does. What is unlinked or refused there they complete."""
    if ticket.status != Status.IN_PROGRESS or not is_configured():
        return True
    followed = JiraLink.objects.filter(ticket=ticket).exclude(state__in=(JiraState.UNLINKED, JiraState.BLOCKED))
    return not followed.exists()


def check_completion(ticket: Ticket) -> None:
    """Raise NotAllowed unless `may_complete`."""
    if not may_complete(ticket):
        raise NotAllowed(_("Jira says when this ticket is done. To complete it by hand, unlink its issue first."))


@transaction.atomic
def link_issue(*, ticket_id: str, actor: User | None, key: str) -> Ticket:
    """Have an existing issue be the ticket's. Whether there is one shows when it has been fetched."""
    wanted = issue_key(key)
    ticket, link = _locked(ticket_id)
    if ticket.status not in LINKABLE:
        raise NotAllowed(_("Only an approved ticket has a Jira issue."))
    if link is not None:
        if link.state == JiraState.LINKED:
            raise NotAllowed(_("It is linked to %(key)s already: unlink that first.") % {"key": link.issue_key})
        if link.state in IN_THE_AIR:
            raise NotAllowed(_in_the_air())
    link = plan_issue(ticket, JiraChoice(issue_key=wanted))
    _ask(ticket, link, actor)
    return ticket


@transaction.atomic
def create_issue_again(*, ticket_id: str, actor: User | None, project_key: str = "", issue_type: str = "") -> Ticket:
    """Try once more what Jira refused, perhaps in another project or as another type; or make one for an unlinked ticket."""
    ticket, link = _locked(ticket_id)
    if ticket.status != Status.IN_PROGRESS:
        raise NotAllowed(_("Only an approved ticket has a Jira issue."))
    if link is not None and link.state not in (JiraState.BLOCKED, JiraState.UNLINKED):
        raise NotAllowed(_("Its issue is not one that Jira refused."))
    before = JiraChoice(link.project_key, link.issue_type, link.issue_key) if link else JiraChoice()
    shares = bool(link and link.state == JiraState.BLOCKED and link.issue_key)
    choice = JiraChoice(
        project_key=project_key or before.project_key,
        issue_type=issue_type or before.issue_type,
        issue_key=before.issue_key if shares and not project_key else "",
    )
    link = plan_issue(ticket, choice)
    lifecycle.record(
        ticket,
        kind=EventKind.JIRA_RETRIED,
        actor=actor,
        data={"project": link.project_key, "type": link.issue_type, "key": link.issue_key},
    )
    _ask(ticket, link, actor)
    return ticket


@transaction.atomic
def unlink_issue(*, ticket_id: str, actor: User | None) -> Ticket:
    """The ticket no longer follows its issue, which stays as it is but for the link back."""
    ticket, link = _locked(ticket_id)
    if link is None or link.state == JiraState.UNLINKED:
        raise NotAllowed(_("This ticket has no Jira issue."))
    if link.state in IN_THE_AIR:
        raise NotAllowed(_in_the_air())
    key, issue_id = link.issue_key, link.issue_id
    JiraLink.objects.filter(pk=link.pk).update(state=JiraState.UNLINKED, updated_at=clock.now(), **NOTHING_SEEN)
    lifecycle.update(ticket, {"jira_issue_key": None, "jira_project_key": None, "jira_synced_at": None})
    lifecycle.record(ticket, kind=EventKind.JIRA_UNLINKED, actor=actor, data={"key": key})
    if issue_id:
        payload = {"issue_id": issue_id, "remove": True}
        emit("jira.link_back", subject=ticket.ticket_id, payload=payload)
    return ticket


def issue_key(value: str) -> str:
    """PAY-12, also out of an issue's address. Raises InvalidInput."""
    key = value.strip().rstrip("/").rpartition("/")[2].partition("?")[0].upper()
    if not KEY.fullmatch(key):
        message = _("An issue is named like PAY-12.")
        raise InvalidInput(field="issue_key", message=message, code="value_error")
    return key


def _ask(ticket: Ticket, link: JiraLink, actor: User | None) -> None:
    payload = {"by": actor.pk if actor else None}
    emit(
        "jira.create",
        subject=ticket.ticket_id,
        payload=payload,
        key=f"jira.create:{link.pk}:{link.updated_at.timestamp()}",
    )


def _locked(ticket_id: str) -> tuple[Ticket, JiraLink | None]:
    if not is_configured():
        raise NotAllowed(_("Jira is not configured."))
    ticket = lifecycle.lock(ticket_id)
    return ticket, JiraLink.objects.select_for_update().filter(ticket=ticket).first()


def _in_the_air() -> str:
    return _("Whether Jira made the issue is just being found out. Try again in some minutes.")


def _named(field: str, value: str, most: int) -> str:
    return cleaning.text(field, value, most=most, required=False).strip()
