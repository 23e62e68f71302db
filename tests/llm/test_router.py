"""Which model is asked for what; how long a text counts; what is left out; what is said before a model is switched off."""

import inspect
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from llm import checks
from llm.catalogue import Model, Role, catalogue, configured
from llm.router import LLMRouter
from llm.tokens import LINE_LENGTH, estimate, shorten_logs
from voc.core import clock
from voc.core.errors import Permanent
from voc.core.vocabulary import LogEntry, LogLevel, Urgency

SHORT, LONG = 500, 40_000
NAMES = {
    Role.PRECISE: "openai/gpt-6.1-sol",
    Role.FAST: "openai/gpt-6.1-terra",
    Role.LONG: "anthropic/claude-sonnet-5-5",
    Role.LOCAL: "ollama_chat/mistral",
}


def site(*roles: Role) -> dict[Role, Model]:
    return {role: catalogue().find(NAMES[role]) for role in roles or tuple(Role)}


def test_the_names_that_the_plan_fixes_are_kept() -> None:
    assert list(inspect.signature(LLMRouter.select_model).parameters) == ["self", "task", "urgency", "context_length"]
    assert inspect.signature(LLMRouter.select_model).return_annotation is str


@pytest.mark.parametrize(
    ("urgency", "length", "role"),
    [
        (Urgency.HIGH, SHORT, Role.FAST),
        (Urgency.HIGH, LONG, Role.PRECISE),
        (Urgency.LOW, LONG, Role.LONG),
        (Urgency.MEDIUM, LONG, Role.LONG),
        (None, LONG, Role.LONG),
        (Urgency.LOW, SHORT, Role.PRECISE),
        (None, SHORT, Role.PRECISE),
    ],
)
def test_urgency_and_length_decide(urgency: Urgency | None, length: int, role: Role) -> None:
    assert LLMRouter(site(), development=False).select_model("solve", urgency, length) == NAMES[role]


def test_in_development_everything_is_asked_of_the_local_model() -> None:
    router = LLMRouter(site(), development=True)

    assert {router.select_model("solve", urgency, SHORT) for urgency in Urgency} == {NAMES[Role.LOCAL]}


def test_what_is_too_long_for_its_model_goes_to_the_long_one_before_anything_is_shortened() -> None:
    models = site() | {Role.FAST: catalogue().find("ollama_chat/llama3.1")}

    assert LLMRouter(models, development=False).select_model("solve", Urgency.HIGH, 7_000) == NAMES[Role.LONG]


def test_a_site_with_one_model_uses_it_for_everything_and_one_with_none_is_told() -> None:
    router = LLMRouter(site(Role.FAST), development=False)

    assert {router.select_model("solve", urgency, n) for urgency in Urgency for n in (SHORT, LONG)} == {
        NAMES[Role.FAST]
    }
    with pytest.raises(Permanent, match="No model is configured"):
        LLMRouter({}, development=False).select_model("solve", None, SHORT)


def test_another_provider_steps_in_and_then_the_local_model() -> None:
    router = LLMRouter(site(), development=False)

    assert [model.name for model in router.chain(router.models[Role.PRECISE])] == [
        "openai/gpt-6.1-sol",
        "anthropic/claude-sonnet-5-5",
        "ollama_chat/mistral",
    ]
    assert [model.provider for model in router.chain(router.models[Role.LONG])] == [
        "anthropic",
        "openai",
        "ollama_chat",
    ]


def test_near_the_budgets_end_the_cheaper_model_is_asked() -> None:
    router = LLMRouter(site(), development=False)

    assert router.model_for("solve", Urgency.LOW, SHORT, cheaper=True).name == NAMES[Role.FAST]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("gpt-4", "openai/gpt-6.1-sol"),
        ("GPT-4-Turbo", "openai/gpt-6.1-terra"),
        ("claude-3", "anthropic/claude-sonnet-5-5"),
    ],
)
def test_the_plans_names_lead_to_todays_models(alias: str, name: str) -> None:
    assert catalogue().find(alias).name == name


def test_an_unknown_model_counts_as_small_and_dear() -> None:
    model = catalogue().find("openai/brand-new")

    assert (model.window, model.known) == (8192, False)
    assert model.cost(1_000_000, 0) == Decimal(30)


def test_cost_is_exact() -> None:
    assert catalogue().find("openai/gpt-6.1-sol").cost(1_234, 56) == Decimal("0.003028")


@pytest.fixture
def models(settings: Any) -> Any:
    settings.LLM_PRECISE_MODEL = "openai/gpt-4"
    settings.OPENAI_API_KEY = "k"
    return settings


def test_a_model_that_is_to_be_switched_off_is_warned_of_thirty_days_before(
    models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = catalogue().models["openai/gpt-4"].switched_off
    assert off == date(2026, 10, 23)

    def found(days_before: int) -> list[str | None]:
        moment = datetime(off.year, off.month, off.day, 3, tzinfo=UTC) - timedelta(days=days_before)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return [message.id for message in checks.models(None)]

    assert found(31) == []
    assert found(30) == ["llm.W002"]
    assert found(-5) == ["llm.W002"]


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("gpt-9", "k", "llm.E003"),
        ("bedrock/x", "k", "llm.E003"),
        ("gpt-4", "", "llm.E004"),
        ("openai/new", "k", "llm.W001"),
    ],
)
def test_a_model_that_cannot_be_called_is_said_at_boot(name: str, key: str, expected: str, models: Any) -> None:
    models.LLM_PRECISE_MODEL, models.OPENAI_API_KEY = name, key

    [message] = checks.models(None)
    assert message.id == expected
    assert message.hint


def test_no_model_is_configured_until_somebody_does() -> None:
    assert configured() == {}
    assert checks.models(None) == []


def test_korean_counts_more_than_latin_and_emoji_more_than_korean() -> None:
    assert estimate("결제가 안 됩니다" * 100) >= 8 * 100
    assert estimate("x" * 900) >= 300
    assert estimate("😀" * 100) > estimate("가" * 100) > estimate("x" * 100)


def entry(number: int, level: LogLevel, text: str = "") -> tuple[LogEntry, str]:
    moment = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=number)
    line = LogEntry(timestamp=moment, level=level, service="S", message=text or f"line {number}", entry_id=str(number))
    return line, line.message


def test_the_worst_lines_are_kept_and_what_is_left_out_is_counted() -> None:
    levels = [LogLevel.INFO] * 50 + [LogLevel.ERROR] * 3 + [LogLevel.INFO] * 50 + [LogLevel.FATAL]
    lines = [entry(number, level) for number, level in enumerate(levels)]

    few = shorten_logs(lines, tokens=estimate("line 10") * 6)

    kept = [line.entry_id for line, _text in few.lines]
    assert {"50", "51", "52", "103"} <= set(kept)
    assert kept == sorted(kept, key=int), "in the order in which they came"
    assert few.left_out == len(lines) - len(kept) > 0
    assert shorten_logs(lines, tokens=10**6).left_out == 0


def test_a_line_that_is_cut_says_so() -> None:
    [(_line, text)] = shorten_logs([entry(1, LogLevel.ERROR, "x" * 5000)], tokens=10**6).lines

    assert text.endswith("…(cut)")
    assert len(text) < LINE_LENGTH + 20
