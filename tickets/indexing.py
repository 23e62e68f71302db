"""Writes what search and similar cases look up."""

from collections.abc import Iterable
from typing import Any, Final

from llm.redaction import Redactor
from tickets import grams, words
from tickets.models import SearchEntry, Ticket
from tickets.personal import initials

BATCH: Final = 500


def index(ticket: Ticket) -> None:
    """Make the ticket findable by its texts as they are now, and by nothing else any more; inside the transaction that
    changed them. Whatever writes a ticket's complaint, summary or customer calls this, erasure too."""
    SearchEntry.objects.bulk_create(
        [SearchEntry(ticket=ticket, **entry_of(ticket))],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["text", "public_text", "grams", "words", "pairs"],
    )


def entry_of(ticket: Any) -> dict[str, Any]:
    """The fields of a search entry by name. `ticket` is a ticket, also a historical one of a migration."""
    ids = (ticket.ticket_id, ticket.external_id or "")
    redactor = Redactor((ticket.customer_name,))
    text = grams.searchable((ticket.raw_voc, ticket.summary, ticket.customer_name, *ids))
    hidden = (redactor.redact(ticket.raw_voc), redactor.redact(ticket.summary), initials(ticket.customer_name))
    public_text = grams.searchable((*hidden, *ids))
    found = words.roots(ticket.raw_voc)
    return {
        "text": text,
        "public_text": public_text,
        "grams": sorted({*grams.grams(text, public_text), *grams.spans_of(ticket.created_at)}),
        "words": words.word_hashes(found),
        "pairs": words.pair_hashes(found),
    }


def index_all(tickets: Iterable[Any], entries: Any) -> None:
    """Entries for tickets that have none, in batches. `entries` is the manager that makes them, also a historical one."""
    batch = []
    for ticket in tickets:
        batch.append(entries.model(ticket_id=ticket.pk, **entry_of(ticket)))
        if len(batch) == BATCH:
            entries.bulk_create(batch)
            batch = []
    entries.bulk_create(batch)
