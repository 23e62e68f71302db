"""Whole tickets through the real worker while the models' providers fail, and what came of it."""

import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from llm.catalogue import catalogue
from tests.chaos.storm import QUICK, Submitter, complaints, settle, write_logs
from tests.stack import Database, Stack

FIRST, SECOND = "openai", "anthropic"
# Each as it is switched on; `hang` is longer than the model's share of the deadline.
FAULTS: dict[str, dict[str, Any]] = {
    "busy": {"kind": "status", "status": 429, "retry_after": 5},
    "busy without a time": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "hang": {"kind": "hang", "seconds": 60},
    "drop": {"kind": "drop"},
    "cut": {"kind": "cut_json"},
    "fenced": {"kind": "fenced_json"},
    "wrong schema": {"kind": "wrong_schema"},
    "invented": {"kind": "invented_citation"},
}
TIMES = """
    SELECT max(extract(epoch FROM finished_at - started_at))::float8 AS slowest,
           count(*) FILTER (WHERE analyst <> 'offline') AS by_model, count(*) AS all
    FROM tickets_analysisrun WHERE state = 'finished'
"""


def settings_of(folder: Path, *, budget: str = "0") -> dict[str, str]:
    """Nothing is cached: every ticket is to ask."""
    return QUICK | {
        "MOCK_LOG_DIR": str(write_logs(folder / "logs")),
        "LLM_DAILY_BUDGET": budget,
        "LLM_MONTHLY_BUDGET": budget,
        "LLM_CACHE_SECONDS": "0",
    }


@dataclass(frozen=True)
class Outcome:
    tickets: int
    slowest: float
    by_model: int
    ledger: Decimal
    billed: Decimal
    seconds: float


def work_through(stack: Stack, database: Database, *, count: int, seed: int) -> Outcome:
    """Hand in so many complaints and wait until all rest; what the sandbox counted is priced as the model file says."""
    since = time.monotonic()
    submitter = Submitter(stack)
    for complaint in complaints(count, seed=seed):
        submitter.submit(complaint)
    settle(stack, count=count, seconds=300 + count * 3)
    row = database.rows(TIMES)[0]
    return Outcome(
        tickets=row["all"],
        slowest=row["slowest"],
        by_model=row["by_model"],
        ledger=database.value("SELECT coalesce(sum(cost), 0) FROM llm_modelcall"),
        billed=billed(stack),
        seconds=time.monotonic() - since,
    )


def billed(stack: Stack) -> Decimal:
    total = Decimal(0)
    for vendor in (FIRST, SECOND):
        for name, used in stack.sandbox.state(vendor)["totals"].items():
            total += catalogue().find(f"{vendor}/{name}").cost(used["input_tokens"], used["output_tokens"])
    return total
