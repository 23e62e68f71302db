"""What an analyst is, and the values that go in and come out. Every analyst, model or not, speaks these."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from llm.redaction import Hidden
from voc.core.vocabulary import LogContext, LogEntry, ProblemType, SystemInfo, Urgency


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the customer said, `received_at` (aware), the systems that it can be about, and `names` of the customer.

    `names` are for hiding them wherever they stand, not for reading.
    """

    text: str
    received_at: datetime
    systems: tuple[SystemInfo, ...] = ()
    names: tuple[str, ...] = ()

    def system(self, name: str) -> SystemInfo | None:
        return next((system for system in self.systems if system.name == name), None)


class Unclear(StrEnum):
    """Why nobody could act on a complaint. The values are stored."""

    EMPTY = "empty"
    LAUGHTER = "laughter"
    SYMBOLS = "symbols"
    SPAM = "spam"
    OTHER_LANGUAGE = "other_language"
    GIBBERISH = "gibberish"
    INSTRUCTIONS = "instructions"


@dataclass(frozen=True, slots=True)
class Normalised:
    """A complaint in the system's words. `understood=False` comes with why, as `unclear`, which each reader is told in his
    language, or as a `reason` in the analyst's own words, and with nothing else.

    `affected_system` is a name of the catalogue or "" when nothing points to one; `signals` are the words that led here.
    `by` names who read it where that is not the analyst that was asked, `prompt` the version of the prompt; `hidden` is what
    is behind the placeholders in its texts.
    """

    understood: bool
    unclear: Unclear | None = None
    reason: str = ""
    summary: str = ""
    suspected_type_primary: ProblemType | None = None
    suspected_type_secondary: ProblemType | None = None
    affected_system: str = ""
    urgency: Urgency | None = None
    signals: tuple[str, ...] = ()
    by: str = ""
    prompt: str = ""
    hidden: Hidden = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastCase:
    """A similar ticket and what became of it: `outcome` is approved, rejected, corrected, completed or open; `similarity` 0–1.

    `names` are its own customer's, `hidden` is what is behind the placeholders in its summary.
    """

    ticket_id: str
    text: str
    summary: str
    problem_type: ProblemType | None
    system: str
    outcome: str
    similarity: float
    names: tuple[str, ...] = ()
    hidden: Hidden = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """All that an analyst may look at when it decides. `missing_sources` names the log systems that did not answer.

    `patterns` tells what repeats among all failing lines that were found, also those that `logs` has no room for: a line
    for each error code, stack trace and service whose partner fails, the most frequent first.
    """

    complaint: Complaint
    normalised: Normalised
    logs: tuple[LogEntry, ...] = ()
    contexts: tuple[LogContext, ...] = ()
    past_cases: tuple[PastCase, ...] = ()
    missing_sources: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line quoted verbatim from the fetched logs, and why it tells."""

    quote: str
    entry_id: str
    source: str
    timestamp: datetime
    why: str
    level: str = ""
    service: str = ""
    url: str = ""
    mock: bool = False


@dataclass(frozen=True, slots=True)
class Grades:
    """What the confidence is made of, each 0–1. `voc` weighs them in `tickets.analysis.score`."""

    log_evidence: float
    pattern_match: float
    correlation: float
    type_consistency: float


@dataclass(frozen=True, slots=True)
class Solution:
    """A decision with its evidence. `action` has the shape of `action_proposal` in the API; `analyst` names who decided.

    `prompt` is the version of the prompt that led to it, "" without a model. `hidden` is what is behind the placeholders in
    its texts, and what else is personal in the lines that it quotes.
    """

    primary: ProblemType
    secondary: ProblemType | None
    affected_system: str
    urgency: Urgency
    summary: str
    root_cause: str
    evidence: tuple[Evidence, ...]
    ruled_out: tuple[str, ...]
    evidence_summary: str
    log_summary: str
    grades: Grades
    analyst: str
    action: dict[str, Any] = field(default_factory=dict)
    similar_cases_used: tuple[str, ...] = ()
    prompt: str = ""
    hidden: Hidden = field(default_factory=dict)


class Analyst(Protocol):
    """Reads a complaint, then decides on the case. Both calls are synchronous and may be slow."""

    name: str

    def normalise(self, complaint: Complaint) -> Normalised: ...

    def solve(self, case: Case) -> Solution: ...
