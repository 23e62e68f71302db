"""What a site's logs call the things that an entry is made of, and how to read an entry from a document of theirs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from integrations.logs.levels import LEVELS, read_level
from voc.core.vocabulary import LogEntry, LogLevel

MESSAGE_LENGTH = 4_000
TRACE_LENGTH = 16_000
METADATA_FIELDS = 40
METADATA_LENGTH = 300
_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_@.\-]*")
_LEVEL_WORD = re.compile(rf"\b({'|'.join(LEVELS)})\b")


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """The names of a site's fields; dots lead into objects.

    An empty `level` means that the logs have no field for it: it is then read from the first level word of the message.
    An empty `service` means that the place (index, log group) holds one service only. `ids` are fields with order
    numbers, request ids and the like.
    """

    timestamp: str = "timestamp"
    level: str = "level"
    service: str = "service"
    message: str = "message"
    code: str = "error_code"
    trace: str = "stack_trace"
    ids: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """All fields that are there, without the timestamp, each once."""
        every = (self.level, self.service, self.message, self.code, self.trace, *self.ids)
        return tuple(dict.fromkeys(name for name in every if name))

    def texts(self) -> tuple[str, ...]:
        """The fields in which a text is looked for."""
        return tuple(name for name in (self.message, self.code, self.trace) if name)


SCHEMAS: dict[str, FieldMapping] = {
    # One JSON object a line, as this project's own examples have it.
    "plain": FieldMapping(ids=("request_id", "order_id", "trace_id")),
    # Elastic Common Schema 8.
    "ecs": FieldMapping(
        timestamp="@timestamp",
        level="log.level",
        service="service.name",
        code="error.code",
        trace="error.stack_trace",
        ids=("trace.id", "transaction.id", "http.request.id", "labels.request_id", "labels.order_id"),
    ),
    # Datadog's standard attributes.
    "datadog": FieldMapping(
        level="status",
        code="error.kind",
        trace="error.stack",
        ids=("trace_id", "http.request_id", "usr.id", "request_id", "order_id"),
    ),
    # OpenTelemetry's log data model with semantic conventions, as exporters store it.
    "otel": FieldMapping(
        timestamp="@timestamp",
        level="severity_text",
        service="resource.attributes.service.name",
        message="body.text",
        code="attributes.exception.type",
        trace="attributes.exception.stacktrace",
        ids=("trace_id", "span_id", "attributes.request_id", "attributes.order_id"),
    ),
}


class UnknownFields(ValueError):
    """The text describes no mapping; the message says what is wrong with it."""


def parse_fields(text: str, *, start: FieldMapping | None = None) -> FieldMapping:
    """A mapping as it is written in settings and in the catalogue: `ecs`, or `ecs,service=app.name,ids=order.no+trace.id`.

    Parts that are not named stay as the schema (or `start`, where no schema is named) has them. Raises UnknownFields.
    """
    mapping = start or SCHEMAS["plain"]
    known = {field.name for field in fields(FieldMapping)}
    for index, part in enumerate(part.strip() for part in text.split(",") if part.strip()):
        role, equals, name = (word.strip() for word in part.partition("="))
        if not equals:
            if index or role not in SCHEMAS:
                raise UnknownFields(f"{role!r} is no schema; there are {', '.join(SCHEMAS)}")
            mapping = SCHEMAS[role]
            continue
        if role not in known:
            raise UnknownFields(f"{role!r} is no part of an entry; there are {', '.join(sorted(known))}")
        mapping = _changed(mapping, role, name)
    return mapping


def _changed(mapping: FieldMapping, role: str, name: str) -> FieldMapping:
    names = tuple(each for each in name.split("+") if each) if role == "ids" else ((name,) if name else ())
    for each in names:
        if not _NAME.fullmatch(each):
            raise UnknownFields(f"{each!r} is no field name: letters, digits and _ . - @ only")
    if not names and role in ("timestamp", "message"):
        raise UnknownFields(f"{role!r} cannot do without a field")
    changes: dict[str, Any] = {role: names if role == "ids" else name}
    return replace(mapping, **changes)


def pick(document: Any, path: str) -> Any:
    """The value at a dotted path, whether the document nests it or has the dots in its keys; None where there is none."""
    if not isinstance(document, Mapping):
        return None
    if path in document:
        return document[path]
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        head = ".".join(parts[:cut])
        if head in document:
            found = pick(document[head], ".".join(parts[cut:]))
            if found is not None:
                return found
    return None


def stored_name(field: str) -> str:
    """The name under which a document has a field that a query calls by its sub-field."""
    return field.removesuffix(".keyword")


def read_entry(
    document: Mapping[str, Any],
    mapping: FieldMapping,
    *,
    timestamp: datetime,
    source: str,
    entry_id: str,
    url: str = "",
    service: str = "",
) -> LogEntry:
    """A document as an entry, bounded in size. `service` stands in where the document names none."""
    message = _text(pick(document, mapping.message))
    return LogEntry(
        timestamp=timestamp,
        level=_level(document, mapping, message),
        service=_text(pick(document, stored_name(mapping.service)) if mapping.service else None) or service,
        message=message[:MESSAGE_LENGTH],
        error_code=(_text(pick(document, stored_name(mapping.code))) if mapping.code else "") or None,
        stack_trace=(_text(pick(document, stored_name(mapping.trace))) if mapping.trace else "")[:TRACE_LENGTH] or None,
        metadata=_metadata(document, mapping),
        source=source,
        entry_id=entry_id,
        url=url,
    )


def _level(document: Mapping[str, Any], mapping: FieldMapping, message: str) -> LogLevel:
    if mapping.level:
        return read_level(pick(document, stored_name(mapping.level))) or LogLevel.INFO
    word = _LEVEL_WORD.search(message)
    return LEVELS[word[1]] if word else LogLevel.INFO


def _metadata(document: Mapping[str, Any], mapping: FieldMapping) -> dict[str, Any]:
    """Everything else: the ids first, so that what is cut is what matters less."""
    told = {
        mapping.timestamp,
        *(stored_name(name) for name in (mapping.level, mapping.service, mapping.message, mapping.code, mapping.trace)),
    }
    ids = {name: value for name in mapping.ids if (value := pick(document, stored_name(name))) is not None}
    rest = {name: value for name, value in _leaves(document) if name not in told and name not in ids}
    return {
        name: value if isinstance(value, bool | int | float) else _text(value)[:METADATA_LENGTH]
        for name, value in [*ids.items(), *rest.items()][:METADATA_FIELDS]
    }


def _leaves(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value


def _text(value: Any) -> str:
    """A stack trace may come as a list of lines, a code as a number."""
    if value is None:
        return ""
    return "\n".join(str(line) for line in value) if isinstance(value, list) else str(value)
