"""`manage.py llm check`: whether each configured model answers, how fast, for how much. `refresh` renews the model file."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from llm import catalogue, gateway, providers
from llm.catalogue import MILLION, Model, configured
from llm.gateway import NoAnswer, Question
from llm.models import ModelCall
from llm.prompts import ACTIVE, prompt_manager
from llm.schemas import NormaliserAnswer

SECONDS = 30.0
PROVIDERS_IN_MAP = {"openai": "", "anthropic": "", "ollama_chat": "ollama/"}


class Command(BaseCommand):
    help = "Tries each configured model, or renews windows, prices and dates in llm/models.yaml from litellm's map."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser(
            "check", help="ask each configured model a small question; exit code 1 when one does not answer"
        )
        acts.add_parser("refresh", help="renew llm/models.yaml; review the change like any other")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        getattr(self, f"_{options['act']}")()

    def _check(self) -> None:
        models = configured()
        if not models:
            self.stdout.write("No model is configured (LLM_PRECISE_MODEL and the like): the built-in analyst decides.")
            return
        # Seconds that are nobody's latency: the client is loaded first.
        providers.model_map()
        failed = [role for role, model in models.items() if not self._answers(role, model)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(models)} model(s) did not answer: {', '.join(failed)}.")

    def _answers(self, role: str, model: Model) -> bool:
        started = time.monotonic()
        try:
            answer = gateway.ask(_question(model))
        except NoAnswer as error:
            self.stdout.write(f"{role:8} {model.name:32} FAILED  {error}")
            return False
        call = ModelCall.objects.filter(subject="llm check", model=model.name).latest("id")
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{role:8} {model.name:32} ok      {seconds:5.1f} s  ${call.cost:.6f}  {answer.value.summary[:40]}"
        )
        return True

    def _refresh(self) -> None:
        known = providers.model_map()
        data = yaml.safe_load(catalogue.FILE.read_text(encoding="utf-8"))
        head = catalogue.FILE.read_text(encoding="utf-8").split("models:")[0]
        changed = [name for name, entry in data["models"].items() if _renewed(name, entry, known)]
        catalogue.FILE.write_text(head + yaml.safe_dump(data, sort_keys=False, width=200), encoding="utf-8")
        self.stdout.write(f"{len(changed)} of {len(data['models'])} models changed. {', '.join(changed)}".rstrip())


def _question(model: Model) -> Question[NormaliserAnswer]:
    prompt = prompt_manager().find("normalizer", ACTIVE)
    variables = {
        "systems": "- PaymentService (ours): 결제, payment",
        "complaint": "결제가 안 됩니다.",
        "delimiter": "DATA-check",
    }
    system, user = prompt.parts(variables)
    return Question(
        task="check",
        subject="llm check",
        prompt=prompt,
        system=system,
        user=user,
        # Never the same twice: a cached answer would say nothing about the model.
        fingerprint=f"check {time.time_ns()}",
        schema=NormaliserAnswer,
        models=[model],
        deadline=time.monotonic() + SECONDS,
    )


def _renewed(name: str, entry: dict[str, Any], known: dict[str, dict[str, Any]]) -> bool:
    """Take over what litellm's map says of a model; whether anything is different now."""
    provider, _slash, bare = name.partition("/")
    facts = known.get(PROVIDERS_IN_MAP.get(provider, "") + bare)
    if not facts or not facts.get("max_input_tokens"):
        return False
    before = dict(entry)
    entry["window"] = int(facts["max_input_tokens"])
    entry["max_output"] = int(facts.get("max_output_tokens") or entry["max_output"])
    entry["input_price"] = _price(facts.get("input_cost_per_token"))
    entry["output_price"] = _price(facts.get("output_cost_per_token"))
    if facts.get("deprecation_date"):
        entry["switched_off"] = date.fromisoformat(facts["deprecation_date"])
    return entry != before


def _price(per_token: float | None) -> str:
    """Dollars per million tokens, without the noise of a binary fraction."""
    return format((Decimal(str(per_token or 0)) * MILLION).normalize(), "f")
