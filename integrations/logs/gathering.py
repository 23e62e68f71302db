"""Several log systems at once: each in a thread of its own, none of them waited for beyond a common moment."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import ClassVar, Generic, TypeVar

import structlog
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from integrations.logs.base import LogAdapter, LogPlace, LogQuery, LogSourceError
from voc.core.database import in_transaction
from voc.core.errors import VocError
from voc.core.vocabulary import LogContext, LogEntry, TimeRange

DEADLINE_SECONDS = 10.0

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value]):
    """What came of one task: its value, or the sentence that says why there is none."""

    value: Value | None = None
    problem: str = ""


def gather(tasks: Mapping[str, Callable[[], Value]], *, seconds: float) -> dict[str, Outcome[Value]]:
    """Run all tasks at once and wait so many seconds for them; those that take longer are left to themselves.

    The tasks run in helper threads and must not touch the ORM. Raises RuntimeError inside a transaction of the caller,
    whose locks would be held meanwhile.
    """
    if in_transaction():
        raise RuntimeError("log systems asked inside a database transaction: commit first")
    answers: SimpleQueue[tuple[str, Outcome[Value]]] = SimpleQueue()

    language = get_language()

    def run(name: str, task: Callable[[], Value]) -> None:
        # A new thread speaks the site's language, whoever asked.
        with override(language):
            answers.put((name, _outcome(name, task)))

    for name, task in tasks.items():
        Thread(target=run, args=(name, task), name=f"logs-{name}", daemon=True).start()
    deadline = time.monotonic() + seconds
    done: dict[str, Outcome[Value]] = {}
    while len(done) < len(tasks):
        try:
            name, outcome = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        done[name] = outcome
    late: Outcome[Value] = Outcome(problem=_("no answer within %(seconds)d s") % {"seconds": round(seconds)})
    return {name: done.get(name, late) for name in tasks}


def _outcome(name: str, task: Callable[[], Value]) -> Outcome[Value]:
    try:
        return Outcome(value=task())
    except VocError as error:
        return Outcome(problem=error.message)
    except Exception as error:
        log.exception("logs.source_failed", source=name)
        return Outcome(problem=f"{name} failed: {type(error).__name__}")


class LogSources(LogAdapter):
    """Several log systems as one. It fails only when all of them do."""

    name: ClassVar[str] = "logs"

    def __init__(self, sources: Sequence[LogAdapter], *, seconds: float = DEADLINE_SECONDS) -> None:
        self.sources = tuple(sources)
        self.seconds = seconds

    def search_logs(self, query: LogQuery | str, time_range: TimeRange, limit: int = 100) -> list[LogEntry]:
        def ask(source: LogAdapter) -> Callable[[], list[LogEntry]]:
            return lambda: source.search_logs(query, time_range, limit)

        found = [entry for part in self._answers(ask) for entry in part]
        return sorted(found, key=lambda entry: (entry.timestamp, entry.entry_id), reverse=True)[: max(limit, 0)]

    def get_error_context(self, error_id: str, context_window: int = 10) -> LogContext:
        def ask(source: LogAdapter) -> Callable[[], LogContext]:
            return lambda: source.get_error_context(error_id, context_window)

        return self._answers(ask)[0]

    def _answers(self, ask: Callable[[LogAdapter], Callable[[], Value]]) -> list[Value]:
        outcomes = gather({source.name: ask(source) for source in self.sources}, seconds=self.seconds)
        values = [outcome.value for outcome in outcomes.values() if outcome.value is not None]
        if not values:
            raise LogSourceError("; ".join(f"{name}: {outcome.problem}" for name, outcome in outcomes.items()))
        return values


def sources_of(adapter: LogAdapter | None) -> tuple[LogAdapter, ...]:
    """The systems behind an adapter."""
    if adapter is None:
        return ()
    return adapter.sources if isinstance(adapter, LogSources) else (adapter,)


def at_place(source: LogAdapter, place: LogPlace) -> LogAdapter:
    """The system as it is to be asked for a service that has its logs at `place`. Raises LogSourceError."""
    try:
        return source.at(place)
    except ValueError as error:
        raise LogSourceError(f"{source.name} cannot be asked: {error}") from error
