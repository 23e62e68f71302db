"""What the flow's jobs do with tickets. Jobs carry a ticket id as their subject."""

import structlog

from llm.services import get_analyst
from tickets.analysis import pipeline
from tickets.models import Ticket
from tickets.results import Reason, StepRecord
from tickets.services import begin_analysis, finish_analysis, give_up_analysis, record_step
from voc.core.errors import NotAllowed
from voc.core.outbox.api import RunningJob

log = structlog.get_logger(__name__)


def analyse(job: RunningJob) -> None:
    """Analyse the ticket and store the decision together with the end of the job.

    Each step is stored as it is done, so that the page can show it. No transaction is open while a stage works.
    """
    analyst = get_analyst(job.subject)
    try:
        with job.checkpoint():
            run = begin_analysis(ticket_id=job.subject, job_id=job.id, analyst=analyst.name)
    except (NotAllowed, Ticket.DoesNotExist) as error:
        # Somebody was faster, or the ticket is gone: either way nothing waits for this analysis.
        log.info("analysis.not_needed", reason=str(error))
        return

    def keep(position: int, step: StepRecord) -> None:
        with job.checkpoint():
            record_step(run=run, position=position, step=step)

    result = pipeline.analyse(run.ticket, analyst=analyst, deadline=job.deadline, keep=keep)
    with job.fenced():
        finish_analysis(run=run, result=result)


def give_up(job: RunningJob) -> None:
    """The analysis will not be tried again: people must decide. Inside the transaction that gives the job up."""
    values = {"attempts": str(job.attempt), "error": job.error}
    if job.cut_off:
        values |= {"seconds": f"{job.route.max_seconds:g}", "times": str(job.interruptions)}
        reason = Reason(f"given_up.{job.cut_off}", values)
    else:
        reason = Reason("given_up", values) if job.error else Reason("failed")
    try:
        give_up_analysis(ticket_id=job.subject, reason=reason)
    except Ticket.DoesNotExist:
        log.info("analysis.not_needed", reason="the ticket is gone")
