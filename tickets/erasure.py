"""Erasing what is known of a customer: the tickets stay as figures, without words and names; what was encrypted loses its key.

A customer is found by contact, however it is written, or by the id of one of their complaints; never by a name, which others
may bear. Everything in the database happens in one transaction, and the audit trail keeps that it happened.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from llm import cache
from llm.models import ModelCall
from notifications.models import Delivery, DeliveryAttempt, DeliveryState, Thread
from notifications.routing.models import Held
from tickets import indexing
from tickets.models import (
    AnalysisRun,
    AnalysisStep,
    Comment,
    IdempotencyKey,
    JiraComment,
    JiraLink,
    Status,
    Ticket,
    TicketEvent,
)
from tickets.personal import redactor_of
from voc.core import clock, customers, scrubbing
from voc.core.audit import sealing
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.models import Alert
from voc.core.outbox.models import OPEN_STATES, Job
from voc.core.scrubbing import Scrub

ERASED: Final = "***"
# A shorter text may stand in others' words by chance.
DISTINCT: Final = 12
# Kinds of personal data that nobody else has; names, birthdays and places are shared.
TRACEABLE: Final = ("[EMAIL_", "[PHONE_", "[CARD_", "[ACCOUNT_", "[PASSPORT_", "[RRN_")
SHORTEST_NUMBER: Final = 8
# 20260131, 2601311200
LONGEST_DATE: Final = 10
TICKET: Final = re.compile(r"VOC-\d", re.IGNORECASE)
FINISHED: Final = (Status.DONE, Status.REJECTED)
BATCH: Final = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """`places` is table or file → how many rows or files were changed; `accounts`, users who have the customer's address."""

    tickets: tuple[str, ...]
    keys: int
    places: dict[str, int]
    accounts: tuple[str, ...] = ()


def find(*, contact: str = "", channel: str = "", external_id: str = "") -> list[Ticket]:
    """All tickets of the customer, oldest first. Raises InvalidInput when neither way to find them is given."""
    if external_id:
        first = Ticket.objects.filter(channel=channel, external_id=external_id).first()
        if first is None or not customers.normal_contact(first.customer_contact):
            return [first] if first else []
        contact = first.customer_contact
    wanted = customers.normal_contact(contact)
    if not wanted:
        message = _("Give a contact, or the channel and the external id of a complaint.")
        raise InvalidInput(field="contact", message=message)
    known = Ticket.objects.exclude(customer_contact="").values_list("pk", "customer_contact").iterator()
    found = [pk for pk, each in known if customers.normal_contact(each) == wanted]
    return list(Ticket.objects.filter(pk__in=found).order_by("pk"))


def erase_customer(*, contact: str = "", channel: str = "", external_id: str = "") -> Report:
    """Erase the customer whom `find` finds. Also where there is no ticket: a contact may stand elsewhere.

    Raises InvalidInput, and NotAllowed while one of the tickets is being worked on.
    """
    tickets = find(contact=contact, channel=channel, external_id=external_id)
    if not tickets and not contact:
        raise InvalidInput(field="external_id", message=_("No complaint has this id in this channel."))
    return _erase(tickets, contacts={contact.strip(), *(ticket.customer_contact for ticket in tickets)} - {""})


def erase_old() -> int:
    """Erase tickets that were finished more than CUSTOMER_KEEP_DAYS ago (0: none), some at a time; how many.

    One that is being worked on waits for another night, and keeps no other from its turn.
    """
    if not settings.CUSTOMER_KEEP_DAYS:
        return 0
    past = clock.now() - timedelta(days=settings.CUSTOMER_KEEP_DAYS)
    total = 0
    busy = Job.objects.filter(subject=OuterRef("ticket_id"), state__in=OPEN_STATES)
    finished = Ticket.objects.filter(status__in=FINISHED, updated_at__lt=past).exclude(raw_voc=ERASED)
    old = finished.exclude(Exists(busy)).order_by("pk")
    while batch := list(old[:BATCH]):
        _erase(batch, contacts=_nobodys_else(batch))
        total += len(batch)
    return total


def _nobodys_else(tickets: list[Ticket]) -> set[str]:
    """Contacts that no other ticket has: a customer who is still about keeps the key."""
    mine = {ticket.customer_contact for ticket in tickets} - {""}
    others = Ticket.objects.filter(customer_contact__in=mine).exclude(pk__in=[ticket.pk for ticket in tickets])
    return mine - set(others.values_list("customer_contact", flat=True))


