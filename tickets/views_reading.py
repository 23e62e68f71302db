"""Reads the JSON of a decision into values that a page can show.

The shapes are those of the API, but tickets that were moved in, and models, may leave anything out or put something else
there: what does not fit is left away, never an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from tickets.analysis.score import WEIGHTS
from tickets.models import AnalysisRun
from tickets.templatetags.tickets import type_label, urgency_label
from voc.core import clock

Label = str | Promise

# Key in `confidence_breakdown`, label, share of the whole (0–1).
PARTS: Final[tuple[tuple[str, Label, float], ...]] = (
    ("log_evidence", _("Log evidence"), WEIGHTS.log_evidence),
    ("pattern_match", _("Known patterns"), WEIGHTS.pattern_match),
    ("log_voc_correlation", _("Complaint and logs agree"), WEIGHTS.correlation),
    ("type_consistency", _("Types agree"), WEIGHTS.type_consistency),
)

# Keys of `action_proposal` that are shown as they are, in this order.
PLAIN_FACTS: Final[tuple[tuple[str, Label], ...]] = (
    ("target_system", _("Target system")),
    ("contact_info", _("Contact")),
    ("code_location", _("Place in the code")),
    ("error_summary", _("Error")),
    ("error_details", _("Error details")),
    ("fix_direction", _("Direction of the fix")),
    ("suggested_approach", _("Approach")),
    ("severity", _("Severity")),
    ("category", _("Category")),
    ("problem_pattern", _("Pattern")),
    ("proposal", _("Proposal")),
    ("suggested_improvement", _("Improvement")),
    ("expected_impact", _("Expected effect")),
    ("business_impact", _("Effect on the business")),
    ("stakeholders", _("Who has a say")),
)

SEVERITIES: Final[dict[str, Promise]] = {
    "low": _("Low"),
    "medium": _("Medium"),
    "high": _("High"),
    "critical": _("Critical"),
}

ACTIONS: Final[dict[str, tuple[str, Label]]] = {
    "integration_inquiry": ("mail", _("Inquiry to the provider")),
    "code_fix": ("code", _("Code fix")),
    "business_proposal": ("bulb", _("Proposal to the business")),
}


@dataclass(frozen=True, slots=True)
class Grade:
    """`weight` in per cent, `value` 0–1."""

    label: Label
    weight: int
    value: float

    @property
    def percent(self) -> int:
        return round(self.value * 100)


@dataclass(frozen=True, slots=True)
class Quote:
    quote: str
    why: str = ""
    level: str = ""
    service: str = ""
    source: str = ""
    url: str = ""
    timestamp: datetime | None = None
    mock: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    label: Label
    value: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """`subject` and `body` are the mail draft, when the proposal is an inquiry."""

    icon: str
    kind: Label
    title: str
    description: str
    facts: tuple[Fact, ...]
    files: tuple[str, ...]
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Reading:
    summary: str
    root_cause: str
    evidence_summary: str
    log_summary: str
    quotes: tuple[Quote, ...]
    ruled_out: tuple[str, ...]
    grades: tuple[Grade, ...]
    similar_ids: tuple[str, ...]

    @property
    def any_mock(self) -> bool:
        return any(quote.mock for quote in self.quotes)


@dataclass(frozen=True, slots=True)
class Change:
    label: Label
    before: Label
    after: Label


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that is not the newest, with what the run after it decided otherwise."""

    run: AnalysisRun
    changes: tuple[Change, ...]


def read_decision(reason: object) -> Reading:
    data = _mapping(reason)
    return Reading(
        summary=_text(data.get("summary")),
        root_cause=_text(data.get("root_cause_analysis")),
        evidence_summary=_text(data.get("evidence_summary")),
        log_summary=_text(data.get("log_summary")),
        quotes=tuple(_quote(item) for item in _list(data.get("evidence"))),
        ruled_out=tuple(filter(None, (_text(item) for item in _list(data.get("ruled_out"))))),
        grades=_grades(_mapping(data.get("confidence_breakdown"))),
        similar_ids=tuple(filter(None, (_ticket_id(item) for item in _list(data.get("similar_cases_used"))))),
    )


