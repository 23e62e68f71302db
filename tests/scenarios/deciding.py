"""Decides cases without server or database: the pipeline's stages over log files in a directory."""

import json
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.logs.mock import MockLogAdapter
from integrations.logs.retrieval import EnhancedRAGService
from llm.base import Complaint
from llm.services import get_analyst
from tickets.analysis import normalise, retrieve, score, solve
from tickets.analysis.pipeline import run
from tickets.analysis.work import Noted, Stage, Work
from tickets.results import AnalysisResult
from voc.core.vocabulary import SystemInfo, TimeRange

CATALOGUE = Path(__file__).parents[2] / "tickets/data/systems.json"


def catalogue() -> tuple[SystemInfo, ...]:
    """The systems that a new installation knows."""
    return tuple(
        SystemInfo(
            name=raw["name"],
            words=tuple(raw["words"]),
            internal=raw["kind"] == "internal",
            contact=raw["contact"],
        )
        for raw in sorted(json.loads(CATALOGUE.read_text(encoding="utf-8")), key=lambda raw: raw["name"])
    )


def write_logs(directory: Path, logs: Iterable[dict[str, Any]]) -> None:
    for log in logs:
        (directory / f"{log['scenario_id']}.json").write_text(json.dumps(log, ensure_ascii=False), encoding="utf-8")


def _retrieve_logs(work: Work) -> Noted:
    """The retrieve stage without similar tickets, which live in the database."""
    received = work.complaint.received_at
    work.retrieved = retrieve.fetch(
        work.log_search,
        services=retrieve.services_of(work),
        ids=retrieve.ids_of(work),
        time_range=TimeRange(received - retrieve.AROUND, received + retrieve.AROUND),
    )
    return Noted(input={}, output={"entries": len(work.retrieved.entries)})


STAGES = (
    Stage("normalise", normalise.run),
    Stage("retrieve", _retrieve_logs),
    Stage("solve", solve.run),
    Stage("score", score.run),
)


def decide(text: str, received_at: datetime, logs: Path | MockLogAdapter) -> AnalysisResult:
    adapter = logs if isinstance(logs, MockLogAdapter) else MockLogAdapter(logs)
    return run(
        Work(
            ticket_id="VOC-20261005-0001",
            complaint=Complaint(text=text, received_at=received_at, systems=catalogue()),
            analyst=get_analyst(),
            log_search=EnhancedRAGService(adapter, None),
            deadline=time.monotonic() + 60,
        ),
        STAGES,
    )
