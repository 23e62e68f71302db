"""Ordinary log lines: what services write all day, and the handled oddities among it."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

_COMMON = (
    ("DEBUG", "GET /healthz 200 in {n1} ms"),
    ("DEBUG", "connection pool idle={d} active={d} max=20"),
    ("INFO", "metrics flushed: {n4} series"),
    ("DEBUG", "config refresh: no change (revision {n4})"),
    ("INFO", "request completed user=u{n5} status=200 in {n3} ms"),
    ("WARN", "GC pause {n3} ms"),
    ("INFO", "scheduled job housekeeping finished in {n3} ms"),
)
_OWN = {
    "PaymentService": (
        ("INFO", "approval for order={order} completed in {n3} ms"),
        ("INFO", "payment page shown user=u{n5}"),
        ("WARN", "approval for order={order} took 3{n2}0 ms (limit 5000), completed"),
        ("WARN", "card declined order={order}: insufficient funds"),
        ("INFO", "cash receipt issued order={order}"),
    ),
    "RefundService": (
        ("INFO", "refund list opened user=u{n5}"),
        ("INFO", "refund R{n5} paid out to account ****{n4}"),
        ("WARN", "slow query refunds_due took {n3} ms"),
    ),
    "OrderService": (
        ("INFO", "page view /cart user=u{n5}"),
        ("INFO", "order placed order={order} total={n5}"),
        ("WARN", "recommendation list answered slowly, shown without recommendations"),
        ("INFO", "search q_len=3 results={n3}"),
    ),
    "MainService": (
        ("INFO", "page view /main user=u{n5}"),
        ("INFO", "login ok user=u{n5} method=password"),
        ("WARN", "login refused user=u{n5}: wrong password, attempt 1 of 5"),
    ),
}


def noise(random: Random, service: str, around: datetime, count: int) -> list[dict[str, Any]]:
    """`count` harmless lines of `service` in the twelve hours around a moment."""
    templates = _COMMON + _OWN.get(service, ())
    lines = []
    for _ in range(count):
        level, text = random.choice(templates)
        moment = around + timedelta(seconds=random.uniform(-10 * 3600, 2 * 3600))
        lines.append(line(service, moment, level, _filled(random, text, moment)))
    return lines


def _filled(random: Random, text: str, moment: datetime) -> str:
    figures = {f"n{digits}": random.randint(10 ** (digits - 1), 10**digits - 1) for digits in range(1, 6)}
    return text.format(d=random.randint(0, 20), order=f"{moment:%Y%m%d}-{random.randint(1000, 9999)}", **figures)


def line(service: str, moment: datetime, level: str, message: str, **more: Any) -> dict[str, Any]:
    """A line of a mock-log file."""
    return {
        "timestamp": moment.isoformat(timespec="milliseconds"),
        "level": level,
        "service": service,
        "message": message,
    } | {key: value for key, value in more.items() if value is not None}
