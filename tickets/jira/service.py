"""JiraService, as the plan names it: the issue of an approved ticket, made exactly once whatever crashes.

The link row is the intent. Its states and what each means after a crash:

- `waiting`: nothing has left. Metadata are checked, `sending` is committed, then there is one POST.
- `sending`: the POST may have left. Whoever finds the row like this, after a crash, treats it as `unknown`.
- `unknown`: the issue is looked for by the label that only it carries, at `JIRA_LOOK_SECONDS` after the POST, because
  Jira's index is late. Found: it is adopted. Not found at the last: Jira did not make it, back to `waiting`.
- `linked`, `blocked`, `unlinked`: nothing is sent.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.jira.base import ISSUE_PROPERTY, CreatedIssue, JiraGone, JiraIssue, JiraRefused, JiraUnauthorised
from integrations.jira.client import JiraClient, get_client
from tickets.jira import describe, inbound, links, metadata
from tickets.jira.outage import LookLater
from tickets.jira.refusals import Refusal
from tickets.models import JiraLink, JiraOrigin, JiraState, Ticket
from tickets.results import Reason
from voc.core import clock
from voc.core.errors import Transient

# How often an issue is sent that Jira, as far as can be seen, never made.
MOST_POSTS: Final = 5


class JiraService:
    def __init__(self, client: JiraClient | None = None) -> None:
        self.client = client or get_client()

    def create_issue(self, ticket: Ticket, project_key: str, issue_type: str = "Bug") -> JiraIssue:
        """The ticket's issue, made or found again. Needs the ticket's link, and may be called again at any time.

        Raises LookLater (nobody knows yet, look again then), Transient (nothing was made), JiraUnauthorised, Permanent
        (refused; the link is as it was before), and RuntimeError inside a transaction.
        """
        link = JiraLink.objects.select_related("ticket").get(ticket=ticket)
        if link.state == JiraState.SENDING:
            links.mark_unknown(link)
        if link.state == JiraState.UNKNOWN:
            found = self._look(link)
            if found is not None:
                return found
        if link.state == JiraState.WAITING and link.posted_at:
            # It was given up while nobody knew, and a person asks again.
            found = self._found(link)
            if found is not None:
                return found
        if link.state == JiraState.WAITING and link.issue_key:
            return self._adopt(link, self.client.issue(link.issue_key), JiraOrigin.LINKED)
        if link.state == JiraState.WAITING:
            return self._create(link, project_key=project_key, issue_type=issue_type)
        if link.state != JiraState.LINKED:
            raise Refusal(Reason("jira.no_issue"))
        return self.client.issue(link.issue_id)

    def sync_status(self, ticket_id: str, jira_issue_key: str) -> None:
        """Read the issue, and have the ticket follow it."""
        inbound.sync_ticket(ticket_id, jira_issue_key)

    def _create(self, link: JiraLink, *, project_key: str, issue_type: str) -> JiraIssue:
        ticket = link.ticket
        if link.posts >= MOST_POSTS:
            raise Refusal(Reason("jira.sent_in_vain", {"times": str(link.posts)}))
        form = metadata.form_of(self.client, project_key=project_key, issue_type=issue_type)
        fields = metadata.checked(
            form, self._fields(link, project_key, issue_type, type_id=form.type.id), project_key=project_key
        )
        description = describe.document_of(ticket)
        if not links.begin_sending(link):
            raise LookLater("somebody else is at it", at=clock.now() + timedelta(seconds=5))
        made = self._post(link, fields, description=description, form=form, project_key=project_key)
        links.attach(ticket_id=ticket.ticket_id, issue=made, origin=JiraOrigin.CREATED)
        return JiraIssue(
            id=made.id,
            key=made.key,
            project_key=made.key.rpartition("-")[0],
            issue_type=form.type.name,
            summary=fields["summary"],
        )

    def _fields(self, link: JiraLink, project_key: str, issue_type: str, *, type_id: str) -> dict[str, Any]:
        ticket = link.ticket
        priority = describe.priority_of(ticket)
        configured = metadata.configured_fields(project_key=project_key, issue_type=issue_type)
        extra = describe.filled(ticket, configured)
        also = extra.pop("labels", [])
        labels = [*describe.labels_of(link), *(also if isinstance(also, list) else [])]
        return {
            **extra,
            "project": {"key": project_key},
            "issuetype": {"id": type_id},
            "summary": describe.title_of(ticket),
            "labels": list(dict.fromkeys(labels)),
            **({"priority": {"name": priority}} if priority else {}),
        }

    def _post(
        self, link: JiraLink, fields: Mapping[str, Any], *, description: Any, form: metadata.Form, project_key: str
    ) -> CreatedIssue:
        mark = {"ticket": link.ticket.ticket_id, "label": link.label}
        try:
            return self.client.create_issue(fields, description=description, properties={ISSUE_PROPERTY: mark})
        except Transient as error:
            if not error.ambiguous:
                links.take_back(link)
                raise
            links.mark_unknown(link)
            raise self._later(link, error.message) from error
        except JiraRefused as error:
            links.take_back(link)
            if isinstance(error, JiraUnauthorised):
                raise
            # What it needs has changed since we asked, or is such that it does not tell before.
            metadata.forget(project_key=project_key)
            named = {form.name_of(name): why for name, why in error.field_errors.items()}
            words = " ".join(error.messages)
            reason = Reason(text=words) if words else Reason("jira.refused")
            raise Refusal(reason, status=error.status, messages=error.messages, reasons=named) from error

    def _look(self, link: JiraLink) -> JiraIssue | None:
        """The issue whose making was cut off; None when it is certain by now that there is none."""
        posted = link.posted_at or link.updated_at
        waits = settings.JIRA_LOOK_SECONDS
        if link.looks < len(waits) and clock.now() < posted + timedelta(seconds=waits[link.looks]):
            raise self._later(link, _("Whether Jira made the issue is not known yet."))
        found = self._found(link)
        if found is not None:
            return found
        links.looked(link)
        if link.looks < len(waits):
            raise self._later(link, _("Whether Jira made the issue is not known yet."))
        links.send_again(link)
        return None

    def _found(self, link: JiraLink) -> JiraIssue | None:
        """The issue with the ticket's label, adopted."""
        found = sorted(self.client.search_all(f'labels = "{link.label}"'), key=lambda issue: int(issue.id))
        if not found:
            return None
        kept = self._adopt(link, self._kept(link, found), JiraOrigin.ADOPTED)
        links.report_others(link, found)
        return kept

    def _kept(self, link: JiraLink, found: list[JiraIssue]) -> JiraIssue:
        """The lowest of several; the others are looked at once the link stands."""
        return found[0] if len(found) == 1 else next((each for each in found if self.is_ours(link, each)), found[0])

    def is_ours(self, link: JiraLink, issue: JiraIssue) -> bool:
        """Whether we made this issue. A copy that a person made in Jira has our label, but not the property."""
        mark = self.client.issue_property(issue.id, ISSUE_PROPERTY)
        return isinstance(mark, dict) and mark.get("label") == link.label

    def _adopt(self, link: JiraLink, issue: JiraIssue, origin: JiraOrigin) -> JiraIssue:
        links.attach(ticket_id=link.ticket.ticket_id, issue=issue, origin=origin)
        return issue

    def _later(self, link: JiraLink, message: str) -> LookLater:
        waits = settings.JIRA_LOOK_SECONDS
        posted = link.posted_at or link.updated_at
        wait = waits[min(link.looks, len(waits) - 1)] if waits else 0
        return LookLater(message, at=posted + timedelta(seconds=wait))

    # --- after it is there ----------------------------------------------------------------------------------------

    def link_back(self, ticket: Ticket, *, issue_id: str) -> JiraIssue:
        """Set the link from the issue to the ticket, and our label where it is missing; the issue as it is now."""
        issue = self.client.issue(issue_id)
        self.client.set_remote_link(
            issue.id,
            global_id=describe.global_id(ticket),
            url=describe.ticket_url(ticket),
            title=ticket.ticket_id,
            summary=describe.title_of(ticket),
        )
        missing = [label for label in settings.JIRA_LABELS[:1] if label not in issue.labels]
        if missing:
            self.client.add_labels(issue.id, missing)
        return issue

    def unlink_back(self, ticket: Ticket, *, issue_id: str) -> None:
        """Take the link from the issue away. One that is gone has none."""
        try:
            self.client.remove_remote_link(issue_id, global_id=describe.global_id(ticket))
        except JiraGone:
            return
