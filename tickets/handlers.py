"""What the flow's jobs do with tickets. Jobs carry a ticket id as their subject."""

import structlog
from django.utils.translation import gettext as _

from llm.services import get_analyst
from tickets.analysis import pipeline
from tickets.models import Ticket
from tickets.services import begin_analysis, finish_analysis, give_up_analysis
from voc.core.errors import NotAllowed
from voc.core.outbox.api import RunningJob

log = structlog.get_logger(__name__)


def analyse(job: RunningJob) -> None:
    """Analyse the ticket and store the decision together with the end of the job. No transaction is open in between."""
    analyst = get_analyst(job.subject)
    try:
        with job.checkpoint():
            run = begin_analysis(ticket_id=job.subject, job_id=job.id, analyst=analyst.name)
    except (NotAllowed, Ticket.DoesNotExist) as error:
        # Somebody was faster, or the ticket is gone: either way nothing waits for this analysis.
        log.info("analysis.not_needed", reason=str(error))
        return
    result = pipeline.analyse(run.ticket, analyst=analyst, deadline=job.deadline)
    with job.fenced():
        finish_analysis(run=run, result=result)


def give_up(job: RunningJob) -> None:
    """The analysis will not be tried again: people must decide. Inside the transaction that gives the job up."""
    reason = _("The analysis was given up after %(attempts)d attempt(s): %(error)s") % {
        "attempts": job.attempt,
        "error": job.error or _("unknown error"),
    }
    try:
        give_up_analysis(ticket_id=job.subject, reason=reason)
    except Ticket.DoesNotExist:
        log.info("analysis.not_needed", reason="the ticket is gone")
