"""Personal data of customers, hidden from people who need not know it: see `queries.sees_personal_data` for who does.

Texts keep their sense: a phone number becomes [PHONE_1], the customer's own name [NAME_1]. Models never saw more than that, and
their texts are stored as they wrote them; what is behind their placeholders is in `Ticket.placeholders`. What is shown is a
copy for reading, by one of the functions here: `restored` for who may decide, `for_submitter` for who handed the complaint in,
`without_personal_data` for everybody else. The ticket itself stays as it is.
"""

import copy
import unicodedata
from dataclasses import replace
from typing import Any, Final

from llm.base import PastCase
from llm.redaction import Redactor, plain, restore
from tickets.models import Ticket

MAX_SUMMARY: Final = 200
# Written by people, or quoted from them; placeholders in these are nobody's.
SENT: Final = ("raw_voc", "reject_reason", "manual_resolution")
# Written by analysts.
DECIDED: Final = ("summary", "manual_reason", "manual_cause", "decision_reason", "action_proposal")


def without_personal_data(ticket: Ticket) -> Ticket:
    """A copy of the ticket whose texts name nobody. It is for showing, never for saving."""
    redactor = redactor_of(ticket)
    seen = _changed(
        ticket, {field: hidden(getattr(ticket, field), redactor) for field in _loaded(ticket, *SENT, *DECIDED)}
    )
    seen.customer_name = initials(ticket.customer_name)
    seen.customer_contact = ""
    seen.placeholders = {}
    return seen


def restored(ticket: Ticket) -> Ticket:
    """The ticket with what is behind the placeholders in its analyst's texts; a copy for showing where there are any."""
    if not ticket.placeholders:
        return ticket
    return _changed(
        ticket, {field: restore(getattr(ticket, field), ticket.placeholders) for field in _loaded(ticket, *DECIDED)}
    )


def for_submitter(ticket: Ticket) -> Ticket:
    """The complaint as it was sent; of the analyst's texts, what is personal only as far as it stands in the complaint.

    Log lines may tell of other customers.
    """
    own = own_data(ticket)
    redactor = redactor_of(ticket)
    values = {field: hidden(getattr(ticket, field), redactor) for field in _loaded(ticket, *DECIDED)}
    known = redactor.behind(list(values.values()))
    mine = {placeholder: forms for placeholder, forms in known.items() if any(plain(form) in own for form in forms)}
    return _changed(ticket, restore(values, mine))


def as_read(case: PastCase, *, personal: bool) -> PastCase:
    """A similar ticket as it may be read, with `personal` data or without."""
    if personal:
        return replace(case, summary=restore(case.summary, case.hidden))
    redactor = Redactor(case.names, hidden=case.hidden)
    return replace(case, text=hidden(case.text, redactor), summary=hidden(case.summary, redactor))


def own_data(ticket: Ticket) -> str:
    """All that a customer has told about himself."""
    return plain("\n".join((ticket.raw_voc, ticket.customer_name, ticket.customer_contact)))


def redactor_of(ticket: Ticket) -> Redactor:
    """One that gives the data of this ticket the placeholders that its analyst's texts have."""
    return Redactor((ticket.customer_name,), hidden=ticket.placeholders)


def redactor_of_stored(ticket: Ticket) -> Redactor:
    """The same of what may be a copy for reading, which no longer knows the names."""
    return redactor_of(Ticket.objects.only("customer_name", "placeholders").get(pk=ticket.pk))


def hidden(value: Any, redactor: Redactor | None = None) -> Any:
    """The JSON value with the personal data in all its texts hidden; the same datum behind the same placeholder."""
    redactor = redactor or Redactor()
    if isinstance(value, str):
        return redactor.redact(value, keep=True)
    if isinstance(value, dict):
        return {key: hidden(each, redactor) for key, each in value.items()}
    if isinstance(value, list):
        return [hidden(each, redactor) for each in value]
    return value


def initials(name: str) -> str:
    """The first letter of each part: 김가람 → 김**, Emily Hartwell → E**** H*******."""
    parts = unicodedata.normalize("NFC", name).split()
    return " ".join(part[0] + "*" * (len(part) - 1) for part in parts)


def _loaded(ticket: Ticket, *fields: str) -> list[str]:
    deferred = ticket.get_deferred_fields()
    return [field for field in fields if field not in deferred]


def _changed(ticket: Ticket, values: dict[str, Any]) -> Ticket:
    seen = copy.copy(ticket)
    for field, value in values.items():
        setattr(seen, field, value)
    if "summary" in values:
        # A placeholder may be shorter than what it stands for, and clients rely on the length.
        seen.summary = seen.summary[:MAX_SUMMARY]
    return seen
