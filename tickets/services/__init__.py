"""Everything that changes a ticket. API, portal, admin, commands and jobs call these and nothing else.

All are keyword-only. They raise NotAllowed (the status forbids it; nothing was changed), InvalidInput (a value is refused),
Conflict, or Ticket.DoesNotExist. Whether the caller may do it, and may see the ticket, is the entry point's to check.
"""

from tickets.services.analysis import begin_analysis, finish_analysis, give_up_analysis, record_step
from tickets.services.conversation import add_comment, assign_ticket, record_told
from tickets.services.issues import JiraChoice, create_issue_again, link_issue, may_complete, unlink_issue, usual_choice
from tickets.services.submission import submit_voc
from tickets.services.verdicts import (
    UNSET,
    CorrectedDecision,
    complete_ticket,
    confirm_ticket,
    reject_ticket,
    retry_ticket,
    undo_verdict,
)

__all__ = [
    "UNSET",
    "CorrectedDecision",
    "JiraChoice",
    "add_comment",
    "assign_ticket",
    "begin_analysis",
    "complete_ticket",
    "confirm_ticket",
    "create_issue_again",
    "finish_analysis",
    "give_up_analysis",
    "link_issue",
    "may_complete",
    "record_step",
    "record_told",
    "reject_ticket",
    "retry_ticket",
    "submit_voc",
    "undo_verdict",
    "unlink_issue",
    "usual_choice",
]
