"""The words that all apps share: problem types, urgencies, log entries, time ranges. Plain values, no behaviour of an app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProblemType(models.TextChoices):
    INTEGRATION_ERROR = "integration_error", _("External system failed")
    CODE_ERROR = "code_error", _("Our bug")
    BUSINESS_IMPROVEMENT = "business_improvement", _("Policy or usability")


class Urgency(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SLACK = "slack", _("Slack")
    WEB = "web", _("Web")
    API = "api", _("API")
    PHONE = "phone", _("Phone")


class LogLevel(models.TextChoices):
    DEBUG = "DEBUG", "DEBUG"
    INFO = "INFO", "INFO"
    WARN = "WARN", "WARN"
    ERROR = "ERROR", "ERROR"
    FATAL = "FATAL", "FATAL"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` to `end`, both aware and included."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a time range needs aware datetimes")
        if self.start > self.end:
            raise ValueError("a time range ends before it starts")

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end


NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a log. `timestamp` is aware; `mock` marks a line that no real system wrote; `url` opens it at its source."""

    timestamp: datetime
    level: LogLevel
    service: str
    message: str
    error_code: str | None = None
    stack_trace: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    source: str = ""
    entry_id: str = ""
    url: str = ""
    mock: bool = False


@dataclass(frozen=True, slots=True)
class LogContext:
    """An entry with what the same service wrote `before` and `after` it, oldest first."""

    entry: LogEntry
    before: tuple[LogEntry, ...] = ()
    after: tuple[LogEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """A system of the catalogue: `words` are those that customers use for it; `internal` says whether its code is ours."""

    name: str
    words: tuple[str, ...] = ()
    internal: bool = True
    contact: str = ""
    recent_incidents: tuple[str, ...] = ()