def _erase(tickets: list[Ticket], *, contacts: set[str]) -> Report:
    numbers = [ticket.ticket_id for ticket in tickets]
    with transaction.atomic():
        _lock(tickets, numbers)
        # The trail is to know that something was erased, not what.
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('voc.erasing', 'on', true)")
        ids = {each.external_id or "" for each in tickets}
        ways = {*contacts, *map(customers.normal_contact, contacts)}
        told = ways | _unshared(ids, tickets) | _numbers(tickets)
        everywhere = {each for each in told if _is_nobody_elses(each)} | _texts(tickets)
        names = {*(each.customer_name for each in tickets), *ways, *ids} - {""}
        _overwrite(tickets)
        _forget_mentions(numbers)
        mentioning = indexing.keys_holding(everywhere)
        places = scrubbing.scrub_tables(
            everywhere=everywhere, names=names, tickets={each.pk: each.ticket_id for each in tickets}
        )
        for ticket in Ticket.objects.filter(pk__in=mentioning):
            indexing.index(ticket)
        sealing.forget(numbers)
        handles = {customers.handle_of(contact, otherwise="") for contact in contacts}
        handles |= {customers.handle_of("", otherwise=number) for number in numbers}
        keys = customers.drop_keys(handles)
    cache.clear()
    places |= scrubbing.scrub_files(settings.VOC_VAR_DIR, everywhere)
    places |= scrubbing.scrub_redis(everywhere)
    accounts = scrubbing.accounts_with(contacts)
    log.info("customer.erased", tickets=len(numbers), keys=keys)
    return Report(tuple(numbers), keys, {place: count for place, count in places.items() if count}, accounts)


def _lock(tickets: list[Ticket], numbers: list[str]) -> None:
    """Nobody may write into them meanwhile, nor bring back afterwards what was read before."""
    list(Ticket.objects.select_for_update().filter(pk__in=[ticket.pk for ticket in tickets]).values_list("pk"))
    busy = set(Job.objects.filter(subject__in=numbers, state__in=OPEN_STATES).values_list("subject", flat=True))
    if busy:
        message = ngettext(
            "%(tickets)s is being worked on: try again when it has come to rest.",
            "%(tickets)s are being worked on: try again when they have come to rest.",
            len(busy),
        )
        raise NotAllowed(message % {"tickets": ", ".join(sorted(busy))})


def _texts(tickets: list[Ticket]) -> set[str]:
    """What may have been copied whole. Many complain in the same words, or are summed up so: those are theirs as well."""
    texts = {text for ticket in tickets for text in (ticket.raw_voc, ticket.summary)}
    mine = [ticket.pk for ticket in tickets]
    return {text for text in texts if len(text) >= DISTINCT and not indexing.is_held(text, besides=mine)}


def _unshared(ids: set[str], tickets: list[Ticket]) -> set[str]:
    """Those of the external ids that no other ticket has, in whatever channel."""
    others = Ticket.objects.filter(external_id__in=ids - {""}).exclude(pk__in=[ticket.pk for ticket in tickets])
    return ids - set(others.values_list("external_id", flat=True))


def _numbers(tickets: list[Ticket]) -> set[str]:
    """Numbers and addresses within the words, that lead to this person: wherever else they stand, they are this customer's."""
    found = set()
    for ticket in tickets:
        redactor = redactor_of(ticket)
        hidden = redactor.behind(redactor.redact(f"{ticket.raw_voc}\n{ticket.customer_contact}")) | ticket.placeholders
        for placeholder, forms in hidden.items():
            if placeholder.startswith(TRACEABLE):
                found |= set(forms)
    return found


def _is_nobody_elses(word: str) -> bool:
    """Whether a contact or a number can be taken out of rows that are about others: a short one stands there by chance."""
    longest = LONGEST_DATE if word.isdigit() else SHORTEST_NUMBER - 1
    return len(word) > longest and not TICKET.match(word)


