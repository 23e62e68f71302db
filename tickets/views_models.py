"""Which models decided on a ticket, for the staff: with which prompts, at what cost, and who stepped in for whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from llm.calls import Asked, asked_for
from tickets.models import AnalysisRun, RunState

TASKS: Final[dict[str, str | Promise]] = {
    "normalise": _("Understand the complaint"),
    "solve": _("Decide and quote evidence"),
}


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One task. `seconds` is how long all its calls took."""

    label: str | Promise
    asked: Asked

    @property
    def seconds(self) -> float:
        return self.asked.milliseconds / 1000


@dataclass(frozen=True, slots=True)
class ModelsShown:
    lines: tuple[ModelLine, ...]

    @property
    def cost(self) -> Decimal:
        return sum((line.asked.cost for line in self.lines), Decimal(0))

    @property
    def fallback(self) -> bool:
        """Whether somebody else stepped in for the model that was to answer."""
        return any(line.asked.failed for line in self.lines)


def models_of(ticket_id: str, runs: Iterable[AnalysisRun]) -> ModelsShown | None:
    """Of the newest finished run, `runs` being newest first; None when no model was asked."""
    run = next((run for run in runs if run.state == RunState.FINISHED), None)
    if run is None:
        return None
    asked = asked_for(ticket_id, since=run.started_at, until=run.finished_at)
    return ModelsShown(tuple(ModelLine(TASKS.get(each.task, each.task), each) for each in asked)) if asked else None
