"""Money: set aside before a call, settled after it, in one place that fifty threads may use at once.

Every change happens under one advisory lock in a transaction of a few milliseconds; no call is made inside it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from llm.models import ModelCall, Reservation, SpendDay
from voc.core import clock
from voc.core.alerts import clear_alert, open_alerts, raise_alert

# Held while sums are read and changed; the number is this module's own.
LOCK: Final = 0x4C4C4D
# Longer than any call may take: whoever has not settled by then is dead.
RESERVED_FOR: Final = timedelta(minutes=5)
ZERO: Final = Decimal(0)


class BudgetSpent(Exception):
    """The call would go beyond a limit: nothing was set aside."""


@dataclass(frozen=True, slots=True)
class Spending:
    """US dollars of the site's day and month so far, and what calls under way have set aside. A limit of 0 is none."""

    day: Decimal
    month: Decimal
    reserved: Decimal

    def part(self) -> Decimal:
        """How much of the tighter limit is used or set aside: 0 none, 1 all."""
        limits = ((self.day, day_limit()), (self.month, month_limit()))
        return max(((spent + self.reserved) / limit for spent, limit in limits if limit), default=ZERO)

    def allows(self, amount: Decimal) -> bool:
        limits = ((self.day, day_limit()), (self.month, month_limit()))
        return all(not limit or spent + self.reserved + amount <= limit for spent, limit in limits)


def day_limit() -> Decimal:
    return Decimal(str(settings.LLM_DAILY_BUDGET))


def month_limit() -> Decimal:
    return Decimal(str(settings.LLM_MONTHLY_BUDGET))


def spending() -> Spending:
    today = clock.site_day(clock.now())
    month = SpendDay.objects.filter(day__gte=today.replace(day=1), day__lte=today)
    return Spending(
        day=month.filter(day=today).aggregate(sum=Sum("spent"))["sum"] or ZERO,
        month=month.aggregate(sum=Sum("spent"))["sum"] or ZERO,
        reserved=Reservation.objects.filter(expires_at__gt=clock.now()).aggregate(sum=Sum("amount"))["sum"] or ZERO,
    )


def is_tight() -> bool:
    """Whether the soft limit is reached: cheaper models from here on. The admins are told once a day."""
    now = spending()
    if now.part() < Decimal(str(settings.LLM_SOFT_LIMIT)):
        return False
    _tell("soft", _("The budget for models is nearly spent: cheaper ones are used"), now)
    return True


def reserve(amount: Decimal) -> Reservation | None:
    """Set `amount` aside; None when it costs nothing. Raises BudgetSpent."""
    if amount <= 0:
        return None
    with transaction.atomic():
        _lock()
        Reservation.objects.filter(expires_at__lte=clock.now()).delete()
        now = spending()
        if now.allows(amount):
            return Reservation.objects.create(amount=amount, expires_at=clock.now() + RESERVED_FOR)
    _tell("hard", _("The budget for models is spent: the built-in analyst decides"), now)
    raise BudgetSpent


@transaction.atomic
def settle(reservation: Reservation | None, call: ModelCall) -> None:
    """Write the attempt into the ledger, and what it cost into the day's sum; what was set aside is free again."""
    if call.cost or reservation:
        _lock()
    if reservation:
        Reservation.objects.filter(pk=reservation.pk).delete()
    call.save(force_insert=True)
    if call.cost:
        day = clock.site_day(call.at)
        SpendDay.objects.get_or_create(day=day)
        SpendDay.objects.filter(day=day).update(spent=F("spent") + call.cost)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def clear_what_passed() -> int:
    """Close the alerts of another day or of other limits, and those of today that hold no longer. Returns how many.

    What is set aside at this moment does not count: it comes and goes, and an alert must not.
    """
    part = replace(spending(), reserved=ZERO).part()
    # A call is refused before all is spent, when it would have gone beyond: that alert stays as long as the day.
    still = {_key("hard")} | ({_key("soft")} if part >= Decimal(str(settings.LLM_SOFT_LIMIT)) else set())
    gone = set(open_alerts("llm.budget.")) - still
    return sum(clear_alert(key) for key in gone)


def _key(limit: str) -> str:
    """Once a day, and anew when the limits are others."""
    return f"llm.budget.{limit}:{clock.site_day(clock.now()):%Y-%m-%d}:{day_limit():f}/{month_limit():f}"


def _tell(limit: str, title: str, now: Spending) -> None:
    figures = {"day": now.day, "day_limit": day_limit(), "month": now.month, "month_limit": month_limit()}
    body = _("Today $%(day).2f of $%(day_limit).2f, this month $%(month).2f of $%(month_limit).2f.") % figures
    raise_alert(_key(limit), title=title, body=body)
