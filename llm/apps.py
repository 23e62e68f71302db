"""Analysts: whoever reads a complaint and its evidence, model or not."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LlmConfig(AppConfig):
    name = "llm"
    verbose_name = _("Language models")

    def ready(self) -> None:
        from llm import checks  # noqa: F401, PLC0415 - registers them
