"""Tags that show a ticket's values: chips, meters, labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import AnalysisRun, Status, Ticket
from voc.core import clock, text
from voc.core.vocabulary import ProblemType, Urgency

register = template.Library()

HIGH, MEDIUM = 0.8, 0.6
HEADLINE_LENGTH = 100


def _chip(kind: str, label: str | Promise) -> SafeString:
    return format_html('<span class="chip chip-{}">{}</span>', kind, label)


@register.simple_tag
def status_chip(status: str) -> SafeString:
    return _chip(status, Status(status).label)


@register.simple_tag
def urgency_chip(urgency: str | None) -> SafeString | str:
    return _chip(urgency, Urgency(urgency).label) if urgency in Urgency.values else ""


@register.inclusion_tag("tickets/partials/confidence.html")
def confidence(value: float | None, wide: bool = False) -> dict[str, object]:
    """A meter with the number and its word: 0.8 and more is high, 0.6 and more medium, below low."""
    if value is None:
        return {"known": False}
    word, label = (
        ("high", _("high")) if value >= HIGH else ("medium", _("medium")) if value >= MEDIUM else ("low", _("low"))
    )
    return {"known": True, "percent": round(value * 100), "word": word, "label": label, "wide": wide}


@register.filter
def headline(ticket: Ticket) -> str:
    """The summary, or the complaint's first line that says something."""
    return shorten(ticket.summary or ticket.raw_voc) or ticket.ticket_id


def shorten(words: str) -> str:
    """The first line that says something, cut to the length of a heading."""
    line = next((line.strip() for line in words.splitlines() if line.strip()), "")
    return text.shorten(line, HEADLINE_LENGTH)


@register.filter
def type_of(ticket: Ticket) -> str:
    """The problem type in force, or the suspected one."""
    return type_label(ticket.decided_primary or ticket.suspected_type_primary)


@register.filter
def second_type_of(ticket: Ticket) -> str:
    return type_label(ticket.decided_secondary)


@dataclass(frozen=True, slots=True)
class Correction:
    label: str
    before: str
    after: str


@register.filter
def corrections(ticket: Ticket) -> list[Correction]:
    return correction_lines(ticket.correction)


def correction_lines(correction: Mapping[str, Sequence[str | None]] | None) -> list[Correction]:
    """What a manager set against the analyst, in words; `correction` is {field: [analyst's, manager's]}."""
    shown = {
        "primary_type": (_("Problem type"), type_label),
        "secondary_type": (_("Second type"), type_label),
        "urgency": (_("Urgency"), urgency_label),
        "affected_system": (_("System"), lambda value: value or ""),
    }
    return [
        Correction(label, name(correction[field][0]) or _("None"), name(correction[field][1]) or _("None"))
        for field, (label, name) in shown.items()
        if correction and field in correction
    ]


ANALYSTS: dict[str, Promise] = {"offline": gettext_lazy("offline analyst")}


@register.filter
def analyst_name(of: Ticket | AnalysisRun) -> str:
    return analyst_label(of.analyst)


def analyst_label(name: str) -> str:
    """Who decided: a model by its name, the built-in analyst in words."""
    return str(ANALYSTS.get(name, name))


@register.simple_tag
def log_time(moment: datetime) -> SafeString:
    """A moment as logs write it, in the site's zone, with milliseconds where there are any."""
    local = moment.astimezone(clock.site_zone())
    written = local.strftime("%Y-%m-%d %H:%M:%S") + (f".{local.microsecond // 1000:03d}" if local.microsecond else "")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), written)


@register.filter
def type_label(value: str | None) -> str:
    return str(ProblemType(value).label) if value in ProblemType.values else value or ""


@register.filter
def urgency_label(value: str | None) -> str:
    return str(Urgency(value).label) if value in Urgency.values else value or ""


@register.filter
def status_label(value: str | None) -> str:
    return str(Status(value).label) if value in Status.values else value or ""
