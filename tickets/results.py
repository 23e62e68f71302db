"""What an analysis hands over to be stored: the decision, and a record of each stage."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voc.core.vocabulary import ProblemType, Urgency


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One stage as it ran: JSON-ready input and output, duration in milliseconds, who did it."""

    stage: str
    started_at: datetime
    milliseconds: int
    input: dict[str, Any]
    output: dict[str, Any]
    analyst: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """The end of a run. With `manual_reason` it goes to people, whatever else is known.
    `primary` is None when nothing was decided.

    `decision_reason` and `action_proposal` have the shapes of the API; `confidence` is 0–1,
    `prompt` the version of the prompt that led to the decision.
    """

    manual_reason: str = ""
    summary: str = ""
    suspected_type_primary: ProblemType | None = None
    suspected_type_secondary: ProblemType | None = None
    affected_system: str = ""
    urgency: Urgency | None = None
    primary: ProblemType | None = None
    secondary: ProblemType | None = None
    confidence: float | None = None
    decision_reason: dict[str, Any] | None = None
    action_proposal: dict[str, Any] | None = None
    analyst: str = ""
    prompt: str = ""
    steps: tuple[StepRecord, ...] = field(default=())
