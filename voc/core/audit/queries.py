"""Reading the trail: by what it is about, who did it, the table and the time; newest first, at the same cost however deep."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import TupleLessThan

from voc.core.audit.models import Entry

PAGE = 50
BATCH = 1000


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
    """`before` is the entry behind which the next page begins; None on the last one."""

    entries: list[Entry]
    before: int | None


def page_of(wanted: Wanted, *, before: int | None = None, limit: int = PAGE) -> Page:
    """A page of the trail. One query, or two behind `before` (an entry's number; an unknown one begins anew)."""
    rows = list(_behind(_matching(wanted), before)[: limit + 1])
    return Page(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def all_of(wanted: Wanted) -> Iterator[Entry]:
    """Every entry, a thousand at a time: for exports of any size."""
    before: int | None = None
    while True:
        page = page_of(wanted, before=before, limit=BATCH)
        yield from page.entries
        if page.before is None:
            return
        before = page.before


def _matching(wanted: Wanted) -> QuerySet[Entry]:
    exact = {
        "subject": wanted.subject,
        "actor_name": wanted.actor,
        "table": wanted.table,
        "act": wanted.act,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    return Entry.objects.filter(**{name: value for name, value in exact.items() if value}).order_by("-at", "-id")


def _behind(entries: QuerySet[Entry], before: int | None) -> QuerySet[Entry]:
    last = Entry.objects.filter(pk=before).values_list("at", "id").first() if before else None
    return entries.filter(TupleLessThan(("at", "id"), last)) if last else entries
