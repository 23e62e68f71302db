"""Alerts about the budget close themselves when there is no more reason for them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from llm import budget
from llm.models import Reservation, SpendDay
from llm.tasks import clear_budget_alerts
from voc.core import clock
from voc.core.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)


def spend(dollars: str) -> None:
    SpendDay.objects.update_or_create(day=clock.site_day(clock.now()), defaults={"spent": Decimal(dollars)})


def still_open() -> list[str]:
    return [
        key.split(":")[0].rpartition(".")[2]
        for key in Alert.objects.filter(cleared_at=None).values_list("key", flat=True)
    ]


@pytest.fixture
def nearly_spent(settings: Any) -> Any:
    settings.LLM_DAILY_BUDGET, settings.LLM_MONTHLY_BUDGET = 1, 20
    spend("0.9")
    assert budget.is_tight()
    with pytest.raises(budget.BudgetSpent):
        budget.reserve(Decimal("0.2"))
    assert sorted(still_open()) == ["hard", "soft"]
    return settings


def test_they_stay_while_the_reason_does(nearly_spent: Any) -> None:
    assert clear_budget_alerts() == 0
    assert sorted(still_open()) == ["hard", "soft"]


def test_they_close_when_the_day_has_passed(nearly_spent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert clear_budget_alerts() == 2
    assert still_open() == []


def test_they_close_when_the_budget_is_raised(nearly_spent: Any) -> None:
    nearly_spent.LLM_DAILY_BUDGET = 5
    assert clear_budget_alerts() == 2
    assert not budget.is_tight()


def test_one_of_the_month_is_told_again_on_the_next_day(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LLM_DAILY_BUDGET, settings.LLM_MONTHLY_BUDGET = 0, 1
    noon = clock.now().replace(day=10, hour=3)
    monkeypatch.setattr(clock, "now", lambda: noon)
    spend("0.95")
    assert budget.is_tight()
    monkeypatch.setattr(clock, "now", lambda: noon + timedelta(days=1))
    assert clear_budget_alerts() == 1
    assert budget.is_tight()
    assert clear_budget_alerts() == 0
    assert still_open() == ["soft"]


def test_what_is_only_set_aside_keeps_no_alert_open(settings: Any) -> None:
    settings.LLM_DAILY_BUDGET, settings.LLM_MONTHLY_BUDGET = 1, 0
    Reservation.objects.create(amount=Decimal("0.9"), expires_at=clock.now() + timedelta(minutes=5))
    assert budget.is_tight()
    assert clear_budget_alerts() == 1
