"""Log lines for a complaint: the real log systems first, the mock logs after them, as `LOG_MOCK_FALLBACK` says."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from integrations.logs.base import LogAdapter, LogPlace, LogQuery, LogSourceError
from integrations.logs.gathering import DEADLINE_SECONDS, at_place, gather, sources_of
from integrations.logs.patterns import NOTHING, Summary, summarise
from integrations.logs.ranking import About, fitting, rank
from voc.core import clock
from voc.core.errors import VocError
from voc.core.vocabulary import LogContext, LogEntry, LogLevel, TimeRange

LIMIT = 100
CONTEXTS = 3
CONTEXT_WINDOW = 10
WINDOW = timedelta(hours=24)
TELLING = (LogLevel.FATAL, LogLevel.ERROR, LogLevel.WARN)
WORST = (LogLevel.FATAL, LogLevel.ERROR)
# Of the whole time, what the first round may take: the rest is for a second one and for the surroundings of the worst.
FIRST_SHARE = 0.7
NOWHERE = LogPlace()


class MockFallback(StrEnum):
    """When the mock logs are asked: no entry was found, no source answered, or not at all."""

    EMPTY = "empty"
    UNANSWERED = "unanswered"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found, newest first, the surroundings of the worst entries, and who answered.

    `answered` and `missing` name log systems; a missing one costs its own evidence only: what it gave before it failed is
    here, and it stands in `missing` all the same. `problems` are sentences for the operators: a source that failed, a file
    that could not be read. `summary` tells what repeats among all lines that were found.
    """

    entries: tuple[LogEntry, ...] = ()
    contexts: tuple[LogContext, ...] = ()
    answered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())
    summary: Summary = field(default=NOTHING)


