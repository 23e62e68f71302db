"""A complaint becomes a ticket."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import cleaning, indexing, lifecycle, numbers
from tickets.models import EventKind, Status, Ticket
from voc.core import clock
from voc.core.errors import Conflict
from voc.core.outbox.api import emit

EXTERNAL_ID_TAKEN: Final = "ticket_external_id_once_per_channel"
TICKET_ID_TAKEN: Final = "tickets_ticket_ticket_id"
# Ids that tickets moved in from elsewhere hold already, one after the other; more than a day can have.
MAX_TAKEN_IDS: Final = 100_000
# Of complaints that are older, moved in from another system perhaps, customers are not told that they have just arrived.
RECEIPT_WITHIN: Final = timedelta(days=1)


@transaction.atomic
def submit_voc(
    *,
    raw_voc: str,
    customer_name: str,
    channel: str,
    received_at: datetime | None = None,
    customer_contact: str = "",
    external_id: str | None = None,
    submitted_by: User | None = None,
) -> Ticket:
    """Take a complaint in and have it analysed. `received_at` without a zone is site time, None is now.

    Raises InvalidInput, or Conflict when the channel has delivered this `external_id` before.
    """
    values: dict[str, Any] = {
        "raw_voc": cleaning.complaint(raw_voc),
        "customer_name": cleaning.customer_name(customer_name),
        "channel": cleaning.channel(channel),
        "received_at": cleaning.received_at(received_at),
        "customer_contact": cleaning.text(
            "customer_contact", customer_contact, most=cleaning.MAX_CONTACT, required=False
        ),
        "external_id": cleaning.external_id(external_id),
        "submitted_by": submitted_by,
    }
    ticket = _create(values)
    indexing.index(ticket)
    lifecycle.record(ticket, kind=EventKind.SUBMITTED, actor=submitted_by, after=Status.OPEN)
    emit("ticket.received", subject=ticket.ticket_id, key=f"ticket.received:{ticket.ticket_id}")
    is_new = ticket.received_at > ticket.created_at - RECEIPT_WITHIN
    if settings.NOTIFY_CUSTOMERS and is_new and cleaning.is_mail_address(ticket.customer_contact):
        emit("customer.received", subject=ticket.ticket_id, key=f"customer.received:{ticket.ticket_id}")
    return ticket


def _create(values: dict[str, Any]) -> Ticket:
    for _attempt in range(MAX_TAKEN_IDS):
        now = clock.now()
        ticket_id = numbers.draw(clock.site_day(now))
        try:
            with transaction.atomic():
                return Ticket.objects.create(
                    ticket_id=ticket_id, status=Status.OPEN, created_at=now, updated_at=now, **values
                )
        except IntegrityError as error:
            _raise_unless_id_is_taken(error, values)
    raise RuntimeError("no free ticket id was found")


def _raise_unless_id_is_taken(error: IntegrityError, values: dict[str, Any]) -> None:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
    if constraint == EXTERNAL_ID_TAKEN:
        message = _("external_id: the channel %(channel)s has delivered “%(external_id)s” before.")
        raise Conflict(message % {"channel": values["channel"], "external_id": values["external_id"]}) from error
    if not constraint.startswith(TICKET_ID_TAKEN):
        raise error
