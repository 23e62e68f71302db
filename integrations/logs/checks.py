"""What must be right about the log settings before anything runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from integrations.logs.base import LogSourceError
from integrations.logs.mock import MockLogAdapter
from integrations.logs.retrieval import MockFallback


def check_log_settings(*_: Any, **__: Any) -> list[CheckMessage]:
    return [*_fallback(), *_directory()]


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
