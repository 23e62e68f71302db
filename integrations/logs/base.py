"""What every log system looks like from here: one query, one time range, plain entries back."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from voc.core.errors import VocError
from voc.core.vocabulary import LogContext, LogEntry, LogLevel, TimeRange

INDEX = re.compile(r"[A-Za-z0-9_.\-*/#:@+, ]*")


class LogSourceError(VocError):
    """A log system gave no usable answer: its evidence is missing, the analysis goes on without it."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What to look for. All given conditions must hold; an empty one holds always.

    `service` is a name as the logs write it. `text` must occur in the message, the error code or the stack trace, whatever
    its case. Of `levels` and of `ids` one must match; an id (order number, request id) may stand in the message or in the
    metadata. A system that indexes words finds a text only where it stands as whole words. Each adapter translates this
    for its own query language and quotes every value: the text may come from a complaint.
    """

    service: str = ""
    text: str = ""
    levels: tuple[LogLevel, ...] = ()
    ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: "LogQuery | str") -> "LogQuery":
        """The query itself, or one for a plain text."""
        return query if isinstance(query, LogQuery) else cls(text=query)


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a service keeps its logs, when that is not where the site's others are: a source's name, an index there (or
    log groups, comma-separated), and its field mapping as `fields.parse_fields` reads it. What is empty is as usual."""

    source: str = ""
    index: str = ""
    fields: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the index is one that means nothing else in any query language."""
        return INDEX.fullmatch(self.index) is not None


class LogAdapter(ABC):
    """A system that keeps logs. `name` is what evidence and error messages call it."""

    name: ClassVar[str] = ""

    @abstractmethod
    def search_logs(self, query: LogQuery | str, time_range: TimeRange, limit: int = 100) -> list[LogEntry]:
        """The newest `limit` entries that match, newest first. Raises `LogSourceError`."""

    @abstractmethod
    def get_error_context(self, error_id: str, context_window: int = 10) -> LogContext:
        """The entry with the id `error_id` and up to `context_window` lines of its service on each side, oldest first.

        Raises `LogSourceError`, also when there is no such entry.
        """

    def problems(self) -> tuple[str, ...]:
        """What the operators should mend although the source answers, a sentence each."""
        return ()

    def context_of(self, entry: LogEntry, context_window: int = 10) -> LogContext:
        """As `get_error_context`, for an entry that is at hand: some systems then need one request less."""
        return self.get_error_context(entry.entry_id, context_window)

    def at(self, place: LogPlace) -> "LogAdapter":
        """The same system, looking where a service of the catalogue has its logs. Raises ValueError for no such place."""
        return self
