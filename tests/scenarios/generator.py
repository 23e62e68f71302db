"""Seeded variants of the acceptance scenarios S1 to S6: complaint, logs, and how they must end.

`variants("S1", 50, seed=1)` gives the same fifty every time. Wordings and log formats are written apart from the analyst's
tables, so that it cannot know them by heart.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Final

from tests.scenarios import wordings
from tests.scenarios.noise import line, noise
from tests.scenarios.traces import code_error

SEOUL: Final = timezone(timedelta(hours=9))
NOISE: Final = 34
SCENARIOS: Final = ("S1", "S2", "S3", "S4", "S5", "S6")


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a variant must end. `confidence` is the allowed range; `names` must occur in the proposal."""

    status: str
    primary: str | None = None
    secondary: str | None = None
    urgency: str | None = None
    system: str | None = None
    confidence: tuple[float, float] = (0.0, 1.0)
    action: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """A complaint as it is submitted, the log file that belongs to it (None for S6), and the expectation."""

    scenario: str
    number: int
    raw_voc: str
    channel: str
    customer_name: str
    received_at: datetime
    log: dict[str, Any] | None
    expectation: Expectation

    @property
    def name(self) -> str:
        return f"{self.scenario}-{self.number:03d}"


Telling = tuple[list[dict[str, Any]], tuple[str, ...]]


def variants(scenario: str, n: int, seed: int, *, received_at: datetime | None = None) -> list[Variant]:
    """`n` variants; all received around `received_at` (one fixed day unless given), each with logs of the hours before."""
    return [_variant(scenario, number, Random(f"{scenario}/{seed}/{number}"), received_at) for number in range(n)]


def _variant(scenario: str, number: int, random: Random, received_at: datetime | None) -> Variant:
    day = datetime(2026, 10, 5, 9, 0, tzinfo=SEOUL) + timedelta(days=number, minutes=random.randint(0, 700))
    received = received_at or day
    service, telling, expectation = _BUILDERS[scenario]
    lines, names = telling(random, received, service)
    log = None
    if service:
        every = lines + noise(random, service, received, NOISE)
        log = {
            "scenario_id": f"{scenario.lower()}-{number:03d}",
            "description": f"Variant {number} of {scenario}",
            "service": service,
            "logs": sorted(every, key=lambda entry: entry["timestamp"]),
        }
    return Variant(
        scenario=scenario,
        number=number,
        raw_voc=wordings.complaint(scenario, random, number),
        channel=random.choice(["email", "slack", "web", "api", "phone"]),
        customer_name=random.choice(wordings.NAMES),
        received_at=received,
        log=log,
        expectation=expectation(names),
    )


def _before(random: Random, received: datetime, *, minutes: int = 90) -> datetime:
    return received - timedelta(seconds=random.randint(60, minutes * 60))


def _order(random: Random, moment: datetime) -> str:
    return f"{moment:%Y%m%d}-{random.randint(1000, 9999)}"


def _gateway_timeout(random: Random, received: datetime, service: str) -> Telling:
    """The gateway takes far longer than the threshold, once or a few times."""
    lines = []
    moment = _before(random, received)
    text = random.choice(wordings.TIMEOUTS)
    code = random.choice(["PG_TIMEOUT", "GATEWAY_TIMEOUT", "E5041", "TIMEOUT", None])
    for _ in range(random.randint(1, 3)):
        limit = random.choice([3.0, 5.0, 8.0])
        took = round(limit + random.uniform(2.0, 25.0), 1)
        message = text.format(
            took=took, took_ms=int(took * 1000), limit=limit, limit_ms=int(limit * 1000), order=_order(random, moment)
        )
        lines.append(line(service, moment, "ERROR", message, error_code=code))
        if random.random() < 0.4:
            note = f"payment attempt given up after gateway timeout order={_order(random, moment)}"
            lines.append(line(service, moment + timedelta(seconds=2), "WARN", note))
        moment += timedelta(seconds=random.randint(20, 400))
    return [entry for entry in lines if entry["timestamp"] <= received.isoformat()] or lines[:1], ()


