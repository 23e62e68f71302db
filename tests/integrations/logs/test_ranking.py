from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.logs.base import LogAdapter, LogQuery, LogSourceError
from integrations.logs.gathering import LogSources, gather
from integrations.logs.ranking import About, fitting, rank
from tests.integrations.logs.corpus import DAY, NOON
from voc.core.vocabulary import LogContext, LogEntry, LogLevel

PLAIN = LogEntry(NOON, LogLevel.ERROR, "OrderService", "cart failed", source="s", entry_id="1~a")
ABOUT = About(
    text="Payment window hangs, order ORD-7", at=NOON, services=("PaymentService", "OrderService"), ids=("ORD-7",)
)


@pytest.mark.parametrize(
    "better",
    [
        replace(PLAIN, level=LogLevel.FATAL),
        replace(PLAIN, message="cart failed for ORD-7"),
        replace(PLAIN, metadata={"order_id": "ORD-7"}),
        replace(PLAIN, message="payment window failed"),
        replace(PLAIN, service="PaymentService"),
        replace(PLAIN, stack_trace="at x"),
    ],
)
def test_what_has_more_to_do_with_the_complaint_comes_first(better: LogEntry) -> None:
    assert rank([PLAIN, better], ABOUT) == [better, PLAIN]
    assert rank([better, PLAIN], ABOUT) == [better, PLAIN]


@pytest.mark.parametrize(
    "worse",
    [
        replace(PLAIN, level=LogLevel.INFO),
        replace(PLAIN, service="MailService"),
        replace(PLAIN, timestamp=NOON - timedelta(hours=5)),
        replace(PLAIN, timestamp=NOON + timedelta(hours=5)),
        replace(PLAIN, mock=True),
    ],
)
def test_what_has_less_to_do_with_it_comes_later(worse: LogEntry) -> None:
    assert rank([worse, PLAIN], ABOUT) == [PLAIN, worse]


def test_an_id_of_the_complaint_counts_more_than_a_worse_level() -> None:
    named = replace(PLAIN, level=LogLevel.WARN, message="retry for ORD-7")

    assert rank([PLAIN, named], ABOUT)[0] is named


def test_what_is_kept_is_bounded_in_number_and_in_size() -> None:
    long = [replace(PLAIN, message="m" * 3_000, stack_trace="t" * 7_000, entry_id=f"{n}~a") for n in range(50)]

    kept = fitting(long, limit=40, characters=100_000)

    assert len(kept) == 40
    assert kept[0] == long[0]
    assert (kept[-1].stack_trace, len(kept[-1].message)) == (None, 500)
    assert sum(len(entry.message) + len(entry.stack_trace or "") for entry in kept) < 120_000


class One(LogAdapter):
    """A system that has one line, or does not answer."""

    def __init__(self, name: str, entry: LogEntry | None = None) -> None:
        self.name, self.entry = name, entry  # type: ignore[misc]

    def search_logs(self, query, time_range, limit=100):
        return [self._known()]

    def get_error_context(self, error_id, context_window=10):
        if self._known().entry_id != error_id:
            raise LogSourceError("unknown")
        return LogContext(self._known())

    def _known(self) -> LogEntry:
        if self.entry is None:
            raise LogSourceError(f"{self.name} is down")
        return self.entry


OTHER = replace(PLAIN, timestamp=NOON + timedelta(seconds=1), source="t", entry_id="2~b")


def test_several_systems_are_one_that_answers_while_any_does() -> None:
    sources = LogSources([One("s", PLAIN), One("t", OTHER), One("down")], seconds=5)

    assert sources.search_logs(LogQuery(), DAY) == [OTHER, PLAIN]
    assert sources.search_logs(LogQuery(), DAY, limit=1) == [OTHER]
    assert sources.get_error_context("2~b").entry == OTHER


def test_several_systems_fail_when_all_do_and_each_says_why() -> None:
    sources = LogSources([One("s"), One("t")], seconds=5)

    with pytest.raises(LogSourceError, match=r"s is down.*t is down"):
        sources.search_logs(LogQuery(), DAY)


def test_a_bug_in_one_source_is_its_own_problem(caplog: pytest.LogCaptureFixture) -> None:
    outcomes = gather({"good": lambda: 1, "bad": lambda: 1 // 0}, seconds=5)

    assert outcomes["good"].value == 1
    assert outcomes["bad"].problem == "bad failed: ZeroDivisionError"
