"""What is wrong with prompts and models, said at boot with what to do."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from llm.catalogue import PROVIDERS, Model, configured
from llm.prompts import PromptError, PromptManager
from voc.core import clock

WARN_BEFORE: Final = timedelta(days=30)


@register()
def prompts(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Published prompts are what they were when they were published, and every label leads somewhere."""
    hint = "Published versions never change: add prompts/<name>/v<next>.md and its hash to prompts/manifest.yaml."
    try:
        problems = list(PromptManager(settings.PROMPT_DIR).problems())
    except PromptError as error:
        return [Error(f"The prompts cannot be read: {error}", hint="PROMPT_DIR names their folder.", id="llm.E001")]
    return [Error(f"Prompts: {problem}.", hint=hint, id="llm.E002") for problem in problems]


@register()
def models(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Configured models can be called, and are not about to be switched off."""
    found: list[CheckMessage] = []
    for role, model in configured().items():
        found += _callable(role, model)
        found += _living(role, model)
    return found


def _callable(role: str, model: Model) -> list[CheckMessage]:
    variable = f"LLM_{role.upper()}_MODEL"
    if model.provider not in PROVIDERS or "/" not in model.name:
        hint = f"Write it as provider/model; providers are {', '.join(PROVIDERS)}. Any OpenAI-compatible address is openai."
        return [Error(f"{variable} is {model.name!r}.", hint=hint, id="llm.E003")]
    keys = {"openai": settings.OPENAI_API_KEY, "anthropic": settings.ANTHROPIC_API_KEY}
    if not keys.get(model.provider, "none needed"):
        key = f"{model.provider.upper()}_API_KEY"
        return [Error(f"{variable} needs {key}, which is empty.", hint=f"Set {key} or {key}_FILE.", id="llm.E004")]
    if not model.known:
        hint = "Add it to llm/models.yaml; until then it counts as small (8,192 tokens) and dear."
        return [Warning(f"{variable}: window and prices of {model.name} are not known.", hint=hint, id="llm.W001")]
    return []


def _living(role: str, model: Model) -> list[CheckMessage]:
    if model.switched_off is None or clock.site_day(clock.now()) < model.switched_off - WARN_BEFORE:
        return []
    hint = f"Set LLM_{role.upper()}_MODEL to another one; llm/models.yaml lists what is known."
    text = f"{model.name} ({role}) is switched off by its provider on {model.switched_off:%Y-%m-%d}."
    return [Warning(text, hint=hint, id="llm.W002")]
