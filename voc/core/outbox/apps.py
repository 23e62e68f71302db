"""The outbox app: jobs that must happen, in the transaction that decided them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "voc.core.outbox"
    label = "outbox"
    verbose_name = _("Outbox")

    def ready(self) -> None:
        from voc.core.outbox import checks, worker  # noqa: F401, PLC0415  (both register themselves; models are loaded now)