def _code_error(random: Random, received: datetime, service: str) -> Telling:
    """The same exception at the same file and line, again and again."""
    error = code_error(random)
    lines = [
        line(
            service,
            received - timedelta(minutes=random.randint(2, 400)),
            "ERROR",
            error.message,
            error_code=error.code,
            stack_trace=error.trace,
        )
        for _ in range(random.randint(2, 6))
    ]
    return lines, (error.file, str(error.line))


def _page_views(random: Random, received: datetime, service: str) -> Telling:
    """A customer who goes round the pages; nothing fails."""
    user = random.randint(10000, 99999)
    pages = random.sample(["/orders", "/orders/detail", "/help", "/mypage", "/faq?q=cancel", "/orders/history"], 4)
    moment = _before(random, received)
    lines = []
    for page in pages:
        lines.append(line(service, moment, "INFO", f"page view {page} user=u{user}", metadata={"path": page}))
        moment += timedelta(seconds=random.randint(5, 60))
    return lines, ()


def _gateway_5xx(random: Random, received: datetime, service: str) -> Telling:
    """The gateway answers 5xx, and our code does not handle it."""
    moment = _before(random, received)
    order = _order(random, moment)
    error = code_error(random, unhandled=True)
    status = random.choice(["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
    cause = random.choice(wordings.UPSTREAM).format(status=status, number=status[:3], order=order)
    lines = [
        line(service, moment, "ERROR", cause, error_code=random.choice(["PG_HTTP_500", "PG_5XX", "E500", None])),
        line(
            service,
            moment + timedelta(milliseconds=random.randint(20, 4000)),
            random.choice(["ERROR", "FATAL", "CRITICAL"]),
            random.choice(wordings.UNHANDLED).format(order=order, exception=error.exception),
            error_code=random.choice(["UNHANDLED", "UNHANDLED_EXCEPTION", None]),
            stack_trace=error.trace,
        ),
    ]
    return lines, (error.file,)


def _session_start(random: Random, received: datetime, service: str) -> Telling:
    moment = _before(random, received)
    return [line(service, moment, "INFO", f"session start user=u{random.randint(10000, 99999)} client=web")], ()


def _nothing(random: Random, received: datetime, service: str) -> Telling:
    return [], ()


Builder = tuple[str, Callable[[Random, datetime, str], Telling], Callable[[tuple[str, ...]], Expectation]]
_WAITS: Final = "WAITING_CONFIRM"
_PEOPLE: Final = "MANUAL_REQUIRED"
_BUILDERS: dict[str, Builder] = {
    "S1": (
        "PaymentService",
        _gateway_timeout,
        lambda names: Expectation(
            status=_WAITS,
            primary="integration_error",
            urgency="high",
            system="PaymentService",
            confidence=(0.85, 0.95),
            action="integration_inquiry",
            names=("subject", "body", "PaymentGateway"),
        ),
    ),
    "S2": (
        "RefundService",
        _code_error,
        lambda names: Expectation(
            status=_WAITS,
            primary="code_error",
            urgency="medium",
            system="RefundService",
            confidence=(0.90, 0.95),
            action="code_fix",
            names=names,
        ),
    ),
    "S3": (
        "OrderService",
        _page_views,
        lambda names: Expectation(
            status=_WAITS,
            primary="business_improvement",
            urgency="low",
            system="OrderService",
            confidence=(0.65, 0.75),
            action="business_proposal",
        ),
    ),
    "S4": (
        "PaymentService",
        _gateway_5xx,
        lambda names: Expectation(
            status=_WAITS,
            primary="integration_error",
            secondary="code_error",
            urgency="high",
            system="PaymentService",
            confidence=(0.70, 0.80),
            action="integration_inquiry",
            names=names,
        ),
    ),
    "S5": ("MainService", _session_start, lambda names: Expectation(status=_PEOPLE, confidence=(0.0, 0.599))),
    "S6": ("", _nothing, lambda names: Expectation(status=_PEOPLE)),
}
