"""Asking models, over HTTP through litellm: what happens when they fail in each way in which they fail."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from llm import budget, cache, gateway, providers
from llm.activation import prompt_for
from llm.catalogue import Model, catalogue
from llm.gateway import Answer, NoAnswer, Question
from llm.models import ModelCall, Outcome, Reservation, SpendDay
from llm.schemas import NormaliserAnswer
from sandbox.client import SandboxClient
from tests.core.tools import together
from voc.core import clock
from voc.core.breaker import Breaker
from voc.core.errors import Transient
from voc.core.models import Alert
from voc.core.redis import door

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("site")]
FIRST, SECOND = "openai/gpt-6.1-sol", "anthropic/claude-sonnet-5-5"


def question(
    text: str = "결제가 안 됩니다", *, models: Sequence[str] = (FIRST, SECOND), seconds: float = 40
) -> Question[NormaliserAnswer]:
    prompt = prompt_for("normalizer", "VOC-1")
    variables = {"systems": "- PaymentService (ours): 결제", "complaint": text, "delimiter": "DATA-00"}
    system, user = prompt.parts(variables)
    return Question(
        task="normalise",
        subject="VOC-1",
        prompt=prompt,
        system=system,
        user=user,
        fingerprint=text,
        schema=NormaliserAnswer,
        models=[catalogue().find(name) for name in models],
        deadline=time.monotonic() + seconds,
    )


def outcomes() -> list[tuple[str, str]]:
    return [(call.model, call.outcome) for call in ModelCall.objects.order_by("id")]


def test_an_answer_is_counted_to_the_token_and_the_cent(sandbox: SandboxClient) -> None:
    answer = gateway.ask(question())

    [call] = ModelCall.objects.all()
    used = sandbox.state("openai")["totals"]["gpt-6.1-sol"]
    assert (answer.model, answer.cached, answer.value.affected_system) == (FIRST, False, "PaymentService")
    assert (call.input_tokens, call.output_tokens) == (used["input_tokens"], used["output_tokens"])
    assert call.cost == (Decimal(2) * used["input_tokens"] + Decimal(10) * used["output_tokens"]) / 1_000_000
    assert (call.prompt, call.prompt_version, call.outcome) == ("normalizer", "1.1.0", Outcome.OK)
    assert SpendDay.objects.get().spent == call.cost
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("model", ["openai/gpt-6.1-terra", "anthropic/claude-haiku-5-5", "ollama_chat/mistral"])
def test_every_provider_answers_in_the_shape_that_is_asked_for(model: str) -> None:
    assert gateway.ask(question(models=[model])).model == model


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "status", "status": 500}, Outcome.FAILED),
        ({"kind": "status", "status": 429, "retry_after": 60}, Outcome.BUSY),
        ({"kind": "status", "status": 429}, Outcome.FAILED),
        ({"kind": "drop"}, Outcome.FAILED),
        ({"kind": "truncated"}, Outcome.FAILED),
        ({"kind": "malformed"}, Outcome.FAILED),
        ({"kind": "status", "status": 400}, Outcome.REFUSED),
    ],
)
def test_another_provider_steps_in(fault: dict[str, Any], outcome: Outcome, sandbox: SandboxClient) -> None:
    sandbox.fault("openai", **fault)

    assert gateway.ask(question()).model == SECOND
    assert outcomes() == [(FIRST, outcome), (SECOND, Outcome.OK)]
    assert len(sandbox.requests("openai")) == 1, "no retries behind our back"


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        '"text"',
        '{"id": "1", "object": "chat.completion", "choices": []}',
        '{"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": null, "finish_reason": "stop"}]}',
        '{"id": "1", "object": "chat.completion", "choices": null, "usage": {"total_tokens": 3}}',
    ],
)
def test_an_answer_of_another_shape_than_the_protocols_is_no_answer(body: str, sandbox: SandboxClient) -> None:
    sandbox.fault("openai", "malformed", body=body, content_type="application/json")

    assert gateway.ask(question()).model == SECOND
    assert outcomes()[0][0] == FIRST
    assert not Reservation.objects.exists()


def test_a_provider_that_hangs_is_left_in_time(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.ask(question("warm up"))
    sandbox.fault("openai", "hang", seconds=30)
    monkeypatch.setattr(gateway, "SHARES", (2.0, 20.0))
    started = time.monotonic()

    assert gateway.ask(question()).model == SECOND
    assert time.monotonic() - started < 25
    assert ModelCall.objects.filter(outcome=Outcome.FAILED).get().uncertain


def test_no_asking_takes_longer_than_its_deadline(sandbox: SandboxClient) -> None:
    gateway.ask(question("warm up"))
    for vendor in ("openai", "anthropic"):
        sandbox.fault(vendor, "hang", seconds=30)
    started = time.monotonic()

    with pytest.raises(NoAnswer):
        gateway.ask(question(seconds=3))
    assert time.monotonic() - started < 25


def test_an_answer_in_a_fence_needs_no_second_call(sandbox: SandboxClient) -> None:
    sandbox.fault("openai", "fenced_json")

    assert gateway.ask(question()).model == FIRST
    assert outcomes() == [(FIRST, Outcome.OK)]


@pytest.mark.parametrize("kind", ["cut_json", "wrong_schema"])
def test_an_answer_of_the_wrong_shape_is_asked_for_once_more(kind: str, sandbox: SandboxClient) -> None:
    sandbox.fault("openai", kind, count=1)

    assert gateway.ask(question()).model == FIRST
    assert outcomes() == [(FIRST, Outcome.INVALID), (FIRST, Outcome.OK)]
    again = sandbox.requests("openai")[1].json["messages"]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]


def test_a_model_that_cannot_answer_in_shape_gives_way_and_its_breaker_stays_closed(sandbox: SandboxClient) -> None:
    sandbox.fault("openai", "wrong_schema")

    for number in range(4):
        assert gateway.ask(question(f"결제 {number}")).model == SECOND
    assert [outcome for model, outcome in outcomes() if model == FIRST] == [Outcome.INVALID] * 8


def test_three_failures_open_the_breaker_of_that_model_alone(sandbox: SandboxClient) -> None:
    sandbox.fault("openai", "status", status=500)

    for number in range(5):
        gateway.ask(question(f"결제 {number}"))
    assert len(sandbox.requests("openai")) == 3
    with pytest.raises(Transient), Breaker(f"llm:{FIRST}").guard():
        pass
    with Breaker("llm:openai/gpt-6.1-terra").guard():
        pass


@pytest.mark.parametrize("wrong", ["key", "model"])
def test_a_wrong_key_or_a_model_that_is_gone_is_told_once_and_not_tried_again(
    wrong: str, sandbox: SandboxClient, settings: Any
) -> None:
    first = FIRST
    if wrong == "key":
        settings.OPENAI_API_KEY = "wrong"
    else:
        first = "openai/gone-1"

    for number in range(3):
        assert gateway.ask(question(f"결제 {number}", models=[first, SECOND])).model == SECOND
    assert len(sandbox.requests("openai")) == 1
    alert = Alert.objects.get(key=f"llm.locked_out:{first}")
    assert (alert.level, alert.times) == ("critical", 1)
    assert "wrong" not in alert.body.replace("wrong shape", "")


def test_an_address_in_the_own_network_is_not_called_unless_it_is_allowed(
    settings: Any, sandbox: SandboxClient
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(NoAnswer, match="internal address"):
        gateway.ask(question())
    assert sandbox.requests() == []


def test_the_same_question_again_costs_nothing_and_says_so(sandbox: SandboxClient) -> None:
    first, second = gateway.ask(question()), gateway.ask(question())

    assert (first.cached, second.cached) == (False, True)
    assert first.value == second.value
    assert len(sandbox.requests("openai")) == 1
    assert [(call.outcome, bool(call.cost)) for call in ModelCall.objects.order_by("id")] == [
        ("ok", True),
        ("cached", False),
    ]


def test_of_many_who_ask_the_same_at_once_one_asks_the_model(sandbox: SandboxClient) -> None:
    gateway.ask(question("warm up"))
    sandbox.fault("openai", "delay", seconds=0.5)
    answers: list[Answer[NormaliserAnswer]] = []

    together([lambda: answers.append(gateway.ask(question("같은 질문")))] * 8)

    assert len(answers) == 8
    assert sum(not answer.cached for answer in answers) == 1
    assert len(sandbox.requests("openai")) == 2


def test_without_redis_models_answer_all_the_same(sandbox: SandboxClient) -> None:
    door().shut(ConnectionError("gone"))
    try:
        assert not gateway.ask(question()).cached
        door().shut(ConnectionError("gone"))
        assert not gateway.ask(question()).cached
    finally:
        door().reopen()


def test_what_is_in_the_cache_and_no_longer_valid_is_a_miss(sandbox: SandboxClient) -> None:
    gateway.ask(question())
    for key in door().client.keys(f"{cache.PREFIX}*"):
        door().client.set(key, '{"understood": true}')

    assert not gateway.ask(question()).cached
    assert len(sandbox.requests("openai")) == 2


def test_fifty_threads_do_not_overspend(settings: Any) -> None:
    settings.LLM_DAILY_BUDGET = 1
    settings.LLM_MONTHLY_BUDGET = 0
    refused = []

    def spend() -> None:
        for _ in range(3):
            try:
                reservation = budget.reserve(Decimal("0.05"))
            except budget.BudgetSpent:
                refused.append(1)
                continue
            call = ModelCall(at=clock.now(), task="t", model="m", attempt=1, outcome=Outcome.OK, cost=Decimal("0.05"))
            budget.settle(reservation, call)

    # The pool of connections is the limit of how many are really at it; each waits for its turn.
    for _ in range(5):
        together([spend] * 10)

    assert SpendDay.objects.get().spent == Decimal(1)
    assert len(refused) == 150 - 20
    assert sum(call.cost for call in ModelCall.objects.all()) == Decimal(1)
    assert Alert.objects.filter(key__startswith="llm.budget.hard").count() == 1


def test_when_the_budget_is_spent_no_model_is_asked(settings: Any, sandbox: SandboxClient) -> None:
    settings.LLM_MONTHLY_BUDGET = 0.000001

    with pytest.raises(NoAnswer, match=r"budget|예산"):
        gateway.ask(question())
    assert sandbox.requests() == []


def test_near_the_limit_the_admins_are_told_once(settings: Any) -> None:
    settings.LLM_DAILY_BUDGET = 1
    SpendDay.objects.create(day=clock.site_day(clock.now()), spent=Decimal("0.79"))
    assert not budget.is_tight()
    SpendDay.objects.update(spent=Decimal("0.81"))

    assert budget.is_tight()
    assert budget.is_tight()
    assert Alert.objects.filter(key__startswith="llm.budget.soft").count() == 1


def test_what_a_dead_process_had_set_aside_is_free_again(settings: Any) -> None:
    settings.LLM_DAILY_BUDGET = 1
    Reservation.objects.create(amount=Decimal(1), expires_at=clock.now() + timedelta(seconds=60))
    with pytest.raises(budget.BudgetSpent):
        budget.reserve(Decimal("0.5"))
    Reservation.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    assert budget.reserve(Decimal("0.5")) is not None
    assert Reservation.objects.count() == 1


def test_a_model_without_prices_needs_no_money(settings: Any) -> None:
    settings.LLM_DAILY_BUDGET = 0.000001

    assert gateway.ask(question(models=["ollama_chat/mistral"])).model == "ollama_chat/mistral"


def test_twenty_threads_get_their_own_answers(sandbox: SandboxClient) -> None:
    gateway.ask(question("warm up"))
    wrong: list[str] = []
    lock = threading.Lock()

    def ask(number: int) -> None:
        for turn in range(3):
            text = f"결제 오류 {number}-{turn}"
            if gateway.ask(question(text)).value.summary != text:
                with lock:
                    wrong.append(text)

    together([lambda number=number: ask(number) for number in range(10)])  # type: ignore[misc]
    assert wrong == []


def test_a_call_that_ignores_its_time_limit_is_left_behind() -> None:
    released = threading.Event()
    with pytest.raises(providers.Empty):
        providers._bounded(lambda: released.wait(20), 0.1)
    released.set()


def test_a_model_of_unknown_price_is_charged_dearly() -> None:
    assert isinstance(catalogue().find("openai/x"), Model)
    assert catalogue().find("openai/x").cost(1000, 0) == Decimal("0.03")
