"""What many log lines have in common: error codes, repeated failures, stack traces, external systems that fail."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from voc.core.vocabulary import LogEntry, LogLevel

FAILING = frozenset({LogLevel.WARN, LogLevel.ERROR, LogLevel.FATAL})
SHOWN = 20
SAMPLE_LENGTH = 200
FRAMES = 5

# What differs between two lines of one failure: numbers, ids, times, quoted values.
_VARIABLE = re.compile(r"\"[^\"]*\"|'[^']*'|\b[0-9a-f]{8,}\b|\b[\w-]*\d[\w.:-]*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_JAVA_FRAME = re.compile(r"^\s*at ([\w.$<>]+)\(", re.MULTILINE)
_PYTHON_FRAME = re.compile(r'^\s*File "([^"]+)", line \d+, in (\S+)', re.MULTILINE)
_NODE_FRAME = re.compile(r"^\s*at (?:async )?([\w.$<>\[\] ]+) \(?[^()\s]+:\d+:\d+\)?$", re.MULTILINE)
_EXCEPTION = re.compile(r"\b((?:[\w$]+\.)*[A-Z]\w*(?:Exception|Error))\b")
_OUTSIDE = re.compile(
    r"\b(?:gateway|upstream|remote|third[- ]party|external|smtp|carrier|provider|api)\b|timed? ?out|unreachable"
    r"|connection (?:refused|reset)|\b50[0234]\b|외부|연동|게이트웨이",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Pattern:
    """One kind of failure. `first` and `last` are when its oldest and newest line were written."""

    key: str
    count: int
    first: datetime
    last: datetime
    level: LogLevel
    services: dict[str, int] = field(default_factory=dict)
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The most frequent first, 20 of each at most. `failing_outside`: services whose lines tell of somebody else's failure."""

    lines: int
    failures: int
    codes: tuple[Pattern, ...]
    messages: tuple[Pattern, ...]
    traces: tuple[Pattern, ...]
    failing_outside: tuple[Pattern, ...]


NOTHING = Summary(0, 0, (), (), (), ())


def summarise(entries: Iterable[LogEntry]) -> Summary:
    """The error patterns of any number of lines, in one pass."""
    codes: dict[str, Pattern] = {}
    messages: dict[str, Pattern] = {}
    traces: dict[str, Pattern] = {}
    outside: dict[str, Pattern] = {}
    lines = failures = 0
    for entry in entries:
        lines += 1
        if entry.level not in FAILING:
            continue
        failures += 1
        if entry.error_code:
            _count(codes, entry.error_code, entry)
        _count(messages, template(entry.message), entry)
        if entry.stack_trace:
            _count(traces, fingerprint(entry.stack_trace), entry, sample=_title(entry.stack_trace))
        if _tells_of_outside(entry.message):
            _count(outside, entry.service, entry)
    found = (_shown(codes), _shown(messages), _shown(traces), _shown(outside))
    return Summary(lines, failures, *found)


@lru_cache(maxsize=4096)
def template(message: str) -> str:
    """A message without what changes from line to line, so that two of one failure are alike."""
    return _SPACE.sub(" ", _VARIABLE.sub("…", message[: SAMPLE_LENGTH * 2])).strip()[:SAMPLE_LENGTH]


@lru_cache(maxsize=4096)
def fingerprint(trace: str) -> str:
    """Twelve hexadecimal digits that are the same for the same exception from the same place: the kind of exception and the
    innermost frames, without line numbers, which move with every release."""
    return hashlib.sha256("\n".join([_kind(trace), *_frames(trace)]).encode("utf-8", "replace")).hexdigest()[:12]


def _frames(trace: str) -> list[str]:
    if java := _JAVA_FRAME.findall(trace):
        return java[:FRAMES]
    if python := [f"{path}:{name}" for path, name in _PYTHON_FRAME.findall(trace)]:
        return python[-FRAMES:]
    if node := _NODE_FRAME.findall(trace):
        return node[:FRAMES]
    return [template(trace)]


def _kind(trace: str) -> str:
    named = _EXCEPTION.findall(trace)
    # Python names it last, others first.
    return (named[-1] if _PYTHON_FRAME.search(trace) else named[0]) if named else ""


def _title(trace: str) -> str:
    rows = [row.strip() for row in trace.splitlines() if row.strip()]
    title = next((row for row in rows if _EXCEPTION.search(row)), rows[0] if rows else "")
    return title[:SAMPLE_LENGTH]


@lru_cache(maxsize=4096)
def _tells_of_outside(message: str) -> bool:
    return _OUTSIDE.search(message) is not None


def _count(found: dict[str, Pattern], key: str, entry: LogEntry, *, sample: str = "") -> None:
    pattern = found.get(key)
    if pattern is None:
        shown = sample or entry.message[:SAMPLE_LENGTH]
        pattern = found[key] = Pattern(key, 0, entry.timestamp, entry.timestamp, entry.level, sample=shown)
    pattern.count += 1
    pattern.first = min(pattern.first, entry.timestamp)
    pattern.last = max(pattern.last, entry.timestamp)
    pattern.services[entry.service] = pattern.services.get(entry.service, 0) + 1


def _shown(found: dict[str, Pattern]) -> tuple[Pattern, ...]:
    return tuple(sorted(found.values(), key=lambda pattern: (-pattern.count, pattern.key))[:SHOWN])