class EnhancedRAGService:
    """Searches the real log systems (`log_adapter`, None where a site has none), then the mock one (`mock_rag`).

    `places` says where services keep their logs that are not where the site's others are. `seconds` is the time for
    one complaint, all systems and all queries together.
    """

    def __init__(
        self,
        mock_rag: LogAdapter,
        log_adapter: LogAdapter | None,
        *,
        fallback: MockFallback = MockFallback.EMPTY,
        places: Mapping[str, LogPlace] | None = None,
        seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self.mock_rag = mock_rag
        self.log_adapter = log_adapter
        self.fallback = fallback
        self.places = places or {}
        self.seconds = seconds

    @property
    def has_real_source(self) -> bool:
        return self.log_adapter is not None

    def search(self, query: LogQuery | str) -> list[LogEntry]:
        """Entries of the last 24 hours that match, newest first."""
        now = clock.now()
        return list(self.retrieve(LogQuery.of(query), TimeRange(now - WINDOW, now)).entries)

    def retrieve(self, query: LogQuery, time_range: TimeRange, *, limit: int = LIMIT) -> Retrieved:
        """Up to `limit` entries, the more telling before the others where there is not room for all."""
        session = self.session(time_range, limit=limit)
        session.search(query)
        return session.retrieved(About(services=(query.service,), ids=query.ids))

    def session(self, time_range: TimeRange, *, limit: int = LIMIT) -> "Session":
        """Several searches for one complaint under one deadline, which runs from now."""
        return Session(self, time_range, limit=limit)


class Session:
    """The searches for one complaint. A system that failed or was late is not asked again in the same session."""

    def __init__(self, service: EnhancedRAGService, time_range: TimeRange, *, limit: int) -> None:
        self._service = service
        self._time_range = time_range
        self._limit = limit
        self._sources = sources_of(service.log_adapter)
        self._deadline = time.monotonic() + service.seconds
        self._first_ends = time.monotonic() + service.seconds * FIRST_SHARE
        self._found: list[LogEntry] = []
        self._finders: dict[tuple[str, str], LogAdapter] = {}
        self._answered: dict[str, None] = {}
        self._missing: dict[str, str] = {}
        self._to_mend: dict[str, None] = {}

    def search(self, *queries: LogQuery) -> tuple[LogEntry, ...]:
        """What the queries find, all of them asked of every system at once; the mock logs after them, where that is set."""
        found = self._ask_real(queries)
        self._found += found
        if self._mock_is_asked():
            mock = self._ask_mock(queries)
            self._found += mock
            found += mock
        return tuple(unique(found))

    def retrieved(self, about: About) -> Retrieved:
        """All that was found, cut to what matters for the complaint, with the surroundings of the worst."""
        ranked = fitting(rank(unique(self._found), about), limit=self._limit)
        return Retrieved(
            entries=newest_first(ranked),
            contexts=self._contexts([entry for entry in ranked if entry.level in WORST][:CONTEXTS]),
            answered=tuple(name for name in self._answered if name not in self._missing),
            missing=tuple(self._missing),
            problems=(*self._missing.values(), *self._to_mend),
            summary=summarise(unique(self._found)),
        )

    def _ask_real(self, queries: Sequence[LogQuery]) -> list[LogEntry]:
        # Filled as the answers come, so that what a late system gave in time is not lost.
        found: dict[str, list[LogEntry]] = {}
        tasks = {
            source.name: self._task(source, own, found.setdefault(source.name, []))
            for source in self._sources
            if source.name not in self._missing and (own := self._for(source, queries))
        }
        if not tasks:
            return []
        first = not self._answered and not self._missing
        ends = self._first_ends if first else self._deadline
        outcomes = gather(tasks, seconds=max(0.0, ends - time.monotonic()))
        for name, outcome in outcomes.items():
            if outcome.problem:
                self._missing[name] = _sentence(name, outcome.problem)
            else:
                self._answered[name] = None
        for source in self._sources:
            if source.name in outcomes:
                self._to_mend |= dict.fromkeys(source.problems())
        return [entry for name in tasks for entry in list(found[name])]

    def _for(self, source: LogAdapter, queries: Sequence[LogQuery]) -> list[LogQuery]:
        """The queries that this system is asked: not those for a service that has its logs elsewhere."""
        return [query for query in queries if self._place(query).source in ("", source.name)]

    def _place(self, query: LogQuery) -> LogPlace:
        return self._service.places.get(query.service, NOWHERE)

    def _task(self, source: LogAdapter, queries: list[LogQuery], found: list[LogEntry]) -> Callable[[], bool]:
        def ask() -> bool:
            for query in queries:
                adapter = at_place(source, self._place(query))
                for part in _parts(adapter, query, self._time_range, self._limit):
                    for entry in part:
                        self._finders.setdefault((entry.source, entry.entry_id), adapter)
                    found.extend(part)
            return True

        return ask

    def _mock_is_asked(self) -> bool:
        if self._service.fallback is MockFallback.NEVER:
            return False
        if self._service.fallback is MockFallback.UNANSWERED:
            return not any(name != self._service.mock_rag.name for name in self._answered)
        return not any(not entry.mock for entry in self._found)

    def _ask_mock(self, queries: Sequence[LogQuery]) -> list[LogEntry]:
        mock = self._service.mock_rag
        found: list[LogEntry] = []
        try:
            for query in queries:
                for part in _parts(mock, query, self._time_range, self._limit):
                    found += part
        except VocError as error:
            self._missing[mock.name] = error.message
            return found
        self._answered[mock.name] = None
        self._to_mend |= dict.fromkeys(mock.problems())
        return found

    def _contexts(self, worst: Iterable[LogEntry]) -> tuple[LogContext, ...]:
        """The entry itself is evidence enough; its surroundings are a help, not a condition: a failure is left out."""
        tasks: dict[str, Callable[[], LogContext]] = {}
        mock: dict[str, LogContext] = {}
        for entry in worst:
            if entry.mock:
                mock |= _mock_context(self._service.mock_rag, entry)
            elif entry.source not in self._missing:
                adapter = self._finders[(entry.source, entry.entry_id)]
                tasks[f"{entry.source} {entry.entry_id}"] = _context_task(adapter, entry)
        left = max(0.0, self._deadline - time.monotonic())
        outcomes = gather(tasks, seconds=left) if tasks and left else {}
        real = {name: outcome.value for name, outcome in outcomes.items() if outcome.value}
        return tuple((real | mock).values())


def _context_task(adapter: LogAdapter, entry: LogEntry) -> Callable[[], LogContext]:
    return lambda: adapter.context_of(entry, CONTEXT_WINDOW)


def _mock_context(mock: LogAdapter, entry: LogEntry) -> dict[str, LogContext]:
    try:
        return {entry.entry_id: mock.get_error_context(entry.entry_id, CONTEXT_WINDOW)}
    except LogSourceError:
        return {}


def _sentence(name: str, problem: str) -> str:
    return problem if problem.casefold().startswith(name.casefold()) else f"{name}: {problem}"


def _parts(adapter: LogAdapter, query: LogQuery, time_range: TimeRange, limit: int) -> Iterator[list[LogEntry]]:
    """The telling levels are asked for first: a busy service writes more than `limit` ordinary lines an hour."""
    found: list[LogEntry] = []
    if not query.levels:
        found = adapter.search_logs(replace(query, levels=TELLING), time_range, limit)
        yield found
    if len(found) < limit:
        yield adapter.search_logs(query, time_range, limit)


def unique(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Without repetitions, the first of each kept: by id and source, or by content where a system gives no ids."""
    seen: dict[tuple[object, ...], LogEntry] = {}
    for entry in entries:
        key = (
            (entry.source, entry.entry_id)
            if entry.entry_id
            else (entry.source, entry.timestamp, entry.service, entry.level, entry.message)
        )
        seen.setdefault(key, entry)
    return list(seen.values())


def newest_first(entries: Iterable[LogEntry]) -> tuple[LogEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: (entry.timestamp, entry.entry_id), reverse=True))
