"""What can be told. A new occasion is one line here, an event in the flow and somebody who writes the message."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What rules and people can choose among.
OCCASIONS: Final[dict[str, Promise]] = {
    "ticket.urgent": _("An urgent complaint arrived"),
    "ticket.analysed": _("An analysis is finished"),
    "ticket.decided": _("A decision was made"),
    "ticket.jira_created": _("A Jira issue was created"),
    "ticket.jira_blocked": _("A Jira issue could not be created"),
    "ticket.resolved": _("A ticket is resolved"),
    "budget.warning": _("The budget for models runs out"),
    "integration.down": _("An integration is down"),
    "integration.recovered": _("An integration has recovered"),
    "alert.raised": _("Another alert was raised"),
    "alert.cleared": _("Another alert was cleared"),
}
# Told by a rule's clock, to a ticket's customer, or by hand.
OTHERS: Final[dict[str, Promise]] = {
    "ticket.reminder": _("Reminder"),
    "ticket.escalated": _("Escalation"),
    "customer.received": _("Confirmation to the customer"),
    "customer.closed": _("Answer to the customer"),
    "digest": _("Digest"),
    "test": _("Test"),
}
# What asks for a decision, and is pointless after it.
ASKING: Final = ("ticket.reminder", "ticket.escalated")
LABELS: Final = OCCASIONS | OTHERS
# Told to the channels of NOTIFY_CHANNELS while there is no rule. An analysis that ended or an issue that was created is
# everyday business, which a place asks for by a rule.
BY_DEFAULT: Final = tuple(name for name in OCCASIONS if name not in ("ticket.analysed", "ticket.jira_created"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something to be told: what rules look at. `subject` is what it is about (a ticket's id, an alert's key)."""

    event: str
    subject: str
    urgency: str = ""
    problem_type: str = ""
    system: str = ""
