"""What must be right about the log settings before anything runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from integrations.logs.base import LogSourceError
from integrations.logs.mock import MockLogAdapter
from integrations.logs.registry import build, configured_names
from integrations.logs.retrieval import MockFallback

LONGEST_SECONDS = 30


def check_log_settings(*_: Any, **__: Any) -> list[CheckMessage]:
    return [*_fallback(), *_directory(), *_sources(), *_times()]


def _fallback() -> list[CheckMessage]:
    allowed = [choice.value for choice in MockFallback]
    if settings.LOG_MOCK_FALLBACK in allowed:
        return []
    return [
        Error(
            f"LOG_MOCK_FALLBACK is {settings.LOG_MOCK_FALLBACK!r}.",
            hint=f"Set it to one of: {', '.join(allowed)}.",
            id="logs.E001",
        )
    ]


def _directory() -> list[CheckMessage]:
    directory = Path(settings.MOCK_LOG_DIR)
    if not directory.is_dir():
        # With `never` nobody reads it.
        if settings.LOG_MOCK_FALLBACK == MockFallback.NEVER:
            return []
        return [
            Error(
                f"MOCK_LOG_DIR names no directory: {directory}",
                hint="Point it at a directory of mock-log files, or set LOG_MOCK_FALLBACK=never.",
                id="logs.E002",
            )
        ]
    try:
        problems = MockLogAdapter(directory).problems()
    except LogSourceError as error:
        problems = (error.message,)
    return [Caution(problem, hint="Mend or remove the file.", id="logs.W001") for problem in problems]


def _sources() -> list[CheckMessage]:
    """Each configured log system, as far as that shows without asking it."""
    found: list[CheckMessage] = []
    for name in configured_names():
        try:
            build(name)
        except ValueError as error:
            found.append(
                Error(f"The settings of {name} cannot be used: {error}", hint="See docs/logs.md.", id="logs.E003")
            )
    needed = {"DATADOG_API_KEY": "DATADOG_APP_KEY", "SPLUNK_URL": "SPLUNK_TOKEN"}
    found += [
        Error(f"{switch} is set and {key} is not.", hint=f"Set {key}.", id="logs.E004")
        for switch, key in needed.items()
        if getattr(settings, switch) and not getattr(settings, key)
    ]
    return found


def _times() -> list[CheckMessage]:
    if 0 < settings.LOG_SOURCE_SECONDS <= settings.LOG_DEADLINE_SECONDS <= LONGEST_SECONDS:
        return []
    return [
        Error(
            f"LOG_SOURCE_SECONDS is {settings.LOG_SOURCE_SECONDS:g} and LOG_DEADLINE_SECONDS {settings.LOG_DEADLINE_SECONDS:g}.",
            hint=f"One log system's time is part of the whole, which is {LONGEST_SECONDS} at most.",
            id="logs.E005",
        )
    ]
