from datetime import UTC, datetime, timedelta

import pytest

from llm.offline.incidents import group
from llm.offline.lines import exceeds_limit, read_line
from llm.offline.peers import Directory, Side
from tests.scenarios.deciding import catalogue
from voc.core.vocabulary import LogEntry, LogLevel

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
DIRECTORY = Directory(catalogue())


def entry(message, level=LogLevel.ERROR, service="PaymentService", *, after=0.0, trace=None, code=None, **metadata):
    return LogEntry(
        timestamp=NOON + timedelta(seconds=after),
        level=level,
        service=service,
        message=message,
        error_code=code,
        stack_trace=trace,
        metadata=metadata,
        entry_id=f"{service}:{after}:{message[:20]}",
    )


def read(*args, **more):
    return read_line(entry(*args, **more), DIRECTORY)


@pytest.mark.parametrize(
    "message",
    [
        "approval for order=20261005-2605 took 3120 ms (limit 5000), completed",
        "slow query payments_by_user took 887 ms",
        "GC pause 949 ms",
        "webhook delivery retried once order=20260827-7083, delivered",
        "acquirer NARAE answered in 2450 ms (usual 400), approved",
        "recommendation host reco.shop.example answered slowly (1900 ms), list shown without recommendations",
        "login refused user=u86409: wrong password, attempt 1 of 5",
        "card declined order=20261005-1327: insufficient funds",
        "bulk queue older than 5 min, drained",
    ],
)
def test_warnings_about_what_was_handled_or_the_customers_own_weigh_next_to_nothing(message):
    found = read(message, LogLevel.WARN)
    assert found is None or found.strength < 0.2


@pytest.mark.parametrize(
    "message", ["page view /orders/502 user=u1", "search q_len=3 results=503", "cancel request -> 200 in 500 ms"]
)
def test_ordinary_lines_with_figures_like_status_codes_are_no_failures(message):
    assert read(message, LogLevel.INFO) is None


@pytest.mark.parametrize(
    ("service", "message", "trace"),
    [
        ("PaymentService", "Payment gateway timeout: 12.3s (threshold 5s)", None),
        ("PaymentService", "POST https://api.pg.example/approve -> 502 Bad Gateway", None),
        ("PaymentService", "approve failed", "java.net.SocketTimeoutException: Read timed out\n\tat a.b.C.d(C.java:1)"),
        ("OrderService", "x509: certificate signed by unknown authority: api.wms.example", None),
        ("OrderService", "getaddrinfo ENOTFOUND wms.partner.example", None),
        ("ShippingAPI", "carrier answer unusable: 200 text/html, expected application/json", None),
        ("EmailService", "provider replied '452 4.5.3 sending quota exceeded'", None),
        ("PaymentGateway", "acquirer DAON unreachable (Connection refused)", None),
        ("RefundService", "bank transfer api: 401 Unauthorized, api key expired", None),
        ("ShippingAPI", "order not booked, no reason given", None),
        ("PaymentService", "결제 게이트웨이 응답 시간 초과: 12.3초 (임계값 5초)", None),
    ],
)
def test_failures_of_external_systems_are_theirs(service, message, trace):
    found = read(message, service=service, trace=trace)
    assert found.outside
    assert found.strength >= 0.6


@pytest.mark.parametrize(
    ("service", "message", "trace"),
    [
        ("RefundService", "POST /refunds failed: NullPointerException", None),
        ("RefundService", "POST /refunds -> 500 Internal Server Error", None),
        ("OrderService", "redis: connection refused 10.0.3.4:6379", None),
        ("OrderService", "HikariPool-1 - Connection is not available, request timed out after 30000ms", None),
        ("OrderService", "deadlock detected while updating orders", None),
        ("OrderService", "call to inventory-service timed out", None),
        ("OrderService", "RefundService answered 500", None),
        ("MainService", "validation refusals of field=phone: 214 in the last hour since validation rules v7", None),
        ("PaymentService", "gateway answered 400 Bad Request: amount must be an integer", None),
        ("EmailService", "render failed", "jinja2.exceptions.UndefinedError: 'receipt' has no attribute 'vat'"),
        ("OrderService", "negative total after coupon", None),
        ("OrderService", "AttributeError at views.py:502", None),
    ],
)
def test_failures_of_our_code_and_resources_are_ours(service, message, trace):
    found = read(message, service=service, trace=trace)
    assert not found.outside
    assert found.strength >= 0.6


@pytest.mark.parametrize(
    ("message", "exceeds"),
    [
        ("took 12300 ms (threshold 5000 ms)", True),
        ("response after 12.3s exceeded threshold of 5s", True),
        ("12.3초 (임계값 5초)", True),
        ("took 3120 ms (limit 5000), completed", False),
        ("took 6 s, limit 5000 ms", True),
        ("completed in 320 ms", None),
    ],
)
def test_a_duration_is_compared_with_the_limit_in_the_line(message, exceeds):
    assert exceeds_limit(message) is exceeds


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("POST https://api.pg.example/approve", Side.EXTERNAL),
        ("http://order-api.internal:8080/x", Side.INTERNAL),
        ("connect 10.1.2.3:5432", Side.INTERNAL),
        ("payment gateway said no", Side.EXTERNAL),
        ("postgres said no", Side.INTERNAL),
        ("RefundService said no", Side.INTERNAL),
        ("ShippingAPI said no", Side.EXTERNAL),
        ("com.shop.pay.Reader said no", Side.UNKNOWN),
    ],
)
def test_the_other_side_of_a_line_is_ours_or_not(text, side):
    assert DIRECTORY.peer_of(text, "OrderService").side is side


def incidents(*entries):
    return group([found for each in entries if (found := read_line(each, DIRECTORY))], DIRECTORY)


NPE = "java.lang.NullPointerException: x\n\tat shop.Reader.read(Reader.java:8)"


def test_the_same_failure_again_is_one_incident():
    (found,) = incidents(*(entry("POST /pay failed", trace=NPE, after=60 * number) for number in range(4)))
    assert found.count == 4


def test_an_exception_right_after_a_failed_call_is_its_effect():
    cause, effect = incidents(entry("gateway answered 500"), entry("unhandled exception", trace=NPE, after=1))
    assert effect.cause is cause
    assert cause.code_effect is effect


def test_an_exception_that_names_the_same_order_is_linked_over_minutes():
    cause, effect = incidents(
        entry("gateway answered 500 order=20261005-1111"), entry("failed order=20261005-1111", trace=NPE, after=500)
    )
    assert effect.cause is cause


def test_an_exception_that_keeps_coming_without_the_failed_call_is_not_its_effect():
    found = incidents(
        entry("gateway answered 500", after=7000),
        *(entry("POST /pay failed", trace=NPE, after=1800 * number) for number in range(5)),
    )
    assert all(each.cause is None for each in found)


def test_a_failure_of_another_service_long_before_is_not_its_cause():
    found = incidents(entry("carrier answered 503", service="ShippingAPI"), entry("failed", trace=NPE, after=900))
    assert all(each.cause is None for each in found)
