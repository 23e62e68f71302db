import pytest

from integrations.logs.fields import SCHEMAS, UnknownFields, parse_fields, pick, read_entry
from integrations.logs.levels import read_level, spellings
from tests.integrations.logs.corpus import NOON
from voc.core.vocabulary import LogLevel


def test_a_mapping_is_a_schema_and_what_differs_from_it() -> None:
    mapping = parse_fields("ecs, service=app.name, ids=order.id+trace.id, code=")

    assert (mapping.service, mapping.ids, mapping.code) == ("app.name", ("order.id", "trace.id"), "")
    assert mapping.level == SCHEMAS["ecs"].level
    assert parse_fields("") == SCHEMAS["plain"]
    assert parse_fields("service=x", start=SCHEMAS["otel"]).trace == SCHEMAS["otel"].trace


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "ecs,datadog",
        "servce=x",
        "service=a b",
        'service=a"b',
        "service=a|b",
        "message=",
        "timestamp=",
        "ids=a+'b",
    ],
)
def test_what_is_no_mapping_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(UnknownFields, match=r"no |cannot"):
        parse_fields(text)


def test_dots_lead_into_objects_or_stand_in_names() -> None:
    for document in ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}, {"a": {"b.c": 1}}, {"a.b": {"c": 1}}):
        assert pick(document, "a.b.c") == 1
    assert pick({"a": "text"}, "a.b") is None
    assert pick([], "a") is None


def test_an_entry_of_opentelemetry_is_read() -> None:
    document = {
        "@timestamp": "…",
        "severity_text": "Warn",
        "resource": {"attributes": {"service.name": "PaymentService"}},
        "body": {"text": "slow"},
        "attributes": {"exception.type": "Timeout", "order_id": "ORD-1", "extra": {"deep": [1, 2]}},
        "trace_id": "abc",
    }

    entry = read_entry(document, SCHEMAS["otel"], timestamp=NOON, source="elasticsearch", entry_id="1~x")

    assert (entry.level, entry.service, entry.message, entry.error_code) == (
        LogLevel.WARN,
        "PaymentService",
        "slow",
        "Timeout",
    )
    assert entry.metadata == {
        "trace_id": "abc",
        "attributes.order_id": "ORD-1",
        "attributes.extra.deep": "1\n2",
    }


def test_logs_without_a_level_field_have_it_in_the_message() -> None:
    mapping = parse_fields("level=,service=")
    document = {"message": "2026-03-10 ERROR payment failed", "level": "info"}

    entry = read_entry(document, mapping, timestamp=NOON, source="s", entry_id="1", service="PaymentService")

    assert (entry.level, entry.service) == (LogLevel.ERROR, "PaymentService")


def test_entries_are_bounded_in_size() -> None:
    document = {"message": "m" * 99_999, "stack_trace": "t" * 99_999} | {f"f{n}": "v" * 9_999 for n in range(500)}

    entry = read_entry(document, SCHEMAS["plain"], timestamp=NOON, source="s", entry_id="1")

    assert (len(entry.message), len(entry.stack_trace or ""), len(entry.metadata)) == (4_000, 16_000, 40)
    assert all(len(value) <= 300 for value in entry.metadata.values())


def test_every_spelling_of_a_level_is_read_as_it() -> None:
    for level in LogLevel:
        assert {read_level(name.lower()) for name in spellings((level,))} == {level}
    assert read_level("verbose-ish") is None
    assert read_level(None) is None
