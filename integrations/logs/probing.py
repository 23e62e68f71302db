"""Whether the log systems of this site answer, one by one: for the command and for the page where queries are tried."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from integrations.logs.base import LogAdapter, LogQuery
from integrations.logs.gathering import gather
from integrations.logs.registry import build, configured_names
from voc.core import clock
from voc.core.vocabulary import LogEntry, TimeRange

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Probe:
    """What one log system answered: its entries, or the problem. `seconds` is how long it took."""

    source: str
    entries: tuple[LogEntry, ...] = ()
    problem: str = ""
    seconds: float = 0.0


def probe(
    query: LogQuery, *, time_range: TimeRange | None = None, limit: int = 20, only: str = ""
) -> tuple[Probe, ...]:
    """Ask every configured system (or `only` one) the same; by default about the last 24 hours."""
    now = clock.now()
    asked = time_range or TimeRange(now - DAY, now)
    tasks = {name: _task(name, query, asked, limit) for name in configured_names() if only in ("", name)}
    outcomes = gather(tasks, seconds=settings.LOG_DEADLINE_SECONDS) if tasks else {}
    return tuple(outcome.value or Probe(name, problem=outcome.problem) for name, outcome in outcomes.items())


def _task(name: str, query: LogQuery, time_range: TimeRange, limit: int) -> Callable[[], Probe]:
    def ask() -> Probe:
        began = time.monotonic()
        adapter: LogAdapter = build(name)
        entries = tuple(adapter.search_logs(query, time_range, limit))
        return Probe(name, entries, seconds=time.monotonic() - began)

    return ask
