"""Which entries matter for a complaint: the order in which they are kept when there is not room for all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from voc.core.vocabulary import LogEntry, LogLevel

SEVERITY = {LogLevel.FATAL: 4.0, LogLevel.ERROR: 3.5, LogLevel.WARN: 2.0, LogLevel.INFO: 0.5, LogLevel.DEBUG: 0.0}
NAMED = 5.0
SERVICE = 2.0
# A line at the very moment of the complaint; half of it an hour away, a quarter three hours away.
NEAR = 2.0
HALF_SECONDS = 3600.0
WORD = 0.4
MOST_WORDS = 4
TRACE = 0.5
MOCK = 3.0
CHARACTERS = 300_000
SHORT = 500
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class About:
    """The complaint as far as it can be compared with log lines. `services`: the affected one first."""

    text: str = ""
    at: datetime | None = None
    services: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    words: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset(_WORD.findall(self.text.casefold())))


def rank(entries: Iterable[LogEntry], about: About) -> list[LogEntry]:
    """The most relevant first; among equals the newest."""
    scored = [(score(entry, about), entry.timestamp, entry.entry_id, entry) for entry in entries]
    scored.sort(key=lambda row: row[:3], reverse=True)
    return [entry for *_, entry in scored]


def score(entry: LogEntry, about: About) -> float:
    """Severity, the ids and words that complaint and line share, the service, and how near in time. Mock lines count less."""
    points = SEVERITY[entry.level] + (TRACE if entry.stack_trace else 0)
    if about.ids and any(_names(entry, identifier) for identifier in about.ids):
        points += NAMED
    services = [name.casefold() for name in about.services]
    if entry.service.casefold() in services:
        points += SERVICE if entry.service.casefold() == services[0] else SERVICE / 2
    if about.at:
        points += NEAR / (1 + abs((entry.timestamp - about.at).total_seconds()) / HALF_SECONDS)
    if about.words:
        points += WORD * min(MOST_WORDS, len(about.words & set(_WORD.findall(entry.message.casefold()))))
    return points - (MOCK if entry.mock else 0)


def fitting(entries: Iterable[LogEntry], *, limit: int, characters: int = CHARACTERS) -> list[LogEntry]:
    """The first `limit` of ranked entries, together no longer than `characters`: then traces go, and messages are cut."""
    kept: list[LogEntry] = []
    left = characters
    for entry in entries:
        if len(kept) == limit:
            break
        size = len(entry.message) + len(entry.stack_trace or "")
        if size > left:
            entry = replace(entry, stack_trace=None, message=entry.message[:SHORT])
        left -= min(size, left)
        kept.append(entry)
    return kept


def _names(entry: LogEntry, identifier: str) -> bool:
    return identifier in entry.message or any(identifier in str(value) for value in entry.metadata.values())
