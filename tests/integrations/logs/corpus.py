"""Log lines of a small shop, and forty questions about them, with answers computed in plain Python.

What is compared across adapters is which lines come back, by the ids that the lines have here.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integrations.logs.base import LogQuery
from voc.core.vocabulary import LogLevel, TimeRange

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = TimeRange(NOON - timedelta(hours=24), NOON + timedelta(hours=24))

D, I, W, E, F = LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR, LogLevel.FATAL  # noqa: E741

REFUND_TRACE = (
    "java.lang.NullPointerException: Cannot invoke getAmount on null\n"
    "\tat com.shop.refund.RefundService.process(RefundService.java:128)\n"
    "\tat com.shop.refund.RefundController.post(RefundController.java:44)"
)
ORDER_TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/srv/order/cart.py", line 88, in total\n'
    "    return price * amount\n"
    "TypeError: unsupported operand"
)


@dataclass(frozen=True)
class Line:
    id: str
    at: datetime
    level: LogLevel
    service: str
    message: str
    code: str | None = None
    trace: str | None = None
    ids: dict[str, str] = field(default_factory=dict)


# Level, service, message, error code, stack trace; {n} is the line's number.
KINDS: tuple[tuple[LogLevel, str, str, str | None, str | None], ...] = (
    (I, "PaymentService", "payment accepted for order ORD-{n:04d}", None, None),
    (W, "PaymentService", "Payment Gateway slow: 4.{n} s over the limit", "PG_SLOW", None),
    (E, "PaymentService", "payment gateway timeout after 12.3 s (threshold 5 s)", "PG_TIMEOUT", None),
    (F, "PaymentService", "circuit breaker open, payments suspended", "PAY_DOWN", None),
    (E, "RefundService", "refund failed for customer {n}", "NPE", REFUND_TRACE),
    (I, "RefundService", "refund requested", None, None),
    (D, "RefundService", "cache miss for refund {n}", None, None),
    (I, "OrderService", "order page viewed", None, None),
    (E, "OrderService", "cart total could not be computed", "CART_TYPE", ORDER_TRACE),
    (W, "OrderService", "쿠폰 적용 실패: 만료된 쿠폰", "COUPON_EXPIRED", None),
    (E, "EmailService", "인증 메일 발송 실패 (SMTP 451)", "SMTP_451", None),
    (I, "EmailService", "mail queued", None, None),
    (W, "ShippingAPI", "tracking answered 503, retry {n}", "HTTP_503", None),
    (E, "ShippingAPI", 'tracking unavailable "carrier down" C:\\ship\\api 100% [x] a/b', "HTTP_500", None),
)


def lines() -> tuple[Line, ...]:
    """Twelve rounds of all kinds, irregular in time but each at a millisecond of its own, within three days round NOON."""
    found = []
    for n in range(12 * len(KINDS)):
        level, service, message, code, trace = KINDS[n % len(KINDS)]
        ids = {"request_id": f"req-{n:05d}"}
        if service in ("PaymentService", "OrderService", "RefundService"):
            ids["order_id"] = f"ORD-{n // 7:04d}"
        if level in (E, F):
            ids["trace_id"] = f"{n:04x}c0ffee{n % 5}"
        at = NOON - timedelta(hours=36) + timedelta(seconds=n * 1543 + (n * n) % 977, milliseconds=(n * 37) % 1000)
        found.append(Line(f"L{n:04d}", at, level, service, message.format(n=n), code, trace, ids))
    return tuple(found)


LINES = lines()


@dataclass(frozen=True)
class Question:
    name: str
    query: LogQuery
    time_range: TimeRange = DAY
    limit: int = 1000


def around(hours: float, *, width: float) -> TimeRange:
    start = NOON + timedelta(hours=hours)
    return TimeRange(start, start + timedelta(hours=width))


AT = LINES[70].at
QUESTIONS: tuple[Question, ...] = (
    Question("everything of two days", LogQuery()),
    Question("everything of six hours", LogQuery(), around(-6, width=6)),
    Question("the newest ten of everything", LogQuery(), limit=10),
    Question("one line's own millisecond", LogQuery(), TimeRange(AT, AT)),
    Question("up to a line, that line included", LogQuery(), TimeRange(AT - timedelta(hours=3), AT)),
    Question("a time without lines", LogQuery(), around(400, width=1)),
    Question("one service", LogQuery(service="PaymentService")),
    Question("one service, newest three", LogQuery(service="PaymentService"), limit=3),
    Question("another service", LogQuery(service="ShippingAPI")),
    Question("a service that is not there", LogQuery(service="BillingService")),
    Question("the beginning of a service's name finds nothing", LogQuery(service="Payment")),
    Question("errors", LogQuery(levels=(E,))),
    Question("errors and worse", LogQuery(levels=(E, F))),
    Question("warnings", LogQuery(levels=(W,))),
    Question("debug lines", LogQuery(levels=(D,))),
    Question("informative lines of a service", LogQuery(service="OrderService", levels=(I,))),
    Question("fatal lines of a service", LogQuery(service="PaymentService", levels=(F,))),
    Question("fatal lines of a service that has none", LogQuery(service="EmailService", levels=(F,))),
    Question("telling lines, newest five", LogQuery(levels=(W, E, F)), limit=5),
    Question("a word", LogQuery(text="suspended")),
    Question("a word in other letters", LogQuery(text="SUSPENDED")),
    Question("words one after another", LogQuery(text="payment gateway")),
    Question("words in the wrong order", LogQuery(text="gateway payment")),
    Question("words that do not stand together", LogQuery(text="payment timeout")),
    Question("a word that nobody wrote", LogQuery(text="kubernetes")),
    Question("Korean words", LogQuery(text="만료된 쿠폰")),
    Question("Korean and Latin together", LogQuery(text="발송 실패 (SMTP 451)")),
    Question("an error code", LogQuery(text="PG_TIMEOUT")),
    Question("a class in a stack trace", LogQuery(text="java.lang.NullPointerException")),
    Question("a file in a stack trace", LogQuery(text="RefundService.java:128")),
    Question("a Python error in a stack trace", LogQuery(text="TypeError: unsupported operand")),
    Question("quotes in the text", LogQuery(text='"carrier down"')),
    Question("a text of a service's errors", LogQuery(service="RefundService", levels=(E,), text="refund failed")),
    Question("a text with the wrong level", LogQuery(levels=(I,), text="refund failed")),
    Question("an order number", LogQuery(ids=("ORD-0007",))),
    Question("an order number in the message only", LogQuery(service="PaymentService", ids=("ORD-0112",))),
    Question("one of two request ids", LogQuery(ids=("req-00050", "req-00051"))),
    Question("a trace id", LogQuery(ids=(LINES[60].ids["trace_id"],))),
    Question("an id that nobody has", LogQuery(ids=("ORD-9999",))),
    Question(
        "all conditions at once",
        LogQuery(service="PaymentService", levels=(E, W), text="gateway", ids=("ORD-0010", "ORD-0012")),
        around(-30, width=48),
    ),
)


def expected(question: Question) -> list[str]:
    """The ids of the lines that answer a question, newest first."""
    query = question.query
    found = [
        line
        for line in LINES
        if question.time_range.start <= line.at <= question.time_range.end
        and query.service in ("", line.service)
        and (not query.levels or line.level in query.levels)
        and query.text.casefold() in searched(line).casefold()
        and (not query.ids or any(identifier in line.message for identifier in query.ids) or has_id(line, query.ids))
    ]
    return [line.id for line in sorted(found, key=lambda line: line.at, reverse=True)[: question.limit]]


def searched(line: Line) -> str:
    return "\n".join(part for part in (line.message, line.code, line.trace) if part)


def has_id(line: Line, identifiers: tuple[str, ...]) -> bool:
    return any(identifier == value for identifier in identifiers for value in line.ids.values())


WORD = re.compile(r"\w+(?:[.'’]\w+)*")


def stands_as_words(text: str, inside: str) -> bool:
    wanted, words = WORD.findall(text.casefold()), WORD.findall(inside.casefold())
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words)))
