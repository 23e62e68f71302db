"""Writes what search and similar cases look up."""

from collections.abc import Iterable
from typing import Any, Final

from tickets import grams, words
from tickets.models import SearchEntry, Ticket
from tickets.personal import hidden, initials, redactor_of

BATCH: Final = 500
LEADING: Final = 32


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
    redactor = redactor_of(ticket)
    text = grams.searchable((ticket.raw_voc, ticket.summary, ticket.customer_name, *ids))
    seen = (hidden(ticket.raw_voc, redactor), hidden(ticket.summary, redactor), initials(ticket.customer_name))
    public_text = grams.searchable((*seen, *ids))
    found = words.roots(ticket.raw_voc)
    return {
        "text": text,
        "public_text": public_text,
        "grams": sorted({*grams.grams(text, public_text), *grams.spans_of(ticket.created_at)}),
        "words": words.word_hashes(found),
        "pairs": words.pair_hashes(found),
    }


def keys_holding(texts: Iterable[str]) -> list[int]:
    """The keys of the tickets whose entries hold one of the texts, however it is cased. Blank texts hold nothing."""
    found: set[int] = set()
    for part in filter(str.strip, map(grams.normalise, texts)):
        # The beginning of a long text is enough to find what may hold all of it.
        candidates = SearchEntry.objects.filter(grams__contains=grams.query_grams(part[:LEADING]))
        found.update(candidates.filter(text__contains=part).values_list("pk", flat=True))
    return sorted(found)


def index_all(tickets: Iterable[Any], entries: Any) -> None:
    """Entries for tickets that have none, in batches. `entries` is the manager that makes them, also a historical one."""
    batch = []
    for ticket in tickets:
        batch.append(entries.model(ticket_id=ticket.pk, **entry_of(ticket)))
        if len(batch) == BATCH:
            entries.bulk_create(batch)
            batch = []
    entries.bulk_create(batch)
