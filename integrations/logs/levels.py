"""The names that log systems and libraries have for levels."""

from collections.abc import Iterable

from voc.core.vocabulary import LogLevel

# The first of each is what the level is called here.
NAMES: dict[LogLevel, tuple[str, ...]] = {
    LogLevel.DEBUG: ("DEBUG", "TRACE", "VERBOSE", "FINE"),
    LogLevel.INFO: ("INFO", "INFORMATION", "NOTICE", "OK"),
    LogLevel.WARN: ("WARN", "WARNING"),
    LogLevel.ERROR: ("ERROR", "ERR", "SEVERE"),
    LogLevel.FATAL: ("FATAL", "CRITICAL", "CRIT", "ALERT", "EMERGENCY", "EMERG", "PANIC"),
}
LEVELS = {name: level for level, names in NAMES.items() for name in names}


def read_level(value: object) -> LogLevel | None:
    """The level that a name means, whatever its case; None for a name that is none."""
    return LEVELS.get(str(value).strip().upper()) if value is not None else None


def spellings(levels: Iterable[LogLevel]) -> tuple[str, ...]:
    """All upper-case names of these levels, for a query that must not miss one."""
    return tuple(name for level in levels for name in NAMES[level])
