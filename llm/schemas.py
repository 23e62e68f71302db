"""What models are asked to answer, and the bounds within which it is believed: enums checked, texts cleaned and cut."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voc.core.vocabulary import ProblemType, Urgency

# Control and direction characters have no place in an answer; neither have links, which nobody asked for.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LINK = re.compile(r"(?i)\b(?:https?|ftp|javascript|data)\s*:\s*\S+|www\.\S+")
LINK_REMOVED = "[link removed]"

TypeName = Literal["integration_error", "code_error", "business_improvement"]
UrgencyName = Literal["low", "medium", "high"]


def cleaned(limit: int) -> BeforeValidator:
    def clean(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return _LINK.sub(LINK_REMOVED, _CONTROL.sub("", value)).strip()[:limit]

    return BeforeValidator(clean)


def at_most(count: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:count] if isinstance(value, list) else value)


Word = Annotated[str, cleaned(100)]
Line = Annotated[str, cleaned(200)]
Text = Annotated[str, cleaned(1000)]
Letter = Annotated[str, cleaned(3000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NormaliserAnswer(Strict):
    understood: bool
    reason: Line
    summary: Line
    suspected_type_primary: TypeName | None
    suspected_type_secondary: TypeName | None
    affected_system: Word
    urgency: UrgencyName | None
    signals: Annotated[list[Word], at_most(5)]


class CitedLine(Strict):
    line: Word
    quote: Annotated[str, BeforeValidator(lambda value: value[:600] if isinstance(value, str) else value)]
    why: Line


class ProposedAction(Strict):
    title: Line
    description: Text
    partner: Word
    email_subject: Line
    email_body: Letter
    affected_files: Annotated[list[Word], at_most(5)]
    error_summary: Text
    fix_direction: Text
    suggested_approach: Text
    severity: Literal["low", "medium", "high", "critical"]
    category: Word
    problem_pattern: Text
    proposal: Text
    expected_impact: Text
    stakeholders: Annotated[list[Word], at_most(5)]


class SolverAnswer(Strict):
    primary: TypeName
    secondary: TypeName | None
    affected_system: Word
    urgency: UrgencyName
    summary: Line = Field(min_length=1)
    root_cause: Text
    evidence: Annotated[list[CitedLine], at_most(5)]
    ruled_out: Annotated[list[Line], at_most(5)]
    evidence_summary: Text
    action: ProposedAction


def problem_type(name: str | None) -> ProblemType | None:
    return ProblemType(name) if name else None


def urgency(name: str | None) -> Urgency | None:
    return Urgency(name) if name else None
