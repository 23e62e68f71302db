"""Builds the blocks of postings in which similar cases are looked up (tickets.postings), apart from taking complaints in.

What is written is kept in step by `tickets.indexing`: a ticket whose complaint is new or another one is "open" until the
block that it belongs to has been built again. Everything here can be lost and built anew from the tickets.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
from django.db import connection, transaction

from tickets.models import CaseBlock, Ticket
from tickets.postings import BLOCK, BLOCK_BITS
from tickets.synonyms import Thesaurus, thesaurus
from voc.core import clock

# A block is due when so many of its tickets, or such a part of them, or one for so long, are open.
DUE: Final = 1000
DUE_PART: Final = 0.02
DUE_AFTER: Final = timedelta(minutes=10)
# One at a time, whoever starts it: a number that no other lock of ours has.
_LOCK: Final = 0x564F4343
_FETCHED: Final = 2000


@dataclass(frozen=True, slots=True)
class _Built:
    """A block as it is to be stored: `rows` are (term, number of tickets, their offsets)."""

    number: int
    tickets: int
    lengths: bytes
    rows: list[tuple[int, int, bytes]]


def seal(*, at_once: bool = False) -> int | None:
    """Build the block that is most in need of it. Returns its number; None when none is due, or another process is at it.

    `at_once`: whatever is open is due.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
        known = thesaurus()
        number = _due(cursor, known, at_once=at_once)
        if number is not None:
            low = number << BLOCK_BITS
            # What is written from here on has another stamp, and stays open.
            cursor.execute(
                "SELECT ticket_id, stamp FROM tickets_opencase WHERE ticket_id >= %s AND ticket_id < %s",
                [low, low + BLOCK],
            )
            stamps = cursor.fetchall()
            texts = Ticket.objects.filter(pk__gte=low, pk__lt=low + BLOCK).order_by("pk").values_list("pk", "raw_voc")
            terms = ((key - low, known.terms(text)) for key, text in texts.iterator(_FETCHED))
            _store(cursor, built(number, terms), known, stamps)
    return number


def _due(cursor: Any, known: Thesaurus, *, at_once: bool) -> int | None:
    cursor.execute(
        "SELECT ticket_id >> %s, count(*), min(since) FROM tickets_opencase GROUP BY 1 ORDER BY 2 DESC, 1", [BLOCK_BITS]
    )
    sizes = dict(CaseBlock.objects.values_list("number", "tickets"))
    late = clock.now() - DUE_AFTER
    for number, waiting, since in cursor.fetchall():
        if at_once or waiting >= min(DUE, DUE_PART * sizes.get(number, 0)) or since < late:
            return int(number)
    ids = sorted(known.ids.values())
    # Groups of synonyms have changed: until all blocks know it, their words stand for them.
    behind = CaseBlock.objects.exclude(groups=ids).order_by("built_at", "number").values_list("number", flat=True)
    return behind.first()


def built(number: int, tickets: Iterable[tuple[int, Iterable[int]]]) -> _Built:
    """A block of (offset, terms) in the order of the offsets."""
    terms, offsets = array("i"), array("H")
    lengths = bytearray(BLOCK)
    there = 0
    for offset, found in tickets:
        there += 1
        some = sorted(found)
        lengths[offset] = min(len(some), 255)
        terms.extend(some)
        offsets.extend([offset] * len(some))
    return _Built(number, there, bytes(lengths), list(_lists(terms, offsets)))


def _lists(terms: "array[int]", offsets: "array[int]") -> Iterator[tuple[int, int, bytes]]:
    if not terms:
        return
    by_ticket = np.frombuffer(terms, dtype=np.int32)
    order = np.argsort(by_ticket, kind="stable")
    sorted_terms = by_ticket[order]
    places = np.frombuffer(offsets, dtype=np.uint16)[order].astype("<u2")
    begins = np.flatnonzero(np.r_[True, sorted_terms[1:] != sorted_terms[:-1]])
    ends = np.r_[begins[1:], len(sorted_terms)]
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        yield int(sorted_terms[begin]), end - begin, places[begin:end].tobytes()


def _store(cursor: Any, block: _Built, known: Thesaurus, stamps: list[tuple[int, Any]]) -> None:
    CaseBlock.objects.update_or_create(
        number=block.number,
        defaults={
            "tickets": block.tickets,
            "lengths": block.lengths,
            "groups": sorted(known.ids.values()),
            "built_at": clock.now(),
        },
    )
    cursor.execute("DELETE FROM tickets_caseposting WHERE block_id = %s", [block.number])
    with cursor.copy("COPY tickets_caseposting (block_id, term, number, offsets) FROM STDIN") as copy:
        for term, number, offsets in block.rows:
            copy.write_row((block.number, term, number, offsets))
    # Last: whoever writes one of these tickets at this moment waits for nothing longer than this.
    cursor.execute(
        "DELETE FROM tickets_opencase USING unnest(%s::bigint[], %s::uuid[]) AS read (ticket, stamp)"
        " WHERE ticket_id = read.ticket AND tickets_opencase.stamp = read.stamp",
        [[ticket for ticket, _stamp in stamps], [stamp for _ticket, stamp in stamps]],
    )
