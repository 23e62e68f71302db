"""Log lines for a complaint: the real log system first, the mock logs after it, as `LOG_MOCK_FALLBACK` says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from integrations.logs.base import LogAdapter, LogQuery, LogSourceError
from voc.core import clock
from voc.core.errors import VocError
from voc.core.vocabulary import LogContext, LogEntry, LogLevel, TimeRange

LIMIT = 100
CONTEXTS = 3
WINDOW = timedelta(hours=24)
TELLING = (LogLevel.FATAL, LogLevel.ERROR, LogLevel.WARN)
WORST = (LogLevel.FATAL, LogLevel.ERROR)


class MockFallback(StrEnum):
    """When the mock logs are asked: no entry was found, no source answered, or not at all."""

    EMPTY = "empty"
    UNANSWERED = "unanswered"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found, newest first, the surroundings of the worst entries, and who answered.

    `answered` and `missing` name log systems; a missing one costs its own evidence only. `problems` are sentences for
    the operators: a source that failed, a file that could not be read.
    """

    entries: tuple[LogEntry, ...] = ()
    contexts: tuple[LogContext, ...] = ()
    answered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


class EnhancedRAGService:
    """Searches the real log system (`log_adapter`, None where a site has none), then the mock one (`mock_rag`)."""

    def __init__(
        self,
        mock_rag: LogAdapter,
        log_adapter: LogAdapter | None,
        *,
        fallback: MockFallback = MockFallback.EMPTY,
    ) -> None:
        self.mock_rag = mock_rag
        self.log_adapter = log_adapter
        self.fallback = fallback

    @property
    def has_real_source(self) -> bool:
        return self.log_adapter is not None

    def search(self, query: LogQuery | str) -> list[LogEntry]:
        """Entries of the last 24 hours that match, newest first."""
        now = clock.now()
        return list(self.retrieve(LogQuery.of(query), TimeRange(now - WINDOW, now)).entries)

    def retrieve(self, query: LogQuery, time_range: TimeRange, *, limit: int = LIMIT) -> Retrieved:
        """Up to `limit` entries, the telling levels before the ordinary ones where there is not room for all."""
        entries: tuple[LogEntry, ...] = ()
        answered: list[str] = []
        missing: list[str] = []
        problems: list[str] = []
        for adapter in (self.log_adapter, self.mock_rag):
            if adapter is None or (adapter is self.mock_rag and not self._mock_is_asked(entries, answered)):
                continue
            try:
                entries = _searched(adapter, query, time_range, limit)
            except VocError as error:
                missing.append(adapter.name)
                problems.append(error.message)
                continue
            answered.append(adapter.name)
            problems += adapter.problems()
        return Retrieved(
            entries=entries,
            contexts=self._contexts(entries),
            answered=tuple(answered),
            missing=tuple(missing),
            problems=tuple(problems),
        )

    def _mock_is_asked(self, entries: tuple[LogEntry, ...], answered: list[str]) -> bool:
        if self.fallback is MockFallback.NEVER:
            return False
        return not (entries if self.fallback is MockFallback.EMPTY else answered)

    def _contexts(self, entries: Iterable[LogEntry]) -> tuple[LogContext, ...]:
        contexts = []
        for entry in [entry for entry in entries if entry.level in WORST][:CONTEXTS]:
            adapter = self.mock_rag if entry.mock else self.log_adapter
            try:
                contexts += [adapter.get_error_context(entry.entry_id)] if adapter else []
            except LogSourceError:
                # The entry itself is evidence enough; its surroundings are a help, not a condition.
                continue
        return tuple(contexts)


def _searched(adapter: LogAdapter, query: LogQuery, time_range: TimeRange, limit: int) -> tuple[LogEntry, ...]:
    """The telling levels are asked for first: a busy service writes more than `limit` ordinary lines an hour."""
    found: list[LogEntry] = []
    if not query.levels:
        worst = LogQuery(service=query.service, text=query.text, ids=query.ids, levels=TELLING)
        found += adapter.search_logs(worst, time_range, limit)
    if len(found) < limit:
        found += adapter.search_logs(query, time_range, limit)
    return newest_first(unique(found)[:limit])


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
