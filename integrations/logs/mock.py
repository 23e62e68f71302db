"""Logs from files, for a site without a log system and for the demo. Every entry says that it is mock."""

import logging
from datetime import datetime
from pathlib import Path
from threading import Lock

from integrations.logs.base import LogAdapter, LogQuery, LogSourceError
from integrations.logs.scenario import SOURCE, MalformedScenario, Scenario, read_scenario
from voc.core import clock
from voc.core.vocabulary import LogContext, LogEntry, TimeRange

logger = logging.getLogger(__name__)

_Stamp = tuple[int, int]


class MockLogAdapter(LogAdapter):
    """All scenario files (`*.json`) of a directory, read again only when a file changes.

    A malformed file is left out and told in `problems()`; the others still answer. `now` fixes the moment that a
    file's `anchor` stands for; without it that is the present.
    """

    name = SOURCE

    def __init__(self, directory: Path | str, *, now: datetime | None = None) -> None:
        self.directory = Path(directory)
        self._now = now
        self._lock = Lock()
        self._files: dict[str, tuple[_Stamp, Scenario | str]] = {}

    def search_logs(self, query: LogQuery | str, time_range: TimeRange, limit: int = 100) -> list[LogEntry]:
        wanted = LogQuery.of(query)
        found = [entry for entry in self._entries() if time_range.holds(entry.timestamp) and matches(wanted, entry)]
        found.sort(key=lambda entry: (entry.timestamp, entry.entry_id), reverse=True)
        return found[: max(limit, 0)]

    def get_error_context(self, error_id: str, context_window: int = 10) -> LogContext:
        entries = self._entries()
        entry = next((entry for entry in entries if entry.entry_id == error_id), None)
        if entry is None:
            raise LogSourceError(f"The mock logs have no entry {error_id}.")
        lines = sorted(
            (other for other in entries if other.service == entry.service),
            key=lambda other: (other.timestamp, other.entry_id),
        )
        at = lines.index(entry)
        return LogContext(
            entry=entry,
            before=tuple(lines[max(0, at - context_window) : at]),
            after=tuple(lines[at + 1 : at + 1 + context_window]),
        )

    def problems(self) -> tuple[str, ...]:
        """One sentence for each file that was left out, for people."""
        return tuple(scenario for _, (_, scenario) in sorted(self._read().items()) if isinstance(scenario, str))

    def _entries(self) -> list[LogEntry]:
        now = self._now or clock.now()
        scenarios = [scenario for _, (_, scenario) in sorted(self._read().items()) if isinstance(scenario, Scenario)]
        return [entry for scenario in scenarios for entry in scenario.at(now)]

    def _read(self) -> dict[str, tuple[_Stamp, Scenario | str]]:
        """The directory as it is now. Parsed files are kept by time and size; the lock keeps threads from parsing twice."""
        try:
            stamps = {
                path.name: (stat.st_mtime_ns, stat.st_size)
                for path in self.directory.glob("*.json")
                if (stat := path.stat())
            }
        except OSError as error:
            raise LogSourceError(f"The mock logs in {self.directory} cannot be read: {error.strerror}.") from error
        with self._lock:
            self._files = {
                name: known if (known := self._files.get(name)) and known[0] == stamp else (stamp, self._parse(name))
                for name, stamp in stamps.items()
            }
            return self._files

    def _parse(self, name: str) -> Scenario | str:
        try:
            return read_scenario(self.directory / name)
        except MalformedScenario as error:
            problem = f"Mock log file left out: {error}"
        except OSError as error:
            problem = f"Mock log file left out: {name}: {error.strerror}"
        logger.error("mock_log_file_left_out", extra={"file": name, "problem": problem})
        return problem


def matches(query: LogQuery, entry: LogEntry) -> bool:
    """Whether an entry answers a query: the rule that every adapter's translation has to reproduce."""
    if query.service and entry.service.casefold() != query.service.casefold():
        return False
    if query.levels and entry.level not in query.levels:
        return False
    if query.text and query.text.casefold() not in _searched(entry).casefold():
        return False
    return not query.ids or any(_names(entry, identifier) for identifier in query.ids)


def _searched(entry: LogEntry) -> str:
    return "\n".join(part for part in (entry.message, entry.error_code, entry.stack_trace) if part)


def _names(entry: LogEntry, identifier: str) -> bool:
    return identifier in entry.message or any(identifier in str(value) for value in entry.metadata.values())
