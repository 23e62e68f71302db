"""The analysis of a complaint, stage by stage. Reads; what it found is stored by whoever called it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from integrations.logs.services import get_log_search
from llm.base import Analyst, Complaint
from tickets.analysis import normalise, retrieve, score, solve
from tickets.analysis.catalogue import known_systems, log_places
from tickets.analysis.work import Noted, Stage, Work
from tickets.models import Ticket
from tickets.results import AnalysisResult, Reason, StepRecord
from voc.core import clock

STAGES: Final = (
    Stage("normalise", normalise.run),
    Stage("retrieve", retrieve.run),
    Stage("solve", solve.run),
    Stage("score", score.run),
)
# Kept back to store the result in.
RESERVE_SECONDS: Final = 5.0
# Takes a finished step and its position, from 0.
Keep = Callable[[int, StepRecord], None]


def forget(_position: int, _step: StepRecord) -> None:
    """For who wants to know nothing before the end."""


def analyse(ticket: Ticket, *, analyst: Analyst, deadline: float, keep: Keep = forget) -> AnalysisResult:
    """The decision on a ticket, or why people must decide. `deadline` is in `time.monotonic()`'s seconds.

    `keep` gets each step but the last while the analysis goes on, that it can be watched; the result holds them all.
    """
    complaint = Complaint(
        text=ticket.raw_voc, received_at=ticket.received_at, systems=known_systems(), names=(ticket.customer_name,)
    )
    return run(
        Work(
            ticket_id=ticket.ticket_id,
            complaint=complaint,
            analyst=analyst,
            log_search=get_log_search(log_places()),
            deadline=deadline,
        ),
        keep=keep,
    )


def run(work: Work, stages: tuple[Stage, ...] = STAGES, *, keep: Keep = forget) -> AnalysisResult:
    """Runs the stages until one of them, or the time, says that people must decide."""
    steps: list[StepRecord] = []
    work.result = replace(work.result, analyst=work.analyst.name)
    for stage in stages:
        if work.seconds_left() <= RESERVE_SECONDS:
            return _stopped(work, steps, Reason("out_of_time", {"stage": stage.name}))
        if steps:
            keep(len(steps) - 1, steps[-1])
        noted = _timed(stage, work, steps)
        if noted.stop:
            return _stopped(work, steps, noted.stop)
    return replace(work.result, steps=tuple(steps))


def _timed(stage: Stage, work: Work, steps: list[StepRecord]) -> Noted:
    started_at, started = clock.now(), time.perf_counter()
    noted = stage.run(work)
    cause = noted.stop.to_json() if noted.stop else None
    steps.append(
        StepRecord(
            stage=stage.name,
            started_at=started_at,
            milliseconds=round((time.perf_counter() - started) * 1000),
            input=noted.input,
            output=noted.output if cause is None else noted.output | {"cause": cause},
            analyst=noted.by,
            error=str(noted.stop or ""),
        )
    )
    return noted


def _stopped(work: Work, steps: list[StepRecord], why: Reason) -> AnalysisResult:
    return replace(work.result, manual_reason=why, steps=tuple(steps))
