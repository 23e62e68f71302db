"""Analysts: whoever reads a complaint and its evidence, model or not."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LlmConfig(AppConfig):
    name = "llm"
    verbose_name = _("Language models")

    def ready(self) -> None:
        from llm import checks, metrics  # noqa: F401, PLC0415 - checks register themselves
        from voc.core import health  # noqa: PLC0415
        from voc.core.metrics import registry  # noqa: PLC0415

        registry.register(metrics.ModelCollector())
        health.probes.append(health.Probe(metrics.check_models, late={}))
