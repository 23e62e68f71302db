"""What an analysis writes: its beginning, its result, or that it was given up. Called by the job that runs it."""

import math
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise

from tickets import cleaning, indexing, lifecycle
from tickets.lifecycle import Act
from tickets.models import AnalysisRun, AnalysisStep, EventKind, RunState, Status, Ticket, TicketEvent
from tickets.results import AnalysisResult, Reason, StepRecord
from voc.core import clock
from voc.core.errors import NotAllowed
from voc.core.outbox.api import emit
from voc.core.vocabulary import Urgency

MAX_SUMMARY = 200
MAX_REASON = 500
MAX_VALUE = 300
MAX_ANALYST = 60


@transaction.atomic
def begin_analysis(*, ticket_id: str, job_id: int, analyst: str) -> AnalysisRun:
    """Open a run, and put the ticket into ANALYZING.

    A run that the same or another job left open is marked interrupted; the timeline tells of a job's start once. A ticket
    that was given up may begin again, since somebody has set its job going again. Raises NotAllowed for a ticket that is
    past its analysis: there is nothing left to do.
    """
    ticket = lifecycle.lock(ticket_id)
    now = clock.now()
    asked = _asked(ticket)
    _mark_started(ticket, job_id=job_id, analyst=analyst)
    ticket.runs.filter(state=RunState.RUNNING).update(state=RunState.INTERRUPTED, finished_at=now)
    return AnalysisRun.objects.create(
        ticket=ticket,
        job_id=job_id,
        analyst=analyst[:MAX_ANALYST],
        started_at=now,
        threshold=settings.VOC_CONFIDENCE_THRESHOLD,
        asked_by=asked.actor if asked else None,
        asked_reason=asked.data.get("reason", "") if asked else "",
    )


def _asked(ticket: Ticket) -> TicketEvent | None:
    """The request that this analysis answers, when it is not the first one."""
    return ticket.events.filter(kind=EventKind.RETRIED).select_related("actor").order_by("-id").first()


def _mark_started(ticket: Ticket, *, job_id: int, analyst: str) -> None:
    data = {"job_id": job_id, "analyst": analyst}
    if ticket.status == Status.OPEN or _was_given_up(ticket):
        lifecycle.transition(
            ticket,
            act=Act.START,
            to=Status.ANALYZING,
            kind=EventKind.ANALYSIS_STARTED,
            changes={"manual_reason": None, "manual_cause": None},
            data=data,
        )
    elif ticket.status != Status.ANALYZING:
        raise NotAllowed(lifecycle.refusal(ticket, Act.START))
    elif not ticket.runs.filter(job_id=job_id).exists():
        lifecycle.record(
            ticket, kind=EventKind.ANALYSIS_STARTED, before=Status.ANALYZING, after=Status.ANALYZING, data=data
        )


def _was_given_up(ticket: Ticket) -> bool:
    if ticket.status != Status.MANUAL_REQUIRED:
        return False
    step = lifecycle.last_step(ticket)
    return step is not None and step.data.get("given_up") is True


@transaction.atomic
def finish_analysis(*, run: AnalysisRun, result: AnalysisResult) -> Ticket:
    """Store the run and, if the ticket still waits for it, its decision.

    A decision with enough confidence awaits a manager; everything else goes to people, with `manual_reason`. Where the run
    was replaced meanwhile, or the ticket is no longer ANALYZING, only the run is kept.
    """
    ticket = lifecycle.lock(run.ticket.ticket_id)
    current = AnalysisRun.objects.select_for_update().get(pk=run.pk)
    superseded = current.state != RunState.RUNNING
    _store_run(current, result)
    if superseded or ticket.status != Status.ANALYZING:
        return ticket
    _store_decision(ticket, current, result)
    if result.urgency == Urgency.HIGH:
        # Once per ticket, however often it is analysed.
        emit("ticket.urgent", subject=ticket.ticket_id, key=f"ticket.urgent:{ticket.ticket_id}")
    _say_analysed(ticket, current)
    return ticket


def _say_analysed(ticket: Ticket, run: AnalysisRun | None) -> None:
    """There is a decision to look at, or people must make one; once per run."""
    name = str(run.pk) if run else f"{ticket.ticket_id}:{ticket.updated_at.isoformat()}"
    emit("ticket.analysed", subject=ticket.ticket_id, key=f"ticket.analysed:{name}")


def _store_run(run: AnalysisRun, result: AnalysisResult) -> None:
    if run.state == RunState.RUNNING:
        run.state = RunState.FINISHED
    run.finished_at = clock.now()
    run.confidence = _confidence(result)
    run.analyst = result.analyst[:MAX_ANALYST] or run.analyst
    run.result = storable(
        {
            "manual_reason": str(result.manual_reason or ""),
            "cause": result.manual_reason.to_json() if result.manual_reason else None,
            "summary": result.summary,
            "suspected_type_primary": result.suspected_type_primary,
            "suspected_type_secondary": result.suspected_type_secondary,
            "affected_system": result.affected_system,
            "urgency": result.urgency,
            "primary": result.primary,
            "secondary": result.secondary,
            "confidence": run.confidence,
            "prompt": result.prompt,
            "decision_reason": result.decision_reason,
            "action_proposal": result.action_proposal,
        }
    )
    run.save(update_fields=["state", "finished_at", "confidence", "analyst", "result"])
    # The steps that are there already were stored as they were done, or by an end that was written before.
    AnalysisStep.objects.bulk_create(
        [_step(run, position, step) for position, step in enumerate(result.steps)], ignore_conflicts=True
    )


