"""Ask models until one answers in the wanted shape: deadlines, fallback, breaker, one repair, ledger, budget, cache."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Generic, TypeVar

import structlog
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from llm import budget, cache, providers
from llm.catalogue import Model
from llm.models import ModelCall, Outcome
from llm.prompts import Prompt
from llm.providers import LOCKED_OUT, Messages, Reply
from llm.redaction import VERSION
from llm.tokens import estimate
from voc.core import clock
from voc.core.alerts import clear_alert, raise_alert
from voc.core.breaker import Breaker, Policy
from voc.core.errors import Permanent, Transient
from voc.core.http import Refused

# Of one deadline: so much for the first model, the second, and a repair; whoever comes after them takes what is left.
SHARES: Final = (25.0, 20.0)
REPAIR_SECONDS: Final = 10.0
# Below this nobody can answer.
LEAST_SECONDS: Final = 1.0
MAX_OUTPUT: Final = 4096
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n?(.*?)\n?\s*```\s*$", re.DOTALL)

log = structlog.get_logger(__name__)
Schema = TypeVar("Schema", bound=BaseModel)


class NoAnswer(Exception):
    """No model answered in time and shape. `reasons` are safe to show."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Question(Generic[Schema]):
    """What is asked. `fingerprint` is all of the input that decides the answer, without what is random in the prompt.

    `deadline` is in `time.monotonic()`'s seconds and holds for all attempts together. Everything is redacted already.
    """

    task: str
    subject: str
    prompt: Prompt
    system: str
    user: str
    fingerprint: str
    schema: type[Schema]
    models: Sequence[Model]
    deadline: float

    def left(self) -> float:
        return self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class Answer(Generic[Schema]):
    value: Schema
    model: str
    cached: bool


@dataclass(slots=True)
class _Attempts:
    """Where an asking stands: the ledger's running number, and what went wrong so far."""

    number: int = 0
    reasons: list[str] = field(default_factory=list)


class _Failed(Exception):
    """This model will not answer; the next one may."""


def ask(question: Question[Schema]) -> Answer[Schema]:
    """The first valid answer of the models in their order. Raises NoAnswer."""
    attempts = _Attempts()
    for position, model in enumerate(question.models):
        seconds = min(SHARES[position] if position < len(SHARES) else question.left(), question.left())
        if seconds < LEAST_SECONDS:
            attempts.reasons.append(_("no time left for %(model)s") % {"model": model.name})
            break
        try:
            return _ask_model(question, model, time.monotonic() + seconds, attempts)
        except _Failed as failure:
            attempts.reasons.append(str(failure))
        except budget.BudgetSpent:
            attempts.reasons.append(_("the budget is spent"))
    raise NoAnswer(attempts.reasons)


def _ask_model(question: Question[Schema], model: Model, deadline: float, attempts: _Attempts) -> Answer[Schema]:
    key = cache.key_of(
        task=question.task,
        prompt=question.prompt.sha256,
        schema=question.prompt.schema,
        model=model.name,
        max_output=MAX_OUTPUT,
        redaction=VERSION,
        input=question.fingerprint,
    )
    with cache.turn(key, deadline=deadline) as kept:
        if kept is not None and (value := _parsed(question.schema, kept)) is not None:
            _note(question, model, attempts, Outcome.CACHED)
            return Answer(value, model.name, cached=True)
        value = _asked(question, model, deadline, attempts)
        cache.put(key, value.model_dump_json())
    return Answer(value, model.name, cached=False)


def _asked(question: Question[Schema], model: Model, deadline: float, attempts: _Attempts) -> Schema:
    """A valid value, by one call or, when its answer has the wrong shape, a second one that shows what was wrong."""
    messages: Messages = [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}]
    reply = _call(question, model, messages, deadline - time.monotonic(), attempts)
    value = _parsed(question.schema, reply.text)
    if value is not None:
        return value
    seconds = min(REPAIR_SECONDS, question.left())
    if seconds >= LEAST_SECONDS:
        complaint = (
            f"That was not the JSON object asked for ({_what_is_wrong(question.schema, reply.text)}). Answer again."
        )
        messages += [{"role": "assistant", "content": reply.text or "-"}, {"role": "user", "content": complaint}]
        value = _parsed(question.schema, _call(question, model, messages, seconds, attempts).text)
    if value is None:
        raise _Failed(_("%(model)s answered in the wrong shape") % {"model": model.name})
    return value


