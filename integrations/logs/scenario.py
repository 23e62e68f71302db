"""Reads one mock-log file: a scenario in JSON, shaped as below, into log entries.

    {"scenario_id": …, "description": …, "service": …, "anchor"?: time, "logs": [
        {"timestamp": time, "level": …, "service"?: …, "message": …,
         "error_code"?: …, "stack_trace"?: …, "metadata"?: {…}}, …]}

Times are ISO 8601; one without a zone is site time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.logs.levels import read_level
from voc.core import clock
from voc.core.vocabulary import LogEntry, LogLevel

SOURCE = "mock"


class MalformedScenario(ValueError):
    """The file is not a scenario. The message names the file, the place in it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A file's entries, oldest first, with the times that the file gives. `anchor` is the moment that stands for now."""

    scenario_id: str
    description: str
    service: str
    anchor: datetime | None
    entries: tuple[LogEntry, ...]

    def at(self, now: datetime) -> tuple[LogEntry, ...]:
        """The entries with their real times: shifted so that the anchor is `now`, or as they are."""
        if self.anchor is None:
            return self.entries
        shift = now - self.anchor
        return tuple(replace(entry, timestamp=entry.timestamp + shift) for entry in self.entries)


def read_scenario(path: Path) -> Scenario:
    """Raises `MalformedScenario`, or `OSError` when the file cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise MalformedScenario(f"{path.name}: not JSON: {error}") from error
    if not isinstance(data, dict):
        raise MalformedScenario(f"{path.name}: expected one JSON object with the scenario")
    logs = data.get("logs")
    if not isinstance(logs, list):
        raise MalformedScenario(f"{path.name}: 'logs' must be a list")
    scenario_id = str(data.get("scenario_id") or path.stem)
    service = str(data.get("service") or "")
    anchor = data.get("anchor")
    entries = [
        _entry(raw, service=service, entry_id=f"{scenario_id}:{index}", where=f"{path.name}: logs[{index}]")
        for index, raw in enumerate(logs)
    ]
    return Scenario(
        scenario_id=scenario_id,
        description=str(data.get("description") or ""),
        service=service,
        anchor=None if anchor is None else _time(anchor, where=f"{path.name}: anchor"),
        entries=tuple(sorted(entries, key=lambda entry: entry.timestamp)),
    )


def _entry(raw: Any, *, service: str, entry_id: str, where: str) -> LogEntry:
    if not isinstance(raw, dict):
        raise MalformedScenario(f"{where}: expected an object")
    message = raw.get("message")
    if not isinstance(message, str):
        raise MalformedScenario(f"{where}: 'message' must be a string")
    name = str(raw.get("service") or service)
    if not name:
        raise MalformedScenario(f"{where}: neither the line nor the file names a 'service'")
    metadata = raw.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise MalformedScenario(f"{where}: 'metadata' must be an object")
    return LogEntry(
        timestamp=_time(raw.get("timestamp"), where=f"{where}: timestamp"),
        level=_level(raw.get("level"), where=where),
        service=name,
        message=message,
        error_code=_text(raw.get("error_code")),
        stack_trace=_text(raw.get("stack_trace")),
        metadata=metadata,
        source=SOURCE,
        entry_id=entry_id,
        mock=True,
    )


def _text(value: Any) -> str | None:
    """A stack trace may come as a list of lines, a code as a number."""
    if value is None or value == "":
        return None
    return "\n".join(str(line) for line in value) if isinstance(value, list) else str(value)


def _level(value: Any, *, where: str) -> LogLevel:
    if not isinstance(value, str):
        raise MalformedScenario(f"{where}: 'level' must be a string")
    level = read_level(value)
    if level is None:
        raise MalformedScenario(f"{where}: unknown level {value!r}")
    return level


def _time(value: Any, *, where: str) -> datetime:
    if not isinstance(value, str):
        raise MalformedScenario(f"{where}: expected an ISO 8601 time")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise MalformedScenario(f"{where}: {value!r} is not an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.site_zone())