def _overwrite(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        ticket.raw_voc = ticket.customer_name = ERASED
        ticket.customer_contact = ticket.summary = ""
        ticket.placeholders = {}
        ticket.external_id = ticket.decision_reason = ticket.action_proposal = ticket.manual_cause = None
        for name in ("reject_reason", "manual_resolution", "manual_reason"):
            setattr(ticket, name, ERASED if getattr(ticket, name) else None)
    columns = [
        "raw_voc",
        "customer_name",
        "customer_contact",
        "summary",
        "external_id",
        "decision_reason",
        "action_proposal",
        "placeholders",
    ]
    columns += ["manual_cause", "reject_reason", "manual_resolution", "manual_reason"]
    Ticket.objects.bulk_update(tickets, columns, batch_size=BATCH)
    for ticket in tickets:
        indexing.index(ticket)
    mine = [ticket.pk for ticket in tickets]
    for event in TicketEvent.objects.filter(ticket__in=mine).exclude(data={}):
        TicketEvent.objects.filter(pk=event.pk).update(data=_figures(event.data))
    Comment.objects.filter(ticket__in=mine).update(body=ERASED)
    AnalysisRun.objects.filter(ticket__in=mine).update(result=None, error="", asked_reason="")
    AnalysisStep.objects.filter(run__ticket__in=mine).update(input={}, output={}, error="")
    JiraComment.objects.filter(ticket__in=mine).update(body=ERASED, error="")
    JiraLink.objects.filter(ticket__in=mine).update(issue_summary="", error="", cause=None, field_errors={})
    numbers = [ticket.ticket_id for ticket in tickets]
    IdempotencyKey.objects.filter(answer__ticket_id__in=numbers).delete()
    ModelCall.objects.filter(subject__in=numbers).exclude(error="").update(error=ERASED)
    for job in Job.objects.filter(subject__in=numbers):
        Job.objects.filter(pk=job.pk).update(error="", payload=_wordless(job.payload, set(numbers)))
    for number in numbers:
        Alert.objects.filter(body__contains=number).update(body=ERASED)
    _forget_messages(numbers)


def _forget_messages(numbers: list[str]) -> None:
    """What was told about the tickets: that it was, when and how it went stays. What still waits is not told any more."""
    Held.objects.filter(subject__in=numbers).delete()
    waiting = Delivery.objects.filter(subject__in=numbers, state__in=(DeliveryState.PENDING, DeliveryState.RETRY))
    waiting.update(state=DeliveryState.SUPERSEDED)
    for delivery in Delivery.objects.filter(subject__in=numbers):
        wordless = {"title": ERASED, "body": "", "fields": [], "status": "", "buttons": []}
        message = {**delivery.message, **wordless} if delivery.message else {}
        Delivery.objects.filter(pk=delivery.pk).update(title=ERASED, message=message, error="")
    DeliveryAttempt.objects.filter(delivery__subject__in=numbers).update(error="")
    Thread.objects.filter(key__in=numbers).update(status="", buttons=[])


def _figures(data: dict[str, Any]) -> dict[str, Any]:
    """What is no text: counts, marks, numbers of other rows."""
    return {name: value for name, value in data.items() if value is None or isinstance(value, bool | int | float)}


def _forget_mentions(numbers: Iterable[str]) -> None:
    """Other tickets were decided with these as similar cases: that stays, what these said goes."""
    wanted = set(numbers)
    for scrub in (
        Scrub("tickets_ticket", "decision_reason"),
        Scrub("tickets_ticket", "action_proposal"),
        Scrub("tickets_analysisrun", "result"),
        Scrub("tickets_analysisstep", "input"),
        Scrub("tickets_analysisstep", "output"),
    ):
        for pk, value in scrubbing.rows_with(scrub, wanted):
            scrubbing.write(scrub, pk, json.dumps(_without(value, wanted)))


def _without(value: Any, numbers: set[str]) -> Any:
    """The JSON value, without the words of whatever is about one of the tickets."""
    if isinstance(value, dict):
        about = any(isinstance(each, str) and each in numbers for each in value.values())
        return {name: _wordless(each, numbers) if about else _without(each, numbers) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, numbers) for each in value]
    return value


def _wordless(value: Any, numbers: set[str]) -> Any:
    if isinstance(value, str):
        return value if value in numbers or not value else ERASED
    if isinstance(value, dict):
        return {name: _wordless(each, numbers) for name, each in value.items()}
    if isinstance(value, list):
        return [_wordless(each, numbers) for each in value]
    return value


def lines_of(report: Report) -> Iterator[str]:
    """The report for a person."""
    yield _("Tickets: %(tickets)s") % {"tickets": ", ".join(report.tickets) or "–"}
    yield _("Keys dropped: %(keys)d") % {"keys": report.keys}
    for place, count in sorted(report.places.items()):
        yield f"{place}: {count}"
    for account in report.accounts:
        yield _("The user %(user)s has this address: change or delete the account by itself.") % {"user": account}
