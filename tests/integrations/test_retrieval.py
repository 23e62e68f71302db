from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext as _

from integrations.logs.base import LogAdapter, LogQuery, LogSourceError
from integrations.logs.checks import check_log_settings
from integrations.logs.gathering import gather
from integrations.logs.mock import matches
from integrations.logs.retrieval import EnhancedRAGService, MockFallback
from voc.core import clock
from voc.core.vocabulary import LogContext, LogEntry, LogLevel, TimeRange

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
HOUR = TimeRange(NOON - timedelta(hours=1), NOON)


class Memory(LogAdapter):
    """A log system that keeps its lines in a list, or does not answer."""

    def __init__(self, name, entries=(), *, fails=False):
        self.name, self.entries, self.fails = name, list(entries), fails

    def search_logs(self, query, time_range, limit=100):
        if self.fails:
            raise LogSourceError(f"{self.name} does not answer")
        found = [
            each for each in self.entries if time_range.holds(each.timestamp) and matches(LogQuery.of(query), each)
        ]
        return sorted(found, key=lambda each: each.timestamp, reverse=True)[:limit]

    def get_error_context(self, error_id, context_window=10):
        return LogContext(next(each for each in self.entries if each.entry_id == error_id))


def entry(number, level=LogLevel.INFO, *, source="real", message="", entry_id=None):
    return LogEntry(
        timestamp=NOON - timedelta(seconds=number),
        level=level,
        service="PaymentService",
        message=message or f"line {number}",
        source=source,
        entry_id=f"{source}:{number}" if entry_id is None else entry_id,
        mock=source == "mock",
    )


MOCK = Memory("mock", [entry(1, source="mock")])
FULL = Memory("real", [entry(2)])
EMPTY = Memory("real")
DEAD = Memory("real", fails=True)


@pytest.mark.parametrize(
    ("real", "fallback", "sources", "answered", "missing"),
    [
        (None, MockFallback.EMPTY, ["mock"], ("mock",), ()),
        (None, MockFallback.UNANSWERED, ["mock"], ("mock",), ()),
        (None, MockFallback.NEVER, [], (), ()),
        (FULL, MockFallback.EMPTY, ["real"], ("real",), ()),
        (EMPTY, MockFallback.EMPTY, ["mock"], ("real", "mock"), ()),
        (EMPTY, MockFallback.UNANSWERED, [], ("real",), ()),
        (EMPTY, MockFallback.NEVER, [], ("real",), ()),
        (DEAD, MockFallback.EMPTY, ["mock"], ("mock",), ("real",)),
        (DEAD, MockFallback.UNANSWERED, ["mock"], ("mock",), ("real",)),
        (DEAD, MockFallback.NEVER, [], (), ("real",)),
    ],
)
def test_mock_logs_are_asked_after_the_real_ones_as_the_setting_says(real, fallback, sources, answered, missing):
    found = EnhancedRAGService(MOCK, real, fallback=fallback).retrieve(LogQuery(), HOUR)
    assert [each.source for each in found.entries] == sources
    assert (found.answered, found.missing) == (answered, missing)
    assert all(each.mock == (each.source == "mock") for each in found.entries)


def test_a_source_that_fails_is_told_in_words():
    found = EnhancedRAGService(MOCK, DEAD).retrieve(LogQuery(), HOUR)
    assert found.problems == ("real does not answer",)


def test_failures_are_kept_where_ordinary_lines_would_push_them_out():
    lines = [entry(number) for number in range(500)] + [entry(900, LogLevel.ERROR), entry(901, LogLevel.WARN)]
    found = EnhancedRAGService(MOCK, Memory("real", lines)).retrieve(LogQuery(), HOUR, limit=100)
    assert len(found.entries) == 100
    assert {each.level for each in found.entries} == {LogLevel.INFO, LogLevel.ERROR, LogLevel.WARN}


def test_an_entry_that_is_found_twice_is_kept_once():
    nameless = entry(6, message="same", entry_id="")
    twice = [entry(5, LogLevel.ERROR), entry(5, LogLevel.ERROR), nameless, nameless]
    found = EnhancedRAGService(MOCK, Memory("real", twice)).retrieve(LogQuery(), HOUR)
    assert [each.message for each in found.entries] == ["line 5", "same"]


def test_the_worst_entries_come_with_what_was_written_around_them():
    lines = [entry(number, LogLevel.ERROR) for number in range(5)] + [entry(9)]
    found = EnhancedRAGService(MOCK, Memory("real", lines)).retrieve(LogQuery(), HOUR)
    assert [context.entry.message for context in found.contexts] == ["line 0", "line 1", "line 2"]


def test_a_plain_search_looks_at_the_last_day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    lines = [entry(60, message="timeout today"), entry(3600 * 30, message="timeout long ago"), entry(61)]
    found = EnhancedRAGService(MOCK, Memory("real", lines)).search("timeout")
    assert [each.message for each in found] == ["timeout today"]


def test_unusable_log_settings_are_named_before_anything_runs(settings, tmp_path):
    settings.LOG_MOCK_FALLBACK, settings.MOCK_LOG_DIR = "sometimes", tmp_path / "nowhere"
    assert [problem.id for problem in check_log_settings()] == ["logs.E001", "logs.E002"]
    settings.LOG_MOCK_FALLBACK = "never"
    assert check_log_settings() == []
    settings.LOG_MOCK_FALLBACK, settings.MOCK_LOG_DIR = "empty", tmp_path
    (tmp_path / "broken.json").write_text("{")
    (warning,) = check_log_settings()
    assert "broken.json" in warning.msg


def test_what_went_wrong_is_told_in_the_language_of_whoever_asked() -> None:
    def task() -> None:
        raise LogSourceError(_("no answer within %(seconds)d s") % {"seconds": 3})

    with translation.override("ko"):
        korean = gather({"one": task}, seconds=60)["one"].problem
    with translation.override("en"):
        english = gather({"one": task}, seconds=60)["one"].problem

    assert (korean, english) == ("3초 안에 응답이 없습니다", "no answer within 3 s")
