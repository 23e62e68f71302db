"""What all adapters of real log systems share: deadlines, the breaker, rests, error context, and one kind of error."""

import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from integrations.logs.base import LogAdapter, LogPlace, LogQuery, LogSourceError
from integrations.logs.fields import SCHEMAS, FieldMapping, UnknownFields, parse_fields, read_entry
from integrations.logs.rest import let_rest, rest_until
from voc.core.errors import Permanent, Transient
from voc.core.vocabulary import LogContext, LogEntry, TimeRange

TIMEOUT_SECONDS = 6.0
CONTEXT_SPAN = timedelta(hours=1)
# Lines that may share the entry's very moment, on top of those that the context shows.
SAME_MOMENT = 20
MILLISECOND = timedelta(milliseconds=1)
# Queries have a longest length in every system.
TEXT_LENGTH = 200
ID_LENGTH = 100
IDS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """One search: the query, its time range, how many entries, and from which end."""

    query: LogQuery
    time_range: TimeRange
    limit: int
    oldest_first: bool = False


@dataclass
class RemoteLogAdapter(LogAdapter):
    """A log system behind an address. `seconds` is the time that one search or one context may take, all requests together.

    Whatever goes wrong is a LogSourceError that names the system and holds no secret.
    """

    url: str
    index: str = ""
    fields: FieldMapping = field(default=SCHEMAS["plain"])
    seconds: float = TIMEOUT_SECONDS

    title: ClassVar[str] = ""
    max_limit: ClassVar[int] = 10_000

    def __post_init__(self) -> None:
        """Raises UnknownFields for an index that could mean something to a query language."""
        if not LogPlace(index=self.index).is_plain:
            raise UnknownFields(f"{self.index!r} is no index or log group: letters, digits and _ . - * / # : @ + only")

    @property
    def places(self) -> tuple[str, ...]:
        """The indices or log groups, each by itself."""
        return tuple(name.strip() for name in self.index.split(",") if name.strip())

    @abstractmethod
    def fetch(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        """One search; `deadline` is monotonic. May raise whatever the core's errors are."""

    def at(self, place: LogPlace) -> Self:
        """The same system, looking where a service of the catalogue has its logs. Raises UnknownFields."""
        if not (place.index or place.fields):
            return self
        return replace(
            self,
            index=place.index or self.index,
            fields=parse_fields(place.fields, start=self.fields) if place.fields else self.fields,
        )

    def search_logs(self, query: LogQuery | str, time_range: TimeRange, limit: int = 100) -> list[LogEntry]:
        wanted = Wanted(LogQuery.of(query), time_range, limit)
        return self._fetched(wanted, time.monotonic() + self.seconds)

    def get_error_context(self, error_id: str, context_window: int = 10) -> LogContext:
        """The time that an id carries (see `entry_id`) is what makes it findable in systems that search by time only."""
        deadline = time.monotonic() + self.seconds
        moment = moment_of(error_id)
        around = self._fetched(Wanted(LogQuery(), TimeRange(moment, moment + MILLISECOND), 1_000), deadline)
        entry = next((entry for entry in around if entry.entry_id == error_id), None)
        if entry is None:
            raise LogSourceError(f"{self.title} has no entry {error_id}.")
        return self._around(entry, context_window, deadline)

    def context_of(self, entry: LogEntry, context_window: int = 10) -> LogContext:
        """As `get_error_context`, for an entry that is at hand: one request less."""
        return self._around(entry, context_window, time.monotonic() + self.seconds)

    def _around(self, entry: LogEntry, window: int, deadline: float) -> LogContext:
        query = LogQuery(service=entry.service if self.fields.service else "")
        room = window + SAME_MOMENT
        before = self._fetched(
            Wanted(query, TimeRange(entry.timestamp - CONTEXT_SPAN, entry.timestamp + MILLISECOND), room), deadline
        )
        after = self._fetched(
            Wanted(query, TimeRange(entry.timestamp, entry.timestamp + CONTEXT_SPAN), room, oldest_first=True), deadline
        )
        place = _order(entry)
        # Newest first, so that the cut leaves the nearest.
        earlier = sorted((line for line in before if _order(line) < place), key=_order, reverse=True)[:window]
        later = sorted((line for line in after if _order(line) > place), key=_order)[:window]
        return LogContext(entry=entry, before=tuple(reversed(earlier)), after=tuple(later))

    def _fetched(self, wanted: Wanted, deadline: float) -> list[LogEntry]:
        """The newest (or oldest) entries that match, each once. Raises LogSourceError and nothing else."""
        limit = min(wanted.limit, self.max_limit)
        if limit <= 0:
            return []
        query = bounded(wanted.query)
        with self._speaking():
            entries = self.fetch(replace(wanted, query=query, limit=limit), deadline)
        if query.levels and not self.fields.level:
            # A system without a level field is asked for all levels; the entry knows its own.
            entries = [entry for entry in entries if entry.level in query.levels]
        known = {entry.entry_id: entry for entry in entries}
        ordered = sorted(known.values(), key=_order, reverse=not wanted.oldest_first)
        return ordered[:limit]

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        if until := rest_until(self.peer):
            raise LogSourceError(
                _("%(system)s asked to be left alone until %(time)s UTC.")
                % {"system": self.title, "time": f"{until:%H:%M:%S}"}
            )
        try:
            yield
        except Transient as error:
            if error.at and not error.spend:
                # The breaker is open: the system was not called, and has asked for nothing.
                raise LogSourceError(
                    _("%(system)s failed several times: it is called again from %(time)s UTC.")
                    % {"system": self.title, "time": f"{error.at:%H:%M:%S}"}
                ) from error
            if error.at:
                let_rest(self.peer, error.at)
            raise LogSourceError(f"{self.title}: {error.message}") from error
        except Permanent as error:
            raise LogSourceError(f"{self.title}: {error.message}") from error

    @property
    def peer(self) -> str:
        """The breaker's name."""
        return f"logs.{self.name}"

    def left(self, deadline: float) -> float:
        """Seconds that the next request may take. Raises LogSourceError when there is no time left."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise LogSourceError(
                _("%(system)s did not answer within %(seconds)g s.") % {"system": self.title, "seconds": self.seconds}
            )
        return left

    def read(
        self, document: dict[str, Any], *, moment: datetime, native_id: str, url: str, query: LogQuery
    ) -> LogEntry:
        """A document of this system as an entry."""
        return read_entry(
            document,
            self.fields,
            timestamp=moment,
            source=self.name,
            entry_id=entry_id(moment, native_id),
            url=url,
            service=query.service,
        )

    def malformed(self, what: str) -> LogSourceError:
        return LogSourceError(
            _("%(system)s answered what cannot be read: %(what)s") % {"system": self.title, "what": what}
        )


def bounded(query: LogQuery) -> LogQuery:
    """The query with its values cut to a length that fits in every language, as characters that can be sent."""
    ids = (_sendable(identifier)[:ID_LENGTH] for identifier in query.ids)
    return replace(
        query,
        service=_sendable(query.service)[:TEXT_LENGTH],
        text=_sendable(query.text)[:TEXT_LENGTH].strip(),
        ids=tuple(identifier for identifier in ids if identifier)[:IDS],
    )


def _sendable(text: str) -> str:
    """Without what JSON and UTF-8 cannot carry (halves of surrogate pairs, NUL)."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()


def entry_id(moment: datetime, native_id: str) -> str:
    """An id that carries its moment: without it, most systems cannot find an entry again."""
    return f"{epoch_ms(moment)}~{native_id}"


def moment_of(identifier: str) -> datetime:
    """The moment, cut to milliseconds, that an id carries. Raises LogSourceError for one that carries none."""
    digits = identifier.partition("~")[0]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 15):
        raise LogSourceError("This is not the id of a log entry.")
    return from_ms(int(digits))


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, cut."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def bounds_ms(time_range: TimeRange) -> tuple[int, int]:
    """First and last millisecond of a range."""
    return epoch_ms(time_range.start), epoch_ms(time_range.end)


def _order(entry: LogEntry) -> tuple[datetime, str]:
    return entry.timestamp, entry.entry_id
