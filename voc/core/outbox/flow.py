"""The flow table, parsed: which jobs follow an event. `voc.flow.FLOW` is the table, `checks.py` looks at it at boot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


class UnknownEvent(LookupError):
    """An event that the flow table does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table: `handler` (and `on_dead`) are dotted paths, called with the RunningJob."""

    event: str
    queue: str
    handler: str
    on_dead: str = ""
    max_seconds: float = 60
    max_attempts: int = 5

    def load_handler(self) -> Callable[..., None]:
        return _load(self.handler)

    def load_on_dead(self) -> Callable[..., None] | None:
        return _load(self.on_dead) if self.on_dead else None


Table = dict[str, tuple[Route, ...]]
_NAMES = {field.name for field in fields(Route)} - {"event"}


def parse(flow: Mapping[str, list[Any]]) -> Table:
    """Make routes of the plain rows. Raises ValueError that names the row that is wrong."""
    table: Table = {}
    for event, rows in flow.items():
        table[event] = tuple(_row(event, row) for row in rows)
        if len({route.handler for route in table[event]}) < len(table[event]):
            raise ValueError(f"{event}: a handler stands there twice")
    return table


def routes(event: str) -> tuple[Route, ...]:
    """The rows of an event; raises UnknownEvent."""
    try:
        return table()[event]
    except KeyError:
        raise UnknownEvent(f"the flow table has no event {event!r}") from None


def is_known(event: str) -> bool:
    """Whether the table has rows for this event."""
    return event in table()


def route_of(event: str, handler: str) -> Route | None:
    """The row that a stored job came from, or None when it has left the table since."""
    return next((route for route in table().get(event, ()) if route.handler == handler), None)


def table() -> Table:
    return _table(settings.VOC_FLOW)


@cache
def _table(path: str) -> Table:
    return parse(import_string(path))


def _load(path: str) -> Callable[..., None]:
    handler: Callable[..., None] = import_string(path)
    return handler


def _row(event: str, row: Any) -> Route:
    if not isinstance(row, dict):
        raise ValueError(f"{event}: a row is a dict")
    if unknown := set(row) - _NAMES:
        raise ValueError(f"{event}: unknown {', '.join(sorted(unknown))}")
    if missing := {"queue", "handler"} - set(row):
        raise ValueError(f"{event}: {', '.join(sorted(missing))} is missing")
    route = Route(event=event, **row)
    if not isinstance(route.max_seconds, int | float) or not isinstance(route.max_attempts, int):
        raise ValueError(f"{event}: {route.handler}: max_seconds and max_attempts are numbers")
    if route.max_seconds <= 0 or route.max_attempts < 1:
        raise ValueError(f"{event}: {route.handler}: max_seconds and max_attempts must be positive")
    return route
