"""What is said of a ticket: one message per occasion, in the reader's language, with no more than NOTIFY_FIELDS allows.

The customer's contact is in none of them, and his own words only without personal data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.jira.client import browse_url
from notifications.message import Button, Incident, NotificationMessage
from notifications.routing.occasions import Occasion
from tickets.lifecycle import name_of
from tickets.models import EventKind, JiraLink, Status, Ticket, TicketEvent
from tickets.personal import hidden, redactor_of
from voc.core.vocabulary import ProblemType, Urgency

APPROVE: Final = "voc.approve"
REJECT: Final = "voc.reject"

TITLES: Final[dict[str, Promise]] = {
    "ticket.urgent": _("Urgent complaint %(ticket)s"),
    "ticket.analysed": _("%(ticket)s is analysed"),
    "ticket.jira_created": _("%(ticket)s has a Jira issue"),
    "ticket.jira_blocked": _("%(ticket)s: no Jira issue could be created"),
    "ticket.resolved": _("%(ticket)s is resolved"),
    "ticket.reminder": _("%(ticket)s still waits for a decision"),
    "ticket.escalated": _("Escalation: nobody has decided on %(ticket)s"),
    EventKind.CONFIRMED: _("%(ticket)s approved"),
    EventKind.REJECTED: _("%(ticket)s rejected"),
    EventKind.COMPLETED: _("%(ticket)s completed by hand"),
}
NEEDS_PEOPLE: Final = _("%(ticket)s needs a person")


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened. `verdict` is the event of a decision; `data` what the occasion brought with it (see `_EXTRAS`)."""

    event: str
    key: str
    verdict: TicketEvent | None = None
    data: dict[str, Any]


def occasion_of(ticket: Ticket, event: str) -> Occasion:
    """What rules look at."""
    return Occasion(
        event=event,
        subject=ticket.ticket_id,
        urgency=ticket.urgency or "",
        problem_type=ticket.decided_primary or ticket.suspected_type_primary or "",
        system=ticket.affected_system or "",
    )


def compose(ticket: Ticket, news: News, language: str) -> NotificationMessage:
    """The message about this ticket in "ko" or "en"."""
    with translation.override(language):
        fields = [
            (str(label), value(ticket)) for name, (label, value) in _FIELDS.items() if name in settings.NOTIFY_FIELDS
        ]
        fields += [(str(label), value(ticket, news)) for label, value in _EXTRAS.get(news.event, ())]
        return NotificationMessage(
            event=news.event,
            key=news.key,
            subject=ticket.ticket_id,
            title=_title(ticket, news),
            body=_summary(ticket) if "summary" in settings.NOTIFY_FIELDS else "",
            url=address_of(ticket),
            urgency=Urgency(ticket.urgency) if ticket.urgency else None,
            fields=tuple((label, text) for label, text in fields if text),
            language=language,
            thread=ticket.ticket_id,
            status=standing(ticket),
            buttons=buttons(ticket),
            incident=incident(ticket),
        )


def address_of(ticket: Ticket) -> str:
    return f"{settings.SITE_URL}{reverse('ticket', args=[ticket.ticket_id])}"


def standing(ticket: Ticket) -> str:
    """How things stand, in the language in force."""
    label = str(Status(ticket.status).label)
    return f"{label} · {name_of(ticket.decided_by)}" if ticket.decided_by and not _waits(ticket) else label


def buttons(ticket: Ticket) -> tuple[Button, ...]:
    """What can be decided on the spot. The value names the decision that is seen: of another one nothing is known."""
    if ticket.status != Status.WAITING_CONFIRM:
        return ()
    value = button_value(ticket)
    return (
        Button(action=APPROVE, label=gettext("Approve"), value=value, style="primary"),
        Button(action=REJECT, label=gettext("Reject"), value=value, style="danger"),
    )


def button_value(ticket: Ticket) -> str:
    """The ticket and its decision: another analysis makes another value."""
    return f"{ticket.ticket_id}/{ticket.analyzed_at.isoformat() if ticket.analyzed_at else ''}"


