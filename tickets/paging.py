"""One page of a list of tickets: by number, or onwards from a cursor at the same cost however deep."""

import hashlib
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.core import signing
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext as _

from tickets.models import Ticket
from tickets.queries import (
    MOST_COUNTED,
    AnyUser,
    TicketFilter,
    as_seen_by,
    count_found,
    count_tickets,
    filter_tickets,
    newest_found,
    sees_all,
    visible_tickets,
)
from voc.core import clock
from voc.core.errors import InvalidInput

Sort = Literal["created_at", "urgency", "waiting"]
Order = Literal["asc", "desc"]

# Urgency the other way round, so that one direction gives the most urgent and then the oldest.
_CALM: Final = "calm"
# Each ends in columns that no two tickets share, so that pages neither overlap nor leave gaps.
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "created_at": ("created_at", "id"),
    "urgency": ("urgency_rank", "created_at", "id"),
    # Who has waited longest among the most urgent: fast for what waits for people, see the index ticket_waiting.
    "waiting": (_CALM, "received_at", "id"),
}
_SALT: Final = "tickets.cursor"


@dataclass(frozen=True, slots=True)
class Page:
    """`tickets` of page `page` (from 1); `total_pages` is 0 when there are none; `next_cursor` is None on the last page.

    `is_more` says that a search found at least `total_count`, which is then not counted further; only cursors go on there.
    """

    tickets: list[Ticket]
    total_count: int
    page: int
    limit: int
    total_pages: int
    next_cursor: str | None
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """What a cursor holds: the last row's sort key, the number of the page it ended, and the total as counted then."""

    key: tuple[Any, ...]
    page: int
    total: int


def page_of(
    user: AnyUser,
    wanted: TicketFilter,
    *,
    sort: Sort = "created_at",
    order: Order = "desc",
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
) -> Page:
    """A page of what the user may see and asks for: newest first, or most urgent and then newest first; `asc` is exactly
    the other way round. "waiting" is meant for `asc`: most urgent and then oldest first. At most two queries. Raises
    InvalidInput for a cursor that does not belong to this list.

    `cursor` takes the place of `page`; the total of a list whose count is not kept comes with it, as of the first page.
    """
    of_all = sees_all(user)
    tickets = filter_tickets(visible_tickets(user), wanted, reader=user)
    list_name = _name_of_list(user, wanted, sort, order)
    if cursor:
        place = _read(cursor, list_name, sort)
        kept = of_all and wanted.counts_are_kept
        total = count_tickets(tickets, wanted, of_all=of_all) if kept else place.total
        page = place.page + 1
        rows = _rows_beyond(tickets, place.key, sort, order, limit + 1, found=bool(wanted.q.strip()))
    elif wanted.q.strip():
        total, rows = _rows_found(tickets, sort, order, (page - 1) * limit, limit + 1)
    else:
        total = count_tickets(tickets, wanted, of_all=of_all)
        start = (page - 1) * limit
        # A page past the end is known to be empty; an offset of any size would be too much for the database.
        rows = list(_sorted(tickets, sort, order)[start : start + limit + 1]) if start < total else []
    shown = rows[:limit]
    following = _write(_Place(_key(shown[-1], sort), page, total), list_name) if len(rows) > limit else None
    is_more = bool(wanted.q.strip()) and total >= MOST_COUNTED
    return Page([as_seen_by(user, row) for row in shown], total, page, limit, -(-total // limit), following, is_more)


def _rows_found(
    tickets: QuerySet[Ticket], sort: Sort, order: Order, start: int, number: int
) -> tuple[int, list[Ticket]]:
    """How many a search finds, and `number` of them from `start` on."""
    if (sort, order) != ("created_at", "desc"):
        total = count_found(tickets)
        return total, list(_sorted(tickets, sort, order)[start : start + number]) if start < total else []
    # One more than is counted: the last page that has a number leads on, too.
    keys = newest_found(tickets.values_list("pk", flat=True), MOST_COUNTED + 1, until=clock.now())
    wanted = keys[start : start + number]
    return min(len(keys), MOST_COUNTED), list(
        _sorted(Ticket.objects.filter(pk__in=wanted), sort, order)
    ) if wanted else []


def _rows_beyond(
    tickets: QuerySet[Ticket], key: tuple[Any, ...], sort: Sort, order: Order, number: int, *, found: bool
) -> list[Ticket]:
    """The first `number` behind `key`; `found` says that a search led to them."""
    beyond = _beyond(tickets, key, sort, order)
    if not found or (sort, order) != ("created_at", "desc"):
        return list(beyond[:number])
    return newest_found(beyond, number, until=key[0])


def following(tickets: QuerySet[Ticket], ticket: Ticket, *, sort: Sort, order: Order) -> Ticket | None:
    """The one that comes after `ticket` in this order; after the last one, the first."""
    others = tickets.exclude(pk=ticket.pk)
    return _beyond(others, _key(ticket, sort), sort, order).first() or _sorted(others, sort, order).first()


def _sorted(tickets: QuerySet[Ticket], sort: Sort, order: Order) -> QuerySet[Ticket]:
    sign = "-" if order == "desc" else ""
    ranked = tickets.alias(**{_CALM: -F("urgency_rank")})
    return ranked.order_by(*(f"{sign}{column}" for column in _KEYS[sort]))


def _beyond(tickets: QuerySet[Ticket], key: tuple[Any, ...], sort: Sort, order: Order) -> QuerySet[Ticket]:
    """The rows behind `key`, by a comparison of whole rows, which an index answers without passing what came before."""
    lookup = TupleLessThan if order == "desc" else TupleGreaterThan
    return _sorted(tickets, sort, order).filter(lookup(_KEYS[sort], key))


def _key(ticket: Ticket, sort: Sort) -> tuple[Any, ...]:
    return tuple(-ticket.urgency_rank if column == _CALM else getattr(ticket, column) for column in _KEYS[sort])


def _name_of_list(user: AnyUser, wanted: TicketFilter, sort: Sort, order: Order) -> str:
    return hashlib.sha256(repr((user.pk, astuple(wanted), sort, order)).encode()).hexdigest()[:16]


def _write(place: _Place, list_name: str) -> str:
    key = [value.isoformat() if isinstance(value, datetime) else value for value in place.key]
    return signing.dumps([list_name, key, place.page, place.total], salt=_SALT)


def _read(cursor: str, list_name: str, sort: Sort) -> _Place:
    try:
        name, key, page, total = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise InvalidInput(field="cursor", message=_("This is not a cursor of ours."), code="cursor") from error
    if name != list_name:
        message = _("This cursor belongs to a list with other filters or another order.")
        raise InvalidInput(field="cursor", message=message, code="cursor")
    moments = [column.endswith("_at") for column in _KEYS[sort]]
    values = (datetime.fromisoformat(each) if moment else each for each, moment in zip(key, moments, strict=True))
    return _Place(tuple(values), page, total)
