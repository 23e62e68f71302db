"""Analysts: whoever reads a complaint and its evidence, model or not."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import Audited, NotAudited


class LlmConfig(AppConfig):
    name = "llm"
    verbose_name = _("Language models")
    audited = {
        "PromptActivation": Audited(),
        "ModelCall": NotAudited("a ledger: rows are added by machines and never changed"),
        "SpendDay": NotAudited("sums of the ledger"),
        "Reservation": NotAudited("money set aside for seconds"),
    }

    def ready(self) -> None:
        from llm import checks, metrics  # noqa: F401, PLC0415 - checks register themselves
        from voc.core import health  # noqa: PLC0415
        from voc.core.metrics import registry  # noqa: PLC0415

        registry.register(metrics.ModelCollector())
        health.probes.append(health.Probe(metrics.check_models, late={}))