def record_step(*, run: AnalysisRun, position: int, step: StepRecord) -> None:
    """Store a step of a run that goes on, inside job.checkpoint(). `position` counts from 0."""
    AnalysisStep.objects.bulk_create([_step(run, position, step)], ignore_conflicts=True)


def _step(run: AnalysisRun, position: int, step: StepRecord) -> AnalysisStep:
    return AnalysisStep(
        run=run,
        stage=step.stage,
        position=position,
        analyst=step.analyst[:MAX_ANALYST],
        started_at=step.started_at,
        milliseconds=max(0, step.milliseconds),
        input=storable(step.input),
        output=storable(step.output),
        error=storable(step.error),
    )


def _store_decision(ticket: Ticket, run: AnalysisRun, result: AnalysisResult) -> None:
    reason = _why_people(run, result)
    summary = storable(result.summary)[:MAX_SUMMARY]
    changes: dict[str, Any] = {
        "summary": summary,
        "suspected_type_primary": result.suspected_type_primary,
        "suspected_type_secondary": result.suspected_type_secondary,
        "affected_system": storable(result.affected_system)[: cleaning.MAX_SYSTEM] or None,
        "urgency": result.urgency,
        "agent_decision_primary": result.primary,
        "agent_decision_secondary": result.secondary,
        "decision_confidence": run.confidence,
        "decision_reason": storable(result.decision_reason),
        "action_proposal": storable(result.action_proposal),
        "analyzed_at": run.finished_at,
        "analyst": run.analyst,
        "placeholders": storable(dict(result.placeholders)),
        **_manual(reason),
        "correction": None,
    }
    data = {"run_id": run.pk, "analyst": run.analyst, "primary": result.primary, "confidence": run.confidence}
    lifecycle.transition(
        ticket,
        act=Act.CONCLUDE,
        to=Status.MANUAL_REQUIRED if reason else Status.WAITING_CONFIRM,
        kind=EventKind.MANUAL_REQUIRED if reason else EventKind.ANALYSED,
        changes=changes,
        data=data | _noted(reason),
    )
    indexing.index(ticket)


def _why_people(run: AnalysisRun, result: AnalysisResult) -> Reason | None:
    """Why people must decide; None when the decision can await a manager."""
    if result.manual_reason is not None:
        return _clipped(result.manual_reason)
    if result.primary is None or run.confidence is None:
        return Reason("no_decision")
    if run.confidence < run.threshold:
        figures = {"confidence": f"{run.confidence:.2f}", "threshold": f"{run.threshold:.2f}"}
        return Reason("low_confidence", figures)
    return None


def _clipped(reason: Reason) -> Reason:
    """The same, as far as it can be stored. One that says nothing becomes one that says so."""
    values = {name: str(storable(value))[:MAX_VALUE] for name, value in reason.values.items()}
    clipped = Reason(reason.code, values, str(storable(reason.text))[:MAX_REASON])
    return clipped if str(clipped) else Reason("failed")


def _manual(reason: Reason | None) -> dict[str, Any]:
    """The ticket's columns that say why people must decide."""
    return {
        "manual_reason": str(reason)[:MAX_REASON] if reason else None,
        "manual_cause": reason.to_json() if reason else None,
    }


def _noted(reason: Reason | None) -> dict[str, Any]:
    """The same for the timeline; see `TicketEvent.told`."""
    return {"reason": str(reason), "cause": reason.to_json()} if reason else {}


def _confidence(result: AnalysisResult) -> float | None:
    if result.confidence is None or math.isnan(result.confidence):
        return None
    return min(1.0, max(0.0, float(result.confidence)))


@transaction.atomic
def give_up_analysis(*, ticket_id: str, reason: Reason) -> Ticket:
    """Hand the ticket to people because its analysis will not be tried again. One that is past it stays as it is."""
    ticket = lifecycle.lock(ticket_id)
    why = _clipped(reason)
    ticket.runs.filter(state=RunState.RUNNING).update(
        state=RunState.FAILED, finished_at=clock.now(), error=storable(reason.values.get("error") or str(reason))
    )
    if ticket.status in (Status.OPEN, Status.ANALYZING):
        lifecycle.transition(
            ticket,
            act=Act.GIVE_UP,
            to=Status.MANUAL_REQUIRED,
            kind=EventKind.MANUAL_REQUIRED,
            changes=_manual(why),
            data={**_noted(why), "given_up": True},
        )
        _say_analysed(ticket, None)
    return ticket


def storable(value: Any) -> Any:
    """The same JSON value without what PostgreSQL refuses and logs or models may bring: NUL, lone surrogates, NaN."""
    if isinstance(value, str | Promise):
        return str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(str(key)): storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
