"""What models were asked for one subject, read from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from llm.models import ModelCall, Outcome

ANSWERED = (Outcome.OK, Outcome.CACHED)


@dataclass(slots=True)
class Asked:
    """One task of an analysis: who answered at last with which version of the prompt, and what it took. `cost` in US dollars.

    `model` is "" when no model answered, so that the built-in analyst did; `failed` names those that were asked before.
    """

    task: str
    model: str = ""
    prompt: str = ""
    cached: bool = False
    cost: Decimal = Decimal(0)
    tokens: int = 0
    calls: int = 0
    milliseconds: int = 0
    failed: list[str] = field(default_factory=list)


def asked_for(subject: str, *, since: datetime, until: datetime | None) -> list[Asked]:
    """By task, in the order in which they were begun, of the calls between these moments."""
    calls = ModelCall.objects.filter(subject=subject, at__gte=since).order_by("id")
    return _by_task(calls.filter(at__lte=until) if until else calls)


def _by_task(calls: Iterable[ModelCall]) -> list[Asked]:
    found: dict[str, Asked] = {}
    for call in calls:
        asked = found.setdefault(call.task, Asked(call.task))
        asked.calls += 1
        asked.cost += call.cost
        asked.tokens += call.input_tokens + call.output_tokens
        asked.milliseconds += call.milliseconds
        if call.outcome in ANSWERED:
            asked.model, asked.prompt = call.model, f"{call.prompt} {call.prompt_version}"
            asked.cached = call.outcome == Outcome.CACHED
        elif call.model not in asked.failed:
            asked.failed.append(call.model)
    for asked in found.values():
        # A model that answered on its second try has not failed.
        asked.failed = [name for name in asked.failed if name != asked.model]
    return list(found.values())
