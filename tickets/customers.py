"""What a customer is told, where NOTIFY_CUSTOMERS is on and he left an e-mail address: that his complaint arrived, and the
answer that a manager approved once it is closed. Nothing else, and nothing of what is said inside the house."""

import re
import unicodedata
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.message import NotificationMessage
from notifications.services import get_notifications
from tickets.cleaning import is_mail_address
from tickets.models import EventKind, Status, Ticket, TicketEvent
from tickets.queries import VERDICTS
from voc.core.outbox.api import RunningJob

HANGUL: Final = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
CLOSED: Final = (Status.DONE, Status.REJECTED)


def confirm_receipt(job: RunningJob) -> None:
    """Tell the customer that his complaint arrived."""
    ticket = Ticket.objects.filter(ticket_id=job.subject).first()
    if ticket is None or not reachable(ticket):
        return
    language = language_of(ticket)
    with translation.override(language):
        message = NotificationMessage(
            event="customer.received",
            key=job.key,
            subject=ticket.ticket_id,
            title=_("We have received your message (%(ticket)s)") % {"ticket": ticket.ticket_id},
            body=_("Thank you for writing to us. We are looking into it and will come back to you."),
            language=language,
            thread=_thread(ticket),
        )
    with job.fenced():
        get_notifications().queue(message, [_target(ticket)])


def answer(ticket: Ticket, *, verdict: TicketEvent | None) -> None:
    """Queue the approved answer of a ticket that is closed, once; nothing where there is none. In a transaction.

    `verdict` is the one that has just taken effect, None where Jira says that what was approved is done. The answer to a
    verdict that was given since waits for that one's own effect.
    """
    if ticket.status not in CLOSED or not reachable(ticket):
        return
    found = approved(ticket)
    if found is None or (found.kind != EventKind.CONFIRMED if verdict is None else found.pk != verdict.pk):
        return
    language = language_of(ticket)
    with translation.override(language):
        message = NotificationMessage(
            event="customer.closed",
            key=f"customer.closed:{found.pk}",
            subject=ticket.ticket_id,
            title=_("Our answer to your message (%(ticket)s)") % {"ticket": ticket.ticket_id},
            body=str(found.data["customer_answer"]),
            language=language,
            thread=_thread(ticket),
        )
    get_notifications().queue(message, [_target(ticket)])


def approved(ticket: Ticket) -> TicketEvent | None:
    """The verdict in force, where the manager wrote an answer with it."""
    undone = ticket.events.filter(kind=EventKind.UNDONE).values_list("data__event_id", flat=True)
    verdict = ticket.events.filter(kind__in=VERDICTS).exclude(pk__in=list(undone)).order_by("-id").first()
    return verdict if verdict and verdict.data.get("customer_answer") else None


def reachable(ticket: Ticket) -> bool:
    """Whether this customer may be written to, and can be."""
    return bool(settings.NOTIFY_CUSTOMERS) and is_mail_address(ticket.customer_contact)


def language_of(ticket: Ticket) -> str:
    """The language in which the customer wrote."""
    # What comes from a Mac may be written in single jamo.
    return "ko" if HANGUL.search(unicodedata.normalize("NFC", ticket.raw_voc)) else "en"


def _target(ticket: Ticket) -> str:
    return f"email:{ticket.customer_contact.strip()}"


def _thread(ticket: Ticket) -> str:
    """A conversation of its own: what is said inside must not become part of it."""
    return f"customer:{ticket.ticket_id}"
