"""The systems that complaints can be about, as analysts know them."""

from typing import Any

from integrations.logs.base import LogPlace
from tickets.models import System
from voc.core.vocabulary import SystemInfo


def known_systems() -> tuple[SystemInfo, ...]:
    """The active systems of the catalogue, by name."""
    return tuple(_info(system) for system in System.objects.filter(is_active=True).order_by("name"))


def log_places() -> dict[str, LogPlace]:
    """Where systems keep their logs, by name: those of which the catalogue says so."""
    rows = System.objects.filter(is_active=True).values_list("name", "log_source", "log_index", "log_fields")
    return {name: LogPlace(source, index, fields) for name, source, index, fields in rows if source or index or fields}


def _info(system: System) -> SystemInfo:
    return SystemInfo(
        name=system.name,
        words=_texts(system.words),
        internal=system.kind == System.Kind.INTERNAL,
        contact=system.contact,
        recent_incidents=_texts(system.recent_incidents),
    )


def _texts(values: Any) -> tuple[str, ...]:
    """The admin's JSON as plain texts; an incident may be a text or {"date", "summary"}."""
    if not isinstance(values, list):
        return ()
    return tuple(_text(value) for value in values if value)


def _text(value: Any) -> str:
    return " ".join(str(part) for part in value.values()) if isinstance(value, dict) else str(value)