def read_proposal(proposal: object) -> Proposal | None:
    """None when there is nothing to show."""
    data = _mapping(proposal)
    if not data:
        return None
    icon, kind = ACTIONS.get(_text(data.get("action_type")), ("info", _("Proposal")))
    draft = _mapping(data.get("email_draft"))
    return Proposal(
        icon=icon,
        kind=kind,
        title=_text(data.get("title")),
        description=_text(data.get("description")),
        facts=_facts(data),
        files=tuple(filter(None, (_text(item) for item in _list(data.get("affected_files"))))),
        subject=_text(draft.get("subject")),
        body=_text(draft.get("body")),
    )


def compare_runs(runs: Iterable[AnalysisRun]) -> list[PastRun]:
    """`runs` newest first; what each older one decided, against the finished one that came after it."""
    past: list[PastRun] = []
    newer: AnalysisRun | None = None
    for run in runs:
        if newer is not None:
            past.append(PastRun(run, _differences(run, newer)))
        if run.result is not None or newer is None:
            newer = run
    return past


def _differences(old: AnalysisRun, new: AnalysisRun) -> tuple[Change, ...]:
    if old.result is None or new.result is None:
        return ()
    before, after = _shown(old), _shown(new)
    return tuple(
        Change(label, before[key] or "–", after[key] or "–")
        for key, label in SHOWN.items()
        if before[key] != after[key]
    )


SHOWN: Final[dict[str, Label]] = {
    "primary": _("Problem type"),
    "secondary": _("Second type"),
    "urgency": _("Urgency"),
    "affected_system": _("System"),
    "confidence": _("Confidence"),
}


def _shown(run: AnalysisRun) -> dict[str, Label]:
    result = _mapping(run.result)
    return {
        "primary": type_label(_text(result.get("primary"))),
        "secondary": type_label(_text(result.get("secondary"))),
        "urgency": urgency_label(_text(result.get("urgency"))),
        "affected_system": _text(result.get("affected_system")),
        "confidence": "" if run.confidence is None else f"{run.confidence:.0%}",
    }


def _facts(data: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What is said twice, under an old key and a new one, is shown once."""
    facts: dict[str, Fact] = {}
    for key, label in PLAIN_FACTS:
        if value := _fact(key, data.get(key)):
            facts.setdefault(value, Fact(label, value))
    return tuple(facts.values())


def _fact(key: str, value: object) -> str:
    text = _text(value)
    return str(SEVERITIES.get(text, text)) if key == "severity" else text


def _quote(item: object) -> Quote:
    if not isinstance(item, Mapping):
        return Quote(quote=_text(item))
    url = _text(item.get("url"))
    return Quote(
        quote=_text(item.get("quote") or item.get("message") or item.get("content")),
        why=_text(item.get("why") or item.get("relevance")),
        level=_text(item.get("level")).upper(),
        service=_text(item.get("service")),
        source=_text(item.get("source")),
        url=url if url.startswith(("https://", "http://")) else "",
        timestamp=_moment(item.get("timestamp")),
        mock=item.get("mock") is True,
    )


def _grades(breakdown: Mapping[str, Any]) -> tuple[Grade, ...]:
    return tuple(
        Grade(label, round(100 * weight), min(max(float(breakdown[key]), 0.0), 1.0))
        for key, label, weight in PARTS
        if isinstance(breakdown.get(key), int | float)
    )


def _ticket_id(item: object) -> str:
    return _text(item.get("ticket_id")) if isinstance(item, Mapping) else _text(item)


def _moment(value: object) -> datetime | None:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return make_aware(moment, clock.site_zone()) if moment and is_naive(moment) else moment


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value)))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return "" if value is None else str(value)
