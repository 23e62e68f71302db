"""The outbox app: jobs that must happen, in the transaction that decided them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from voc.core.audit.declared import Audited, NotAudited


class OutboxConfig(AppConfig):
    name = "voc.core.outbox"
    label = "outbox"
    verbose_name = _("Outbox")
    audited = {
        # Of a job's many steps the one that a person takes: trying again what was given up.
        "Job": Audited(
            hidden=("payload",),
            personal=("error",),
            subject="subject",
            on=("UPDATE",),
            when="OLD.state IN ('dead', 'blocked') AND NEW.state <> OLD.state",
        ),
        "Gate": Audited(),
        "Pulse": NotAudited("a sign of life, every few seconds"),
    }

    def ready(self) -> None:
        from voc.core.outbox import checks, worker  # noqa: F401, PLC0415  (both register themselves; models are loaded now)
