import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.mock import MockLogAdapter
from voc.core.vocabulary import LogLevel, TimeRange

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
DAY = TimeRange(NOON - timedelta(hours=24), NOON + timedelta(hours=24))


def entry(minutes: float, message: str, level: str = "INFO", **more):
    at = NOON + timedelta(minutes=minutes)
    return {"timestamp": at.isoformat(), "level": level, "message": message} | more


def write(directory: Path, name: str, logs, **more) -> Path:
    path = directory / f"{name}.json"
    scenario = {"scenario_id": name, "description": "", "service": "PaymentService", "logs": logs} | more
    path.write_text(json.dumps(scenario), encoding="utf-8")
    return path


def messages(entries):
    return [found.message for found in entries]


def test_the_newest_matching_entries_come_first_and_no_more_than_asked_for(tmp_path):
    write(tmp_path, "a", [entry(number, f"line {number}") for number in range(-5, 0)])
    found = MockLogAdapter(tmp_path).search_logs(LogQuery(), DAY, limit=3)
    assert messages(found) == ["line -1", "line -2", "line -3"]
    assert all(each.mock and each.source == "mock" for each in found)


def test_entries_outside_the_time_range_are_left_out(tmp_path):
    write(tmp_path, "a", [entry(-60 * 25, "too old"), entry(-60 * 24, "on the edge"), entry(60 * 25, "too new")])
    assert messages(MockLogAdapter(tmp_path).search_logs(LogQuery(), DAY)) == ["on the edge"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (LogQuery(service="paymentservice"), ["paid", "failed order=77"]),
        (LogQuery(service="RefundService"), ["refunded"]),
        (LogQuery(levels=(LogLevel.ERROR, LogLevel.FATAL)), ["failed order=77"]),
        (LogQuery(text="FAILED"), ["failed order=77"]),
        (LogQuery(text="e_pg"), ["failed order=77"]),
        (LogQuery(text="Reader.java"), ["failed order=77"]),
        (LogQuery(ids=("77", "r-9")), ["refunded", "failed order=77"]),
        (LogQuery(service="PaymentService", text="refunded"), []),
        ("paid", ["paid"]),
    ],
)
def test_all_conditions_of_a_query_must_hold(tmp_path, query, expected):
    write(
        tmp_path,
        "a",
        [
            entry(-1, "paid"),
            entry(-2, "refunded", service="RefundService", metadata={"request_id": "r-9"}),
            entry(-3, "failed order=77", "ERROR", error_code="E_PG", stack_trace="at Reader.read(Reader.java:3)"),
        ],
    )
    assert messages(MockLogAdapter(tmp_path).search_logs(query, DAY)) == expected


def test_an_anchored_file_is_shifted_so_that_its_anchor_is_now(tmp_path):
    write(tmp_path, "a", [entry(-30, "half an hour ago")], anchor=NOON.isoformat())
    now = NOON + timedelta(days=100)
    found = MockLogAdapter(tmp_path, now=now).search_logs(LogQuery(), TimeRange(now - timedelta(hours=1), now))
    assert [each.timestamp for each in found] == [now - timedelta(minutes=30)]


def test_a_time_without_a_zone_is_site_time(tmp_path):
    write(tmp_path, "a", [entry(0, "noon in Seoul") | {"timestamp": "2026-10-05T12:00:00"}])
    (found,) = MockLogAdapter(tmp_path).search_logs(LogQuery(), DAY)
    assert found.timestamp == datetime(2026, 10, 5, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [("warning", LogLevel.WARN), ("CRITICAL", LogLevel.FATAL), ("trace", LogLevel.DEBUG), ("Error", LogLevel.ERROR)],
)
def test_levels_of_other_loggers_are_known(tmp_path, written, read):
    write(tmp_path, "a", [entry(0, "x", written)])
    (found,) = MockLogAdapter(tmp_path).search_logs(LogQuery(), DAY)
    assert found.level is read


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "one JSON object"),
        ('{"logs": {}}', "'logs' must be a list"),
        ('{"service": "S", "logs": [{"level": "INFO", "message": "x"}]}', "logs[0]: timestamp"),
        ('{"logs": [{"timestamp": "2026-10-05T12:00:00Z", "level": "INFO", "message": "x"}]}', "names a 'service'"),
        ('{"service": "S", "logs": [{"timestamp": "soon", "level": "INFO", "message": "x"}]}', "'soon' is not"),
        ('{"service": "S", "logs": [{"timestamp": "2026-10-05T12:00:00Z", "level": "LOUD", "message": "x"}]}', "LOUD"),
        ('{"service": "S", "logs": [], "anchor": 5}', "anchor"),
    ],
)
def test_a_malformed_file_is_left_out_and_told_while_the_others_answer(tmp_path, content, problem):
    write(tmp_path, "good", [entry(0, "fine")])
    (tmp_path / "bad.json").write_text(content, encoding="utf-8")
    adapter = MockLogAdapter(tmp_path)
    assert messages(adapter.search_logs(LogQuery(), DAY)) == ["fine"]
    (told,) = adapter.problems()
    assert "bad.json" in told
    assert problem in told


def test_a_changed_file_is_read_again_and_a_removed_one_forgotten(tmp_path):
    path = write(tmp_path, "a", [entry(0, "before")])
    adapter = MockLogAdapter(tmp_path)
    assert messages(adapter.search_logs(LogQuery(), DAY)) == ["before"]
    write(tmp_path, "a", [entry(0, "after it")])
    os.utime(path, ns=(1, 1))
    assert messages(adapter.search_logs(LogQuery(), DAY)) == ["after it"]
    path.unlink()
    assert adapter.search_logs(LogQuery(), DAY) == []


def test_the_context_of_an_entry_is_what_its_service_wrote_around_it(tmp_path):
    write(tmp_path, "a", [entry(number, f"line {number}") for number in range(-20, 0)])
    write(tmp_path, "b", [entry(-10.5, "another service")], service="OrderService")
    adapter = MockLogAdapter(tmp_path)
    (error,) = adapter.search_logs(LogQuery(text="line -10"), DAY)
    context = adapter.get_error_context(error.entry_id, context_window=2)
    assert messages(context.before) == ["line -12", "line -11"]
    assert messages(context.after) == ["line -9", "line -8"]


def test_asking_for_the_context_of_an_unknown_entry_is_an_error_of_the_source(tmp_path):
    with pytest.raises(LogSourceError, match="nobody"):
        MockLogAdapter(tmp_path).get_error_context("nobody")
