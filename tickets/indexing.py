"""Writes what search and similar cases look up."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from tickets import grams, words
from tickets.models import SearchEntry, Ticket
from tickets.personal import hidden, initials, redactor_of

BATCH: Final = 500
LEADING: Final = 32
# A summary is written again more often than the complaint: only another complaint has to go into the postings.
_OPEN: Final = """
INSERT INTO tickets_opencase (ticket_id, stamp, since)
SELECT %(ticket)s, gen_random_uuid(), now()
WHERE NOT EXISTS (SELECT FROM tickets_searchentry WHERE ticket_id = %(ticket)s AND words = %(words)s::int[])
ON CONFLICT (ticket_id) DO UPDATE SET stamp = excluded.stamp
"""


def index(ticket: Ticket) -> None:
    """Make the ticket findable by its texts as they are now, and by nothing else any more; inside the transaction that
    changed them. Whatever writes a ticket's complaint, summary or customer calls this, erasure too."""
    entry = entry_of(ticket)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"ticket": ticket.pk, "words": entry["words"]})
    SearchEntry.objects.bulk_create(
        [SearchEntry(ticket=ticket, **entry)],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["text", "public_text", "grams", "words"],
    )


def entry_of(ticket: Any) -> dict[str, Any]:
    """The fields of a search entry by name. `ticket` is a ticket, also a historical one of a migration."""
    ids = (ticket.ticket_id, ticket.external_id or "")
    redactor = redactor_of(ticket)
    text = grams.searchable((ticket.raw_voc, ticket.summary, ticket.customer_name, *ids))
    seen = (hidden(ticket.raw_voc, redactor), hidden(ticket.summary, redactor), initials(ticket.customer_name))
    public_text = grams.searchable((*seen, *ids))
    return {
        "text": text,
        "public_text": public_text,
        "grams": sorted({*grams.grams(text, public_text), *grams.spans_of(ticket.created_at)}),
        "words": words.word_hashes(words.roots(ticket.raw_voc)),
    }


def is_held(text: str, *, besides: Iterable[int]) -> bool:
    """Whether the entry of a ticket that is none of `besides` holds the text, however it is cased."""
    return _holding(grams.normalise(text)).exclude(pk__in=list(besides)).exists()


def keys_holding(texts: Iterable[str]) -> list[int]:
    """The keys of the tickets whose entries hold one of the texts, however it is cased. Blank texts hold nothing."""
    found: set[int] = set()
    for part in filter(str.strip, map(grams.normalise, texts)):
        found.update(_holding(part).values_list("pk", flat=True))
    return sorted(found)


def _holding(part: str) -> QuerySet[SearchEntry]:
    # The beginning of a long text is enough to find what may hold all of it.
    candidates = SearchEntry.objects.filter(grams__contains=grams.query_grams(part[:LEADING]))
    return candidates.filter(text__contains=part)


def index_all(tickets: Iterable[Any], entries: Any) -> None:
    """Entries for tickets that have none, in batches. `entries` is the manager that makes them, also a historical one."""
    batch = []
    # A column that there was before the postings.
    more: dict[str, Any] = {"pairs": []} if hasattr(entries.model, "pairs") else {}
    for ticket in tickets:
        batch.append(entries.model(ticket_id=ticket.pk, **entry_of(ticket), **more))
        if len(batch) == BATCH:
            entries.bulk_create(batch)
            batch = []
    entries.bulk_create(batch)
