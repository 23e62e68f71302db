"""What of an analysis an issue tells. Tickets that were moved in, and models, may leave anything out."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Keys of an action proposal, in the order in which they are told.
FACTS: Final[tuple[tuple[str, Promise], ...]] = (
    ("target_system", _("Target system")),
    ("contact_info", _("Contact")),
    ("code_location", _("Place in the code")),
    ("affected_files", _("Files")),
    ("error_summary", _("Error")),
    ("error_details", _("Error details")),
    ("fix_direction", _("Direction of the fix")),
    ("suggested_approach", _("Approach")),
    ("problem_pattern", _("Pattern")),
    ("proposal", _("Proposal")),
    ("suggested_improvement", _("Improvement")),
    ("expected_impact", _("Expected effect")),
    ("business_impact", _("Effect on the business")),
    ("stakeholders", _("Who has a say")),
)


def evidence_of(reason: object) -> list[str]:
    """Quoted log lines, each with its system and what it shows."""
    found: list[str] = []
    for each in items(mapping(reason).get("evidence")):
        data = mapping(each)
        quote = text(data.get("quote")) if data else text(each)
        if quote:
            about = " · ".join(filter(None, (text(data.get(name)) for name in ("timestamp", "service", "why"))))
            found.append(f"{quote}\n    {about}" if about else quote)
    return found


def causes_of(reason: object) -> list[str]:
    data = mapping(reason)
    return [found for name in ("summary", "root_cause_analysis", "log_summary") if (found := text(data.get(name)))]


def facts_of(proposal: object) -> list[tuple[str, str]]:
    data = mapping(proposal)
    return [(str(label), words) for name, label in FACTS if (words := _words(data.get(name)))]


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _words(value: object) -> str:
    return ", ".join(filter(None, map(text, value))) if isinstance(value, list) else text(value)
