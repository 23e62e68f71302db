"""The list of messages, at the same cost however many there are and however they are narrowed.

For "newest first" the planner likes to walk an order that it has, by id or by less than is asked for, until it has met enough
rows that match; where those are old, that takes for ever. So each index ends in a multiple of the id that no other one has:
ordered by that, a list is read from its own index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import F, QuerySet

from notifications.models import Delivery, DeliveryState

# By which multiple of the id those are ordered that are narrowed by these columns; see the indexes of Delivery.
FACTORS: Final = {
    frozenset[str](): 1,
    frozenset({"state"}): -1,
    frozenset({"channel", "state"}): -2,
    frozenset({"event", "state"}): -3,
    frozenset({"channel", "event", "state"}): -4,
}
# A subject has few messages: they are sorted.
NO_INDEX: Final = -5


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first; the ids before and after which the older and the newer ones go on (None: there are none)."""

    rows: list[Delivery]
    newer: int | None
    older: int | None


def page_of(wanted: Mapping[str, str], *, size: int, before: int | None = None, after: int | None = None) -> Page:
    """`wanted`: value by column, of subject, channel, event and state. Three queries. The rows come without `message`."""
    walked = _ids(wanted, above=after, below=before, count=size + 1)
    more, ids = len(walked) > size, walked[:size]
    if not ids:
        return Page([], None, None)
    if after is None:
        newer, older = bool(_ids(wanted, above=ids[0], count=1)), more
    else:
        ids.reverse()
        newer, older = more, bool(_ids(wanted, below=ids[-1], count=1))
    rows = Delivery.objects.filter(pk__in=ids).order_by("-pk").defer("message")
    return Page(list(rows), ids[0] if newer else None, ids[-1] if older else None)


def _ids(wanted: Mapping[str, str], *, count: int, below: int | None = None, above: int | None = None) -> list[int]:
    """The greatest ids below, or the least ones above."""
    first, *others = (_of(part, below=below, above=above)[:count] for part in _parts(wanted))
    found = first.union(*others, all=True) if others else first
    return sorted(found, reverse=above is None)[:count]


def _parts(wanted: Mapping[str, str]) -> list[dict[str, str]]:
    """The filter as filters of which one index each answers: all but the subject's go by state before they go by id."""
    if not wanted or "subject" in wanted or "state" in wanted:
        return [dict(wanted)]
    return [{**wanted, "state": state} for state in DeliveryState.values]


def _of(wanted: Mapping[str, str], *, below: int | None, above: int | None) -> QuerySet[Delivery, int]:
    """Their ids, next to the edge first."""
    factor = FACTORS[frozenset(wanted)] if "subject" not in wanted else NO_INDEX
    found = Delivery.objects.filter(**wanted).alias(place=F("pk") * factor if wanted else F("pk"))
    # What has a negative factor runs the other way.
    downwards, upwards = ("gt", "lt") if factor < 0 else ("lt", "gt")
    if below is not None:
        found = found.filter(**{f"place__{downwards}": below * factor})
    if above is not None:
        found = found.filter(**{f"place__{upwards}": above * factor})
    rising = (factor < 0) == (above is None)
    return found.order_by("place" if rising else "-place").values_list("pk", flat=True)
