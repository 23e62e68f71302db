"""Personal data of customers, hidden from people who need not know it: see `queries.sees_personal_data` for who does.

Texts keep their sense: a phone number becomes [PHONE_1], the customer's own name [NAME_1]. What is hidden is a copy for reading;
the ticket itself stays as it was sent.
"""

import copy
from typing import Any, Final

from llm.redaction import Redactor
from tickets.models import Ticket

TEXTS: Final = ("raw_voc", "summary", "reject_reason", "manual_resolution", "manual_reason")
VALUES: Final = ("decision_reason", "action_proposal")


def without_personal_data(ticket: Ticket) -> Ticket:
    """A copy of the ticket whose texts name nobody. It is for showing, never for saving."""
    seen = copy.copy(ticket)
    redactor = Redactor((ticket.customer_name,))
    deferred = seen.get_deferred_fields()
    for field in (*TEXTS, *VALUES):
        if field not in deferred:
            setattr(seen, field, hidden(getattr(ticket, field), redactor))
    seen.customer_name = initials(ticket.customer_name)
    seen.customer_contact = ""
    return seen


def hidden(value: Any, redactor: Redactor | None = None) -> Any:
    """The JSON value with the personal data in all its texts hidden; the same datum behind the same placeholder."""
    redactor = redactor or Redactor()
    if isinstance(value, str):
        return redactor.redact(value)
    if isinstance(value, dict):
        return {key: hidden(each, redactor) for key, each in value.items()}
    if isinstance(value, list):
        return [hidden(each, redactor) for each in value]
    return value


def initials(name: str) -> str:
    """The first letter of each part: 김가람 → 김**, Emily Hartwell → E**** H*******."""
    return " ".join(part[0] + "*" * (len(part) - 1) for part in name.split())
