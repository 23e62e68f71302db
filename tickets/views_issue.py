"""The Jira issue on the ticket's page: what it is, what is wrong with it, what people may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import has_permission
from integrations.jira.client import browse_url, is_configured
from llm.base import PastCase
from llm.redaction import Redactor
from tickets.forms import IssueOffer
from tickets.jira.links import shareable
from tickets.models import JiraLink, JiraState, Status, Ticket
from tickets.personal import hidden
from tickets.services import usual_choice
from tickets.templatetags.tickets import shorten

CHIPS: Final[dict[str, str]] = {
    JiraState.WAITING: "info",
    JiraState.SENDING: "info",
    JiraState.UNKNOWN: "warning",
    JiraState.LINKED: "DONE",
    JiraState.BLOCKED: "critical",
    JiraState.UNLINKED: "plain",
}
CATEGORIES: Final[dict[str, str]] = {"new": "info", "indeterminate": "IN_PROGRESS", "done": "DONE"}
MEANINGS: Final[dict[str, Promise]] = {
    JiraState.WAITING: _("Jira is asked as soon as it can be."),
    JiraState.UNKNOWN: _(
        "The connection broke off while the issue was made. It is looked for before anything is sent again."
    ),
}


@dataclass(frozen=True, slots=True)
class Card:
    """`link` is None for a ticket that never had an issue."""

    link: JiraLink | None
    url: str
    chip: str
    status_chip: str
    meaning: str | Promise
    shared_with: tuple[str, ...]
    may_create: bool
    may_link: bool
    may_unlink: bool


def card_of(user: User, ticket: Ticket, *, redactor: Redactor | None = None) -> Card | None:
    """None where there is nothing to show: no Jira, or a ticket that is not approved. With a `redactor`, what is personal in
    Jira's words is hidden."""
    link = JiraLink.objects.filter(ticket=ticket).first()
    if link and redactor:
        for name in ("issue_summary", "error", "cause", "field_errors", "gone_reason"):
            setattr(link, name, hidden(getattr(link, name), redactor))
    approved = ticket.status in (Status.IN_PROGRESS, Status.DONE)
    if not (link or (is_configured() and approved)):
        return None
    state = JiraState(link.state) if link else JiraState.UNLINKED
    linked = state == JiraState.LINKED
    acts = is_configured() and approved and has_permission(user, "ticket:confirm")
    others = (
        JiraLink.objects.filter(issue_id=link.issue_id, state=JiraState.LINKED)
        if link and linked
        else JiraLink.objects.none()
    )
    free = state in (JiraState.UNLINKED, JiraState.BLOCKED)
    return Card(
        link=link,
        url=browse_url(link.issue_key) if link and link.issue_key else "",
        chip=CHIPS[state],
        status_chip=CATEGORIES.get(link.status_category, "plain") if link else "plain",
        meaning=MEANINGS.get(state, ""),
        shared_with=tuple(others.exclude(ticket=ticket).values_list("ticket__ticket_id", flat=True)[:20]),
        may_create=acts and free and ticket.status == Status.IN_PROGRESS,
        may_link=acts and free,
        may_unlink=acts and state in (JiraState.LINKED, JiraState.BLOCKED, JiraState.WAITING),
    )


def issue_offer(ticket: Ticket, *, cases: Sequence[PastCase] | None = None) -> IssueOffer | None:
    """What the approval may say about the issue; None where none follows. `cases` as in `shareable`."""
    if not is_configured():
        return None
    problem_type = ticket.decided_primary or ticket.suspected_type_primary
    return IssueOffer(
        usual=usual_choice(system=ticket.affected_system, problem_type=problem_type),
        shareable=[
            (each.issue_key, f"{each.issue_key} · {shorten(each.summary)}") for each in shareable(ticket, cases=cases)
        ],
    )
