"""Providers fail in every way: tickets come to rest, models decide nearly all, and the books are right."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.chaos.models import FAULTS, FIRST, Outcome, settings_of, work_through
from tests.stack import Database, Stack

pytestmark = pytest.mark.chaos

COUNT = int(os.environ.get("CHAOS_MODEL_TICKETS", "20"))
LONG = COUNT >= 100
# Normalise and solve, 60 s each, and the logs between them.
DEADLINE = 150


def tickets_under(faults: list[tuple[str, float]], folder: Path, database: Database, *, budget: str = "0") -> Outcome:
    with Stack(folder / "stack", database=database, settings=settings_of(folder, budget=budget), models=True) as stack:
        for number, (name, probability) in enumerate(faults):
            stack.sandbox.fault(FIRST, probability=probability, seed=number, **FAULTS[name])
        return work_through(stack, database, count=COUNT, seed=5)


def check(found: Outcome) -> None:
    print(found)
    assert found.tickets == COUNT
    assert found.slowest < DEADLINE
    assert found.by_model >= found.tickets * 0.95
    assert abs(found.ledger - found.billed) < Decimal("0.000001")


def test_with_all_faults_together_every_ticket_rests_and_the_books_are_right(
    tmp_path: Path, database: Database
) -> None:
    share = 0.05
    check(tickets_under([(name, share) for name in FAULTS], tmp_path, database))


@pytest.mark.parametrize("fault", sorted(FAULTS) if LONG else ["wrong schema"])
def test_with_each_fault_alone_every_ticket_rests_and_the_books_are_right(
    fault: str, tmp_path: Path, database: Database
) -> None:
    check(tickets_under([(fault, 0.2)], tmp_path, database))


@pytest.mark.parametrize("share", [0, 0.05] if LONG else [0])
def test_a_budget_is_not_exceeded_by_more_than_one_call(share: float, tmp_path: Path, database: Database) -> None:
    budget = Decimal("0.05")
    faults = [(name, share) for name in FAULTS] if share else []
    found = tickets_under(faults, tmp_path, database, budget=str(budget))
    dearest = database.value("SELECT max(cost) FROM llm_modelcall")

    assert found.tickets == COUNT
    assert Decimal(0) < found.ledger <= budget + dearest
    assert found.by_model < found.tickets, "the built-in analyst took over"
    assert database.value("SELECT count(*) FROM core_alert WHERE key LIKE 'llm.budget.hard%%'") == 1
