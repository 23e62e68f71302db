"""Puts the timeline and the similar tickets into words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from llm.base import PastCase
from tickets.models import EventKind, RejectCategory, TicketEvent
from tickets.templatetags.tickets import analyst_label, correction_lines, shorten, type_label

OUTCOMES: Final[dict[str, Promise]] = {
    "approved": gettext_lazy("approved"),
    "corrected": gettext_lazy("corrected"),
    "rejected": gettext_lazy("rejected"),
    "completed": gettext_lazy("completed by hand"),
    "open": gettext_lazy("undecided"),
}
MESSAGES: Final[dict[str, Promise]] = {
    "ticket.urgent": gettext_lazy("urgent complaint"),
    "ticket.analysed": gettext_lazy("analysis"),
    "ticket.decided": gettext_lazy("verdict"),
    "ticket.jira_created": gettext_lazy("Jira issue"),
    "ticket.jira_blocked": gettext_lazy("no Jira issue"),
    "ticket.resolved": gettext_lazy("resolved"),
    "ticket.reminder": gettext_lazy("reminder"),
    "ticket.escalated": gettext_lazy("escalation"),
    "customer.received": gettext_lazy("confirmation to the customer"),
    "customer.closed": gettext_lazy("answer to the customer"),
}
CHANNELS: Final[dict[str, Promise | str]] = {
    "slack": gettext_lazy("Slack"),
    "email": gettext_lazy("E-mail"),
    "teams": "Teams",
    "pagerduty": "PagerDuty",
}


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    label: str
    who: str
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class SimilarLine:
    ticket_id: str
    headline: str
    outcome: str
    outcome_label: str | Promise
    percent: int


def lines_of(events: Iterable[TicketEvent]) -> list[Line]:
    """One line per event. Who may be told what is decided before, see `queries.timeline`."""
    return [
        Line(
            kind=event.kind,
            label=event.get_kind_display(),
            who=f"{event.actor_name} → Jira" if event.data.get("shared") else event.actor_name,
            at=event.at,
            detail=_detail(event),
        )
        for event in events
    ]


def similar_lines(cases: Iterable[PastCase]) -> list[SimilarLine]:
    return [
        SimilarLine(
            ticket_id=case.ticket_id,
            headline=shorten(case.summary or case.text),
            outcome=case.outcome,
            outcome_label=OUTCOMES.get(case.outcome, case.outcome),
            percent=round(case.similarity * 100),
        )
        for case in cases
    ]


def _detail(event: TicketEvent) -> str:
    tell = DETAILS.get(event.kind)
    return tell(event.told) if tell else ""


def _analysed(data: dict[str, Any]) -> str:
    confidence = data.get("confidence")
    figure = f"{confidence:.0%}" if isinstance(confidence, int | float) else ""
    return " · ".join(filter(None, (type_label(data.get("primary")), figure, analyst_label(data.get("analyst") or ""))))


def _confirmed(data: dict[str, Any]) -> str:
    changes = [
        f"{change.label}: {change.before} → {change.after}" for change in correction_lines(data.get("correction"))
    ]
    return _with_answer(", ".join(changes), data)


def _rejected(data: dict[str, Any]) -> str:
    category = data.get("category")
    label = str(RejectCategory(category).label) if category in RejectCategory.values else ""
    return _with_answer(" · ".join(filter(None, (label, str(data.get("reason") or "")))), data)


def _completed(data: dict[str, Any]) -> str:
    return _with_answer(str(data.get("resolution") or ""), data)


def _with_answer(detail: str, data: dict[str, Any]) -> str:
    answer = data.get("customer_answer")
    told = _("To the customer: %(answer)s") % {"answer": answer} if answer else ""
    return "\n".join(filter(None, (detail, told)))


def _assigned(data: dict[str, Any]) -> str:
    nobody = _("nobody")
    return f"{data.get('before') or nobody} → {data.get('assignee') or nobody}"


def _told(data: dict[str, Any]) -> str:
    event, channel, detail = (str(data.get(name) or "") for name in ("event", "channel", "detail"))
    told = (str(MESSAGES.get(event, event)), str(CHANNELS.get(channel, channel)), detail)
    return " · ".join(filter(None, told))


def _issue(data: dict[str, Any]) -> str:
    said = [str(data.get(name) or "") for name in ("key", "project", "type", "error")]
    fields = data.get("fields")
    said += [f"{name}: {why}" for name, why in fields.items()] if isinstance(fields, dict) else []
    return " · ".join(filter(None, said))


def _duplicate(data: dict[str, Any]) -> str:
    return _("%(key)s, kept is %(kept)s") % {"key": data.get("key"), "kept": data.get("kept")}


FOLLOWED: Final[dict[str, Promise]] = {
    "issue_key": gettext_lazy("Issue"),
    "status": gettext_lazy("Status"),
    "resolution": gettext_lazy("Resolution"),
    "issue_assignee": gettext_lazy("Assignee"),
    "due_on": gettext_lazy("Due"),
}


def _followed(data: dict[str, Any]) -> str:
    """What changed in Jira, as {field of the link: [before, after]}."""
    changes = data.get("changes")
    said = [
        f"{FOLLOWED[name]}: {before or '–'} → {after or '–'}"
        for name, (before, after) in (changes.items() if isinstance(changes, dict) else ())
        if name in FOLLOWED
    ]
    return ", ".join(said) or " · ".join(filter(None, (str(data.get(name) or "") for name in ("status", "resolution"))))


def _said_in_jira(data: dict[str, Any]) -> str:
    return "\n".join(filter(None, (str(data.get(name) or "") for name in ("author", "body"))))


def _gone(data: dict[str, Any]) -> str:
    return " · ".join(filter(None, (str(data.get(name) or "") for name in ("key", "reason"))))


def _value(key: str) -> Callable[[dict[str, Any]], str]:
    return lambda data: str(data.get(key) or "")


DETAILS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    EventKind.ANALYSED: _analysed,
    EventKind.MANUAL_REQUIRED: _value("reason"),
    EventKind.CONFIRMED: _confirmed,
    EventKind.REJECTED: _rejected,
    EventKind.COMPLETED: _completed,
    EventKind.RETRIED: _value("reason"),
    EventKind.ASSIGNED: _assigned,
    EventKind.COMMENTED: _value("body"),
    EventKind.TOLD: _told,
    EventKind.NOT_TOLD: _told,
    EventKind.JIRA_CREATED: _value("key"),
    EventKind.JIRA_LINKED: _value("key"),
    EventKind.JIRA_UNLINKED: _value("key"),
    EventKind.JIRA_BLOCKED: _issue,
    EventKind.JIRA_RETRIED: _issue,
    EventKind.JIRA_DUPLICATE: _duplicate,
    EventKind.JIRA_STATUS: _followed,
    EventKind.JIRA_DONE: _followed,
    EventKind.JIRA_REOPENED: _followed,
    EventKind.JIRA_COMMENTED: _said_in_jira,
    EventKind.JIRA_COMMENT_EDITED: _said_in_jira,
    EventKind.JIRA_COMMENT_DELETED: _said_in_jira,
    EventKind.JIRA_GONE: _gone,
    EventKind.JIRA_BACK: _value("key"),
}