def _call(question: Question[Schema], model: Model, messages: Messages, seconds: float, attempts: _Attempts) -> Reply:
    """One attempt: money set aside, the call, a row in the ledger. Raises _Failed and BudgetSpent."""
    max_tokens = min(MAX_OUTPUT, model.max_output)
    expected = sum(estimate(message["content"]) for message in messages)
    reservation = budget.reserve(model.cost(expected, max_tokens))
    row = _row(question, model, attempts)
    started = time.monotonic()
    try:
        reply = providers.call(model, messages, schema=question.schema, max_tokens=max_tokens, seconds=seconds)
    except (Transient, Permanent) as error:
        row.milliseconds = _since(started)
        row.outcome, row.error = _outcome_of(error), error.message[:300]
        row.uncertain = isinstance(error, Transient) and error.ambiguous
        budget.settle(reservation, row)
        _lock_out(model, error)
        raise _Failed(error.message) from error
    row.milliseconds = _since(started)
    row.input_tokens = reply.input_tokens if reply.counted else expected
    row.output_tokens = reply.output_tokens if reply.counted else estimate(reply.text)
    row.cost = model.cost(row.input_tokens, row.output_tokens).quantize(Decimal("0.00000001"))
    row.outcome = Outcome.OK if _parsed(question.schema, reply.text) is not None else Outcome.INVALID
    budget.settle(reservation, row)
    clear_alert(f"llm.locked_out:{model.name}")
    return reply


def _row(question: Question[Schema], model: Model, attempts: _Attempts) -> ModelCall:
    attempts.number += 1
    return ModelCall(
        at=clock.now(),
        subject=question.subject,
        task=question.task,
        model=model.name,
        attempt=attempts.number,
        prompt=question.prompt.name,
        prompt_version=question.prompt.version,
        input_price=model.input_price,
        output_price=model.output_price,
    )


def _note(question: Question[Schema], model: Model, attempts: _Attempts, outcome: Outcome) -> None:
    row = _row(question, model, attempts)
    row.outcome = outcome
    budget.settle(None, row)


def _outcome_of(error: Transient | Permanent) -> Outcome:
    if isinstance(error, Permanent):
        return Outcome.REFUSED
    return Outcome.BUSY if error.at else Outcome.FAILED


def _lock_out(model: Model, error: Transient | Permanent) -> None:
    """A wrong key or a model that is gone opens the breaker at once and tells the admins: no waiting mends it."""
    if not isinstance(error, Refused) or error.status not in LOCKED_OUT:
        return
    try:
        with Breaker(model.peer, policy=Policy(failures=1, told=False)).guard():
            raise Transient(error.message)
    except Transient:
        log.warning("llm.locked_out", model=model.name, status=error.status)
    title = _("%(model)s cannot be used") % {"model": model.name}
    body = _("%(error)s Check its key and its name.") % {"error": f"{error.message}."}
    raise_alert(f"llm.locked_out:{model.name}", title=title, body=body, level="critical")


def _parsed(schema: type[Schema], text: str) -> Schema | None:
    try:
        return schema.model_validate_json(_bare(text))
    except ValidationError:
        return None


def _what_is_wrong(schema: type[BaseModel], text: str) -> str:
    """Where it breaks, without repeating what stands there."""
    try:
        schema.model_validate_json(_bare(text))
    except ValidationError as error:
        places = [".".join(map(str, each["loc"])) or "JSON" for each in error.errors()]
        return ", ".join(f"{place}: {each['type']}" for place, each in zip(places, error.errors(), strict=True))[:300]
    return "nothing"


def _bare(text: str) -> str:
    """Without the fence that models like to put around JSON."""
    match = _FENCE.match(text)
    return match[1] if match else text


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
