"""What the flow's jobs do about issues. Each may run any number of times."""

import uuid
from typing import Final

import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from integrations.jira.base import JiraGone, JiraUnauthorised
from integrations.jira.document import plain
from tickets.jira import links
from tickets.jira.outage import LookLater, minded, require_jira
from tickets.jira.refusals import reason_of, reasons_of
from tickets.jira.service import JiraService
from tickets.models import EventKind, JiraLink, JiraState, Status, Ticket
from tickets.queries import undo_until
from tickets.results import Reason
from voc.core.errors import Permanent
from voc.core.outbox.api import RunningJob

OPEN: Final = (JiraState.WAITING, JiraState.SENDING, JiraState.UNKNOWN)
# Names the remark on a duplicate by what it is about, so that it is made once.
REMARKS: Final = uuid.UUID("5b6f6c1e-6a0e-4a52-9d7b-0f2f0f4f7a11")

log = structlog.get_logger(__name__)


def create_issue(job: RunningJob) -> None:
    """An approval takes effect (`ticket.decided`), or a person asked for it (`jira.create`): the ticket gets its issue.

    What Jira refuses is written on the ticket, and the job is done: a person decides what follows.
    """
    if job.payload.get("verdict", EventKind.CONFIRMED) != EventKind.CONFIRMED:
        return
    link = JiraLink.objects.select_related("ticket").filter(ticket__ticket_id=job.subject, state__in=OPEN).first()
    if link is None or _is_needless(link):
        return
    require_jira()
    with minded(job):
        try:
            made = JiraService().create_issue(link.ticket, link.project_key, link.issue_type)
        except JiraUnauthorised:
            raise
        except Permanent as error:
            fields = reasons_of(error)
            log.warning("jira.blocked", ticket_id=job.subject, error=error.message, fields=sorted(fields))
            links.block(ticket_id=job.subject, reason=reason_of(error), fields=fields)
        else:
            log.info("jira.created", ticket_id=job.subject, issue=made.key)


def _is_needless(link: JiraLink) -> bool:
    """Whether people have completed the ticket since, as they may while Jira is switched off: then none is made any more.

    Raises LookLater while that can still be undone. An issue that was sent or named already is seen to all the same.
    """
    if link.state != JiraState.WAITING or link.issue_key or link.posted_at or link.ticket.status != Status.DONE:
        return False
    if until := undo_until(link.ticket):
        raise LookLater("the verdict can still be undone", at=until)
    return links.let_go(ticket_id=link.ticket.ticket_id)


def give_up(job: RunningJob) -> None:
    """The issue will not be tried again by itself. Inside the transaction that gives the job up."""
    link = JiraLink.objects.filter(ticket__ticket_id=job.subject, state__in=OPEN).first()
    if link is not None and job.payload.get("verdict", EventKind.CONFIRMED) == EventKind.CONFIRMED:
        links.block(ticket_id=job.subject, reason=Reason(text=job.error), fields={})


def link_back(job: RunningJob) -> None:
    """Set the link from the issue to the ticket, or take it away; then the ticket shows the issue as it is.

    An issue that is gone meanwhile is what the next synchronisation tells about.
    """
    ticket = Ticket.objects.filter(ticket_id=job.subject).first()
    if ticket is None:
        return
    require_jira()
    issue_id = str(job.payload["issue_id"])
    with minded(job):
        service = JiraService()
        if job.payload.get("remove"):
            service.unlink_back(ticket, issue_id=issue_id)
            return
        try:
            issue = service.link_back(ticket, issue_id=issue_id)
        except JiraGone as error:
            log.info("jira.gone", issue_id=issue_id, error=error.message)
            return
    with job.fenced():
        links.linked_back(ticket, issue)


def report_duplicate(job: RunningJob) -> None:
    """Another issue has a ticket's label. If we made it: say so there, once, and tell the admins. A copy is not ours."""
    link = JiraLink.objects.select_related("ticket").filter(ticket__ticket_id=job.payload["ticket_id"]).first()
    if link is None or link.state != JiraState.LINKED:
        return
    require_jira()
    issue_id = str(job.payload["issue_id"])
    with minded(job):
        service = JiraService()
        try:
            issue = service.client.issue(issue_id)
        except JiraGone:
            return
        if issue.id == link.issue_id or not service.is_ours(link, issue):
            return
        marker = str(uuid.uuid5(REMARKS, f"{link.label}:{issue.id}"))
        if marker not in [comment.marker for comment in service.client.comments(issue.id)]:
            with translation.override(settings.JIRA_LANGUAGE):
                said = _(
                    "VOC made this issue a second time for %(ticket)s, because it did not learn of the first one,"
                    " %(key)s. That one is followed; please close this one as a duplicate."
                )
                words = said % {"ticket": link.ticket.ticket_id, "key": link.issue_key}
            service.client.add_comment(issue.id, plain(words), marker=marker)
    with job.fenced():
        links.record_duplicate(link, issue)
