"""What Jira tells us by webhook, and reading one issue again. A telling is a hint: what is so, Jira says when it is asked."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from integrations.jira.base import ISSUE_PROPERTY, JiraGone, JiraIssue
from integrations.jira.client import JiraClient, get_client, is_configured
from integrations.jira.models import WebhookDelivery
from tickets.jira import comments, following, links
from tickets.jira.outage import minded
from tickets.models import JiraLink, JiraOrigin, JiraState
from voc.core import clock
from voc.core.errors import NotAllowed
from voc.core.outbox.api import RunningJob


def hear(job: RunningJob) -> None:
    """Handler of `jira.told`: read the issue that the webhook names, if it is ours; one reading answers all tellings so far."""
    issue_id = str(job.payload["issue_id"])
    delivery = WebhookDelivery.objects.filter(pk=job.payload["delivery"], handled_at=None)
    # What arrives from here on may tell of a change that this reading does not see.
    newest = WebhookDelivery.objects.filter(issue_id=issue_id).order_by("-pk").values_list("pk", flat=True).first()
    if is_configured() and delivery.exists():
        with minded(job):
            _hear(issue_id, labels=list(job.payload["labels"]))
    with job.fenced():
        heard = WebhookDelivery.objects.filter(issue_id=issue_id, pk__lte=newest or 0, handled_at=None)
        heard.update(handled_at=clock.now())


def _hear(issue_id: str, *, labels: list[str]) -> None:
    client = get_client()
    if awaiting(labels, issue_id=issue_id):
        try:
            recognise(client.issue(issue_id), client=client)
        except JiraGone:
            return
    if JiraLink.objects.filter(issue_id=issue_id, state=JiraState.LINKED).exists():
        read_issue(issue_id, client=client)


def awaiting(labels: Iterable[str], *, issue_id: str) -> list[JiraLink]:
    """Links that one of the labels names, and that have been sent but do not lead to this issue."""
    named = JiraLink.objects.filter(label__in=list(labels), posts__gt=0).exclude(state=JiraState.UNLINKED)
    return list(named.exclude(issue_id=issue_id).select_related("ticket"))


def recognise(issue: JiraIssue, *, client: JiraClient) -> None:
    """An issue that carries a ticket's label is that ticket's: the answer to our POST may be still to come, or be lost.

    A copy that a person made in Jira has our label, too, but not the property.
    """
    for link in awaiting(issue.labels, issue_id=issue.id):
        mark = client.issue_property(issue.id, ISSUE_PROPERTY)
        if isinstance(mark, dict) and mark.get("label") == link.label:
            links.attach(ticket_id=link.ticket.ticket_id, issue=issue, origin=JiraOrigin.ADOPTED)


def read_issue(issue_id: str, *, client: JiraClient | None = None) -> int:
    """Fetch an issue, and its comments if they changed; let its tickets follow. Returns how many changed."""
    client = client or get_client()
    try:
        issue = client.issue(issue_id)
    except JiraGone as error:
        return following.lose(issue_id, reason=error.message)
    return take(issue, client=client)


def take(issue: JiraIssue, *, client: JiraClient) -> int:
    """Let the tickets of an issue that was just fetched follow it, comments included; how many changed."""
    changed = following.apply(issue)
    return changed + comments.take(issue, client=client)


def sync_ticket(ticket_id: str, jira_issue_key: str) -> None:
    """Bring one ticket up to its issue now. Raises NotAllowed when it is not linked to it, and what the client raises."""
    link = JiraLink.objects.filter(ticket__ticket_id=ticket_id, state=JiraState.LINKED).first()
    if link is None or jira_issue_key not in (link.issue_key, link.issue_id):
        raise NotAllowed(_("This ticket is not linked to %(key)s.") % {"key": jira_issue_key})
    read_issue(link.issue_id)
