"""What an analysis knows as it goes from stage to stage, and what a stage notes about itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.logs.retrieval import EnhancedRAGService, Retrieved
from llm.base import Analyst, Complaint, Normalised, PastCase, Solution
from tickets.results import AnalysisResult, Reason


@dataclass(slots=True)
class Work:
    """One analysis on its way. Each stage reads what the ones before it left here and leaves its own.

    `deadline` is in `time.monotonic()`'s seconds.
    """

    ticket_id: str
    complaint: Complaint
    analyst: Analyst
    log_search: EnhancedRAGService
    deadline: float
    normalised: Normalised | None = None
    retrieved: Retrieved = field(default_factory=Retrieved)
    past_cases: tuple[PastCase, ...] = ()
    solution: Solution | None = None
    result: AnalysisResult = field(default_factory=AnalysisResult)

    def seconds_left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, slots=True)
class Noted:
    """What went into a stage and what came out, JSON-ready; who did it; why the analysis ends here, if it does."""

    input: dict[str, Any]
    output: dict[str, Any]
    by: str = ""
    stop: Reason | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    run: Callable[[Work], Noted]
