"""What is wrong with prompts and models, said at boot with what to do."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from llm.prompts import PromptError, PromptManager


@register()
def prompts(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Published prompts are what they were when they were published, and every label leads somewhere."""
    hint = "Published versions never change: add prompts/<name>/v<next>.md and its hash to prompts/manifest.yaml."
    try:
        problems = list(PromptManager(settings.PROMPT_DIR).problems())
    except PromptError as error:
        return [Error(f"The prompts cannot be read: {error}", hint="PROMPT_DIR names their folder.", id="llm.E001")]
    return [Error(f"Prompts: {problem}.", hint=hint, id="llm.E002") for problem in problems]
