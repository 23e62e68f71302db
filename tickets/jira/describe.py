"""What an issue says about its ticket: as much as JIRA_SHARE allows, and never more of a person than that."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from integrations.jira.document import (
    Block,
    Bullets,
    Code,
    Document,
    Heading,
    Link,
    Paragraph,
    clean,
    fitted,
    plain,
    shortened,
)
from llm.redaction import Redactor
from tickets.jira.reading import causes_of, evidence_of, facts_of, mapping, text
from tickets.lifecycle import name_of
from tickets.models import JiraLink, Ticket
from tickets.personal import hidden
from voc.core import clock
from voc.core.vocabulary import ProblemType, Urgency

# Jira's own limit.
MAX_SUMMARY: Final = 255


def ticket_url(ticket: Ticket) -> str:
    return str(settings.SITE_URL + reverse("ticket", args=[ticket.ticket_id]))


def global_id(ticket: Ticket) -> str:
    """Names the link from the issue to this ticket, so that setting it again changes it."""
    return f"voc:{settings.SITE_URL}:{ticket.ticket_id}"


def title_of(ticket: Ticket) -> str:
    """The issue's summary: one line of at most 255 characters."""
    with translation.override(settings.JIRA_LANGUAGE):
        said = _hidden(ticket, ticket.summary) if "summary" in settings.JIRA_SHARE else ""
        said = said or " · ".join(filter(None, (_type(ticket), ticket.affected_system or "")))
    line = " ".join(clean(said or _("Complaint")).split())
    return shortened(f"[{ticket.ticket_id}] {line}", MAX_SUMMARY)


def document_of(ticket: Ticket) -> Document:
    """The issue's description, cut to what Jira takes."""
    with translation.override(settings.JIRA_LANGUAGE):
        blocks: list[Block] = [Link(_("Open the ticket %(ticket)s") % {"ticket": ticket.ticket_id}, ticket_url(ticket))]
        blocks += [Bullets(tuple(_facts(ticket)))]
        for name, tell in (
            ("analysis", _analysis),
            ("evidence", _evidence),
            ("proposal", _proposal),
            ("complaint", _complaint),
        ):
            if name in settings.JIRA_SHARE:
                blocks += tell(ticket)
        blocks += [Heading(_("Where this comes from")), Paragraph(_attribution(ticket))]
        return fitted(tuple(blocks), ending=_("The rest was too long for Jira and stands on the ticket."))


def labels_of(link: JiraLink) -> list[str]:
    return [*settings.JIRA_LABELS, link.label]


def priority_of(ticket: Ticket) -> str:
    return str(settings.JIRA_PRIORITIES.get(ticket.urgency or "", ""))


def filled(ticket: Ticket, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of JIRA_FIELDS, with `{ticket_id}` and such filled in."""
    values = {
        "{ticket_id}": ticket.ticket_id,
        "{url}": ticket_url(ticket),
        "{system}": ticket.affected_system or "",
        "{urgency}": ticket.urgency or "",
        "{problem_type}": ticket.decided_primary or "",
    }
    return {name: _filled(value, values) for name, value in fields.items()}


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, each in values.items():
            value = value.replace(name, each)
        return value
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    return value


def _facts(ticket: Ticket) -> list[str]:
    urgency = str(Urgency(ticket.urgency).label) if ticket.urgency else ""
    confidence = f"{ticket.decision_confidence:.0%}" if ticket.decision_confidence is not None else ""
    facts = [
        (_("Problem type"), _type(ticket)),
        (_("Urgency"), urgency),
        (_("System"), ticket.affected_system or ""),
        (_("Confidence"), confidence),
        (_("Received at"), f"{ticket.received_at.astimezone(clock.site_zone()):%Y-%m-%d %H:%M %Z}"),
    ]
    if "customer_name" in settings.JIRA_SHARE:
        facts.append((_("Customer"), ticket.customer_name))
    if "customer_contact" in settings.JIRA_SHARE:
        facts.append((_("Contact"), ticket.customer_contact))
    return [f"{label}: {value}" for label, value in facts if value]


def _analysis(ticket: Ticket) -> list[Block]:
    causes = _hidden(ticket, causes_of(ticket.decision_reason))
    return [Heading(_("Analysis")), *(Paragraph(each) for each in causes)] if causes else []


def _evidence(ticket: Ticket) -> list[Block]:
    lines = _hidden(ticket, evidence_of(ticket.decision_reason))
    return [Heading(_("Evidence")), *(Code(each) for each in lines)] if lines else []


def _proposal(ticket: Ticket) -> list[Block]:
    proposal = _hidden(ticket, dict(mapping(ticket.action_proposal)))
    texts = [found for name in ("title", "description") if (found := text(proposal.get(name)))]
    facts = [f"{label}: {value}" for label, value in facts_of(proposal)]
    if not (texts or facts):
        return []
    blocks: list[Block] = [Heading(_("Proposal")), *(Paragraph(each) for each in texts)]
    return [*blocks, Bullets(tuple(facts))] if facts else blocks


def _complaint(ticket: Ticket) -> list[Block]:
    return [Heading(_("Complaint")), *plain(_hidden(ticket, ticket.raw_voc))]


def _attribution(ticket: Ticket) -> str:
    when = ticket.confirmed_at.astimezone(clock.site_zone()).strftime("%Y-%m-%d %H:%M") if ticket.confirmed_at else ""
    values = {"who": name_of(ticket.decided_by) or "VOC", "when": when, "analyst": ticket.analyst or "–"}
    said = _(
        "Approved by %(who)s at %(when)s; analysed by %(analyst)s. Made by VOC, which follows this issue's status."
    )
    return said % values


def _type(ticket: Ticket) -> str:
    decided = ticket.decided_primary
    return str(ProblemType(decided).label) if decided in ProblemType.values else ""


def _hidden(ticket: Ticket, value: Any) -> Any:
    """Complaints name people, and so do the analyses of them."""
    return hidden(value, Redactor((ticket.customer_name,)))