def incident(ticket: Ticket) -> Incident:
    """What the ticket is to channels that keep incidents."""
    if ticket.status in (Status.DONE, Status.REJECTED):
        return Incident.RESOLVE
    return Incident.ACKNOWLEDGE if ticket.status == Status.IN_PROGRESS else Incident.TRIGGER


def _waits(ticket: Ticket) -> bool:
    return ticket.status in (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED, Status.ANALYZING)


def _title(ticket: Ticket, news: News) -> str:
    title = TITLES[news.verdict.kind if news.verdict else news.event]
    if news.event == "ticket.analysed" and ticket.status == Status.MANUAL_REQUIRED:
        title = NEEDS_PEOPLE
    return str(title) % {"ticket": ticket.ticket_id}


def _summary(ticket: Ticket) -> str:
    """Often the customer's own words, and whoever reads the channel need not know who he is."""
    return _anonymous(ticket, ticket.summary)


def _anonymous(ticket: Ticket, text: str) -> str:
    result: str = hidden(text, redactor_of(ticket))
    return result


def _problem_type(ticket: Ticket) -> str:
    decided = ticket.decided_primary or ticket.suspected_type_primary
    return str(ProblemType(decided).label) if decided else ""


def _urgency(ticket: Ticket) -> str:
    return str(Urgency(ticket.urgency).label) if ticket.urgency else ""


def _confidence(ticket: Ticket, _news: News) -> str:
    return f"{ticket.decision_confidence:.0%}" if ticket.decision_confidence is not None else ""


def _why_people(ticket: Ticket, _news: News) -> str:
    return _anonymous(ticket, ticket.why_people) if ticket.status == Status.MANUAL_REQUIRED else ""


def _who(_ticket: Ticket, news: News) -> str:
    return news.verdict.actor_name if news.verdict else ""


def _issue(ticket: Ticket, _news: News) -> str:
    return f"{ticket.jira_issue_key} {browse_url(ticket.jira_issue_key)}" if ticket.jira_issue_key else ""


def _refusal(ticket: Ticket, _news: News) -> str:
    """Why Jira makes no issue, as it stands on the ticket."""
    link = JiraLink.objects.filter(ticket=ticket).first()
    said = [link.refusal, *(f"{name}: {why}" for name, why in link.field_refusals.items())] if link else []
    return _anonymous(ticket, " ".join(filter(None, said)))


def _waited(_ticket: Ticket, news: News) -> str:
    return duration(timedelta(seconds=news.data["seconds"]))


def duration(length: timedelta) -> str:
    """In hours and minutes, or minutes alone."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = [ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}] if hours else []
    if minutes or not hours:
        parts.append(ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes})
    return " ".join(parts)


# What a message may say of a ticket beside its summary, by the names of `notifications.message.ALLOWABLE`.
_FIELDS: Final[dict[str, tuple[Promise, Callable[[Ticket], str]]]] = {
    "urgency": (_("Urgency"), _urgency),
    "problem_type": (_("Problem type"), _problem_type),
    "system": (_("System"), lambda ticket: ticket.affected_system or ""),
    "customer_name": (_("Customer"), lambda ticket: ticket.customer_name),
}
# What an occasion adds: no data of the customer's.
_WAITED: Final = ((_("Has waited"), _waited),)
_ISSUE: Final = (_("Jira issue"), _issue)
_EXTRAS: Final[dict[str, tuple[tuple[Promise, Callable[[Ticket, News], str]], ...]]] = {
    "ticket.analysed": ((_("Confidence"), _confidence), (_("Why people must decide"), _why_people)),
    "ticket.decided": ((_("Decided by"), _who),),
    "ticket.jira_created": (_ISSUE,),
    "ticket.jira_blocked": ((_("Reason"), _refusal),),
    "ticket.resolved": (_ISSUE,),
    "ticket.reminder": _WAITED,
    "ticket.escalated": _WAITED,
}
