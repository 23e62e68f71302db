import time
from datetime import UTC, datetime, timedelta

from integrations.logs.patterns import fingerprint, summarise, template
from tests.integrations.logs.corpus import ORDER_TRACE, REFUND_TRACE
from voc.core.vocabulary import LogEntry, LogLevel

START = datetime(2026, 3, 10, tzinfo=UTC)


def entry(number: int, message: str, level: LogLevel = LogLevel.ERROR, **options) -> LogEntry:
    return LogEntry(
        START + timedelta(seconds=number), level, options.pop("service", "PaymentService"), message, **options
    )


def test_lines_of_one_failure_are_one_pattern_with_its_count_and_its_times() -> None:
    lines = [entry(n, f"gateway timeout after {n}.3 s for order ORD-{n:04d}") for n in (5, 3, 9)]

    [pattern] = summarise(lines).messages

    assert (pattern.count, pattern.first, pattern.last) == (3, lines[1].timestamp, lines[2].timestamp)
    assert pattern.services == {"PaymentService": 3}


def test_different_failures_stay_apart() -> None:
    assert template("cart total failed for 7") != template("cart sum failed for 7")


def test_codes_are_counted_the_most_frequent_first() -> None:
    lines = [entry(n, "x", error_code="RARE" if n == 1 else "OFTEN") for n in range(5)]

    assert [(pattern.key, pattern.count) for pattern in summarise(lines).codes] == [("OFTEN", 4), ("RARE", 1)]


def test_quiet_lines_are_no_failures() -> None:
    found = summarise([entry(1, "ok", LogLevel.INFO), entry(2, "slow", LogLevel.WARN)])

    assert (found.lines, found.failures) == (2, 1)


def test_a_trace_keeps_its_fingerprint_when_lines_move() -> None:
    moved = REFUND_TRACE.replace(":128", ":131").replace(":44", ":49")

    assert fingerprint(moved) == fingerprint(REFUND_TRACE)
    assert fingerprint(ORDER_TRACE) == fingerprint(ORDER_TRACE.replace("line 88", "line 90"))


def test_another_place_or_another_exception_is_another_fingerprint() -> None:
    assert fingerprint(REFUND_TRACE.replace("process", "settle")) != fingerprint(REFUND_TRACE)
    assert fingerprint(REFUND_TRACE.replace("NullPointer", "IllegalState")) != fingerprint(REFUND_TRACE)
    assert fingerprint(ORDER_TRACE.replace("TypeError", "ValueError")) != fingerprint(ORDER_TRACE)


def test_services_whose_lines_blame_somebody_outside_are_named() -> None:
    lines = [
        entry(1, "payment gateway timeout"),
        entry(2, "외부 인증 서버 응답 없음", service="EmailService"),
        entry(3, "null pointer in total()", service="OrderService"),
    ]

    assert {pattern.key for pattern in summarise(lines).failing_outside} == {"PaymentService", "EmailService"}


def test_ten_thousand_lines_take_a_second_or_two() -> None:
    lines = [
        entry(
            n,
            f"request {n} failed after {n % 97} ms with status {n % 7}",
            stack_trace=REFUND_TRACE + f"\n#{n}",
            error_code=f"E{n % 40}",
        )
        for n in range(10_000)
    ]
    began = time.process_time()

    found = summarise(lines)

    assert time.process_time() - began < 6
    assert (found.lines, found.failures, len(found.traces)) == (10_000, 10_000, 1)
