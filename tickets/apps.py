"""Tickets: from complaint to decision to verdict."""

from functools import partial

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import Audited, NotAudited

_of_ticket = partial(Audited, parent="ticket_id", subject="ticket_id", contact="customer_contact")


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("Tickets")
    audited = {
        "Ticket": Audited(
            hidden=("urgency_rank", "updated_at"),
            personal=(
                "raw_voc",
                "customer_name",
                "customer_contact",
                "external_id",
                "summary",
                "decision_reason",
                "action_proposal",
                "placeholders",
                "reject_reason",
                "manual_resolution",
                "manual_reason",
                "manual_cause",
            ),
            subject="ticket_id",
            contact="customer_contact",
        ),
        # A line of the timeline tells of a change that is audited itself: what must show is that somebody altered it.
        "TicketEvent": _of_ticket(personal=("data",), on=("UPDATE", "DELETE")),
        "Comment": _of_ticket(personal=("body",)),
        "AnalysisRun": _of_ticket(personal=("result", "error", "asked_reason"), on=("DELETE",)),
        "AnalysisStep": NotAudited("what a machine did; the run's end and the ticket say what came of it"),
        "JiraLink": _of_ticket(
            hidden=(
                "updated_at",
                "label",
                "looks",
                "comments_read",
                "issue_updated_at",
            ),
            personal=("issue_summary", "error", "cause", "field_errors"),
        ),
        "JiraComment": _of_ticket(personal=("body", "error")),
        "JiraSync": NotAudited("how far a machine has read"),
        "System": Audited(),
        "SearchEntry": NotAudited("follows from the ticket's texts"),
        "OpenCase": NotAudited("what has yet to be built"),
        "CaseBlock": NotAudited("follows from the tickets' texts"),
        "CasePosting": NotAudited("follows from the tickets' texts"),
        "Synonyms": Audited(),
        "IdempotencyKey": NotAudited("answers to be given again, for a day"),
        "TicketCount": NotAudited("kept by a trigger of its own"),
        "TicketDay": NotAudited("the base of a day's numbers"),
    }
