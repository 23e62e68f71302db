"""Reading the trail: by what it is about, who did it, the table and the time; newest first, at the same cost however deep.

One filter leads, whose index has the list's order; where others must hold too, a page looks at no more than LOOKED_AT entries of
the leading one, so that a rare combination costs no more than a common one. Where it stopped is where the next page begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThanOrEqual, TupleLessThan

from voc.core.audit.models import RARE, Entry

PAGE = 50
BATCH = 1000
LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; "" and None mean all. `since` belongs to it, `until` does not."""

    subject: str = ""
    actor: str = ""
    table: str = ""
    act: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`before` is the entry behind which the next page begins; None on the last one. `looked_back_to` is when that entry was,
    where the page ends because enough was looked at: it may hold few entries then, or none, though older ones match."""

    entries: list[Entry]
    before: int | None
    looked_back_to: datetime | None = None


def page_of(wanted: Wanted, *, before: int | None = None, limit: int = PAGE) -> Page:
    """A page of the trail. One query; one more behind `before` (an entry's number; an unknown one begins anew), and one more
    where more than one filter is set."""
    entries, edge = _looked_at(wanted, before)
    rows = list(entries[: limit + 1])
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1].pk)
    return Page(rows, edge[1], edge[0]) if edge else Page(rows, None)


def all_of(wanted: Wanted) -> Iterator[Entry]:
    """Every entry, a thousand at a time: for exports of any size."""
    before: int | None = None
    while True:
        page = page_of(wanted, before=before, limit=BATCH)
        yield from page.entries
        if page.before is None:
            return
        before = page.before


def _looked_at(wanted: Wanted, before: int | None) -> tuple[QuerySet[Entry], tuple[datetime, int] | None]:
    """What matches among the entries that a page looks at, and the last of these where there are more."""
    leading, others = _filters(wanted)
    entries = _behind(_within(wanted).filter(**leading), before)
    if not others:
        return entries, None
    edge = entries.values_list("at", "id")[LOOKED_AT - 1 : LOOKED_AT].first()
    entries = entries.filter(**others)
    return (entries.filter(TupleGreaterThanOrEqual(("at", "id"), edge)) if edge else entries), edge


def _filters(wanted: Wanted) -> tuple[dict[str, str], dict[str, str]]:
    """The filter that leads, the one that leaves the fewest as a rule, and the others. Each of the first has an index."""
    given = {
        "subject": wanted.subject,
        "act": wanted.act if wanted.act in RARE else "",
        "actor_name": wanted.actor,
        "table": wanted.table,
    }
    leading = next(((name, value) for name, value in given.items() if value), None)
    others = {
        name: value for name, value in (given | {"act": wanted.act}).items() if value and (name, value) != leading
    }
    return dict([leading] if leading else []), others


def _within(wanted: Wanted) -> QuerySet[Entry]:
    times = {"at__gte": wanted.since, "at__lt": wanted.until}
    return Entry.objects.filter(**{name: value for name, value in times.items() if value}).order_by("-at", "-id")


def _behind(entries: QuerySet[Entry], before: int | None) -> QuerySet[Entry]:
    last = Entry.objects.filter(pk=before).values_list("at", "id").first() if before else None
    return entries.filter(TupleLessThan(("at", "id"), last)) if last else entries
